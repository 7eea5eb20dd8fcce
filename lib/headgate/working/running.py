"""A job done: its program run over its series, and what it made handed over."""

from collections.abc import Iterable
from itertools import islice
from typing import Any

from headgate.context import Context
from headgate.core import fields, jobvalues
from headgate.core.deid.uids import replace_study_uid
from headgate.core.errors import Rejected, Unavailable
from headgate.core.grammar import is_uid
from headgate.core.imaging import EVENT, unique_event
from headgate.core.jobs import CALLING_TITLE, Job
from headgate.core.model import Request
from headgate.settings.derived import WorkflowSettings
from headgate.stores import dicomfiles, programs
from headgate.stores.dicomnet import pacs
from headgate.stores.programs import Program
from headgate.stores.tables import Table
from headgate.stores.workplaces import HOME, INPUT, OUTPUT, SAID
from headgate.working.workflows import instances, requests

VALUES = "values.json"
MEGABYTE = 1 << 20
OUT_OF_MEMORY = ("MemoryError", "Cannot allocate memory", "bad_alloc", "OutOfMemory")
WORDS = {"{input}": INPUT, "{output}": OUTPUT}


def run(context: Context, settings: WorkflowSettings, job: Job, series: Iterable[str]) -> None:
    """Given a job and the series that its workflow selects, run the program over them.

    Raise Rejected where it cannot be run, or does not end well.
    """
    walls = _walls(context, settings, job)
    filed = context.trees.instances(job.study)
    names = instances(context, job.study)
    inputs = {one: {name: filed[name] for name in names[one]} for one in series}
    is_open = not walls and not settings.container
    try:
        context.workplaces.prepare(job.id, inputs, is_copied=is_open)
    except FileNotFoundError as error:
        raise Rejected("an instance that is filed is not in the archive: bin/rebuild") from error
    program = _program(context, settings, job)
    try:
        code = programs.run(program, walls)
    except programs.TookTooLong as error:
        limit = f"{settings.timeout_seconds:g} seconds"
        raise Rejected(f"the program did not end within {limit} (timeout_seconds)") from error
    if code:
        raise Rejected(_why(code, context.workplaces.said(job.id), settings))
    context.workplaces.keep_made(job.id)


def container_of(job_id: str) -> str:
    """Given a job, return the name of its container."""
    return f"headgate-{job_id}"


def send(context: Context, job: Job) -> int:
    """Given a job whose program ended well, send the instances that it made to our own receiver;
    return how many.

    Raise Rejected where one is none, or not of the study in a series of its own; Unavailable.
    """
    shots = []
    made = context.workplaces.made(job.id)
    for path in made:
        try:
            instance = dicomfiles.read_instance(path)
        except Rejected:
            continue  # a log, a picture: what is no DICOM stays here
        shots.append((*_kind(context, job, instance), instance))
    if made and not shots:
        raise Rejected('the program made no DICOM file (output = "receiver")')
    settings = context.settings.receiver
    peer = pacs.Peer(
        settings.address or "127.0.0.1", settings.port, settings.ae_title, CALLING_TITLE,
        settings.idle_seconds,
    )  # fmt: skip
    wanted = sorted({(sop_class, one.transfer_syntax) for sop_class, _, one in shots})
    kinds = iter(wanted)
    while some := set(islice(kinds, pacs.CONTEXTS_AT_MOST)):
        with pacs.associated(peer, some) as association:
            for sop_class, name, one in shots:
                if (sop_class, one.transfer_syntax) in some:
                    _store(association, sop_class, name, one)
    return len(shots)


def write_values(context: Context, settings: WorkflowSettings, job: Job) -> int:
    """Given a job whose program ended well, write the values that it made into the REDCap of each
    project that the study goes to; return of how many. Raise Rejected, Unavailable.
    """
    path = next((one for one in context.workplaces.made(job.id) if one.name == VALUES), None)
    if path is None:
        raise Rejected(f'the program made no {VALUES} (output = "values")')
    told = context.trees.all_series(job.study)
    values = jobvalues.checked(path.read_text(errors="replace"), settings.fields, told)
    count = 0
    for request in requests(context, settings, job.study):
        project = context.projects.get(request.project, {})
        token = str(project.get(fields.PROJECT_TOKEN, "")).strip()
        if token:
            table = context.tables.of_project(request.project, token)
            _write(context, table, request, values)
            count += 1
    if not count:
        raise Rejected("no project of the study has a REDCap of its own (project_token)")
    return count


def _walls(context: Context, settings: WorkflowSettings, job: Job) -> list[str]:
    if settings.container and not programs.engine():
        raise Rejected("neither podman nor docker is here: install one, then bin/requeue")
    if settings.container:
        return []
    if not settings.command:
        raise Rejected("the workflow has neither container nor command: mend the configuration")
    own = programs.walls(context.workplaces.path(job.id, INPUT), has_network=settings.network)
    if programs.stand(programs.walls(context.layout.job_work, has_network=settings.network)):
        return own
    if not settings.network:
        raise Rejected(
            "the program cannot be kept from the network here (unshare is not permitted): use a "
            "container, or let it with network = true; then bin/requeue"
        )
    return []


def _program(context: Context, settings: WorkflowSettings, job: Job) -> Program:
    place = context.workplaces.path
    folders = {name: str(place(job.id, name)) for name in (INPUT, OUTPUT)}
    seen = programs.INSIDE if settings.container else folders
    command = settings.command
    for word, name in WORDS.items():
        command = [one.replace(word, seen[name]) for one in command]
    return Program(
        container_of(job.id), command,
        place(job.id, INPUT), place(job.id, OUTPUT), place(job.id, HOME), place(job.id, SAID),
        settings.memory_megabytes * MEGABYTE, settings.timeout_seconds,
        settings.container, settings.network,
        {
            "HEADGATE_INPUT": seen[INPUT], "HEADGATE_OUTPUT": seen[OUTPUT],
            "HEADGATE_STUDY": job.study, "HEADGATE_SERIES": job.series,
        },
    )  # fmt: skip


def _why(code: int, said: str, settings: WorkflowSettings) -> str:
    limit = f"memory_megabytes = {settings.memory_megabytes}"
    if code == programs.KILLED or any(word in said for word in OUT_OF_MEMORY):
        return f"the program ran out of memory or was killed (exit code {code}; {limit})"
    if code in (programs.NOT_THERE, programs.CLOSED):
        return f"the program is not there, or cannot be run (exit code {code})"
    return f"the program ended with exit code {code}"


def _kind(context: Context, job: Job, instance: dicomfiles.Instance) -> tuple[str, str]:
    """Return SOP class and instance. Raise Rejected."""
    keywords = ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID")
    with dicomfiles.understanding():
        uids = [str(instance.header.get(one, "")) for one in keywords]
    sop_class, name, study, series = uids
    if not all(map(is_uid, uids)):
        raise Rejected("the program made an instance that lacks UIDs: mend the program")
    if study != job.study:
        raise Rejected("the program made an instance of another study: mend the program")
    given = instances(context, job.study)
    if series in given or any(name in names for names in given.values()):
        raise Rejected(
            "the program made an instance under the UID of a series or an instance that it was "
            "given: mend the program, it has to give new ones"
        )
    return sop_class, name


def _store(
    association: pacs.Association, sop_class: str, name: str, instance: dicomfiles.Instance
) -> None:
    try:
        status = association.store(sop_class, name, instance.transfer_syntax, instance.stored)
    except pacs.Unsupported as error:
        raise Rejected("the receiver does not take what the program made") from error
    if not pacs.is_stored(status):
        raise Unavailable(f"the receiver answers 0x{status:04X}: it is tried again")


def _write(context: Context, table: Table, request: Request, values: dict[str, str]) -> None:
    forms = table.forms()
    lacking = sorted(set(values) - set(forms))
    if lacking:
        raise Rejected(
            f"the REDCap of {request.project} has no field {', '.join(lacking)}: add it, then "
            "bin/requeue"
        )
    event = unique_event(request.event, table.events(), request.project)
    place = {fields.PARTICIPANT_RECORD: request.participant, EVENT: event}
    of_study = {name for name in values if forms[name] == fields.IMAGING_FORM}
    rows: list[dict[str, Any]] = []
    if set(values) - of_study:
        rows.append(place | {name: values[name] for name in values if name not in of_study})
    if of_study:
        number = _instance(context, table, request)
        of_imaging = {name: values[name] for name in values if name in of_study}
        repeat = {fields.REPEAT_FORM: fields.IMAGING_FORM, fields.REPEAT_INSTANCE: number}
        rows.append(place | repeat | of_imaging)
    for row in rows:
        table.write([row])


def _instance(context: Context, table: Table, request: Request) -> int:
    """Which instance of `imaging` tells of the study. Raise Unavailable where none does yet."""
    mapped = replace_study_uid(request.study, context.recipe(request.assignment))
    names = [fields.PARTICIPANT_RECORD, fields.IMAGING_STUDY]
    for row in table.export(records=[request.participant], fields=names):
        if row.get(fields.IMAGING_STUDY) == mapped:
            return int(row[fields.REPEAT_INSTANCE])
    raise Unavailable(f"the REDCap of {request.project} does not list the study yet: tried later")
