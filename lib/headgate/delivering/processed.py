"""Series that a workstation made of a research copy: whose they are, and how they go on."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from headgate.context import Context
from headgate.core import fields
from headgate.core.deid.identifiers.patient import together
from headgate.core.deid.identifiers.telling import Identifiers, told_by
from headgate.core.deid.identity import Recipe
from headgate.core.deid.uids import replace_study_uid
from headgate.core.errors import HeadgateError, Rejected
from headgate.core.grammar import is_uid
from headgate.core.model import Request
from headgate.core.states import State
from headgate.stores.dicomfiles import read_header, understanding
from headgate.stores.mapped import Origin
from headgate.stores.queues import pass_over

TELLING = {  # key of the series JSON: the attribute that it comes from
    "PatientName": 0x00100010,
    "PatientID": 0x00100020,
    "PatientBirthDate": 0x00100030,
    "AccessionNumber": 0x00080050,
}


def note(context: Context, request: Request) -> bool:
    """Given a request, note under which UID its study goes, so that what comes back is known;
    return whether that was new. Raise Unavailable, Misconfigured, Rejected.
    """
    if request.made_from:
        return False
    mapped = request.mapped_study
    mapped = mapped or replace_study_uid(request.study, context.recipe(request.assignment))
    return context.mapped.note(mapped, _origin(request))


def note_all(context: Context) -> int:
    """Note every study that there is a request for; return how many were new.

    Raise Unavailable, Rejected.
    """
    count = 0
    for state in State:
        for request in context.queues.each(state, pass_over):
            with suppress(HeadgateError):  # it cannot be sent as it is, so nothing comes back
                count += note(context, request)
    return count


def note_transfers(context: Context) -> int:
    """Note every study that REDCap says was sent, by whatever gateway; return how many were new.

    Raise Unavailable, Rejected.
    """
    rows = context.tables.incoming.export(
        fields=[fields.INCOMING_RECORD], forms=[fields.TRANSFERS_FORM]
    )
    needed = (fields.TRANSFER_MAPPED, fields.TRANSFER_PROJECT, fields.TRANSFER_NAME)
    count = 0
    for row in rows:
        mapped, project, participant = (str(row.get(name) or "").strip() for name in needed)
        if is_uid(mapped) and project and participant:
            event = str(row.get(fields.TRANSFER_EVENT) or "").strip()
            whom = int(row[fields.REPEAT_INSTANCE]), project, participant, event
            count += context.mapped.note(mapped, Origin(str(row[fields.INCOMING_RECORD]), *whom))
    return count


def recipe_of(
    context: Context, request: Request, project: Mapping[str, Any] | None = None
) -> Recipe:
    """Given a request and its project's row, return how its study is de-identified.

    Raise Misconfigured, Rejected.
    """
    recipe = context.recipe(request.assignment, project)
    if not request.made_from:
        return recipe
    return replace(recipe, mapped=_mapped(context, request), known=_patient(context, request))


def _mapped(context: Context, request: Request) -> frozenset[str]:
    """What is mapped already: UIDs of the copy, of what came back before, and of the participant's
    other studies that are referred to. Raise Rejected where that cannot be told.
    """
    found = {request.study}
    known = context.ledger.read(request.made_from, request.assignment)
    origins = [_origin(request)]
    for study in {request.study, *_studies_named(context, request.study)}:
        own = [one for one in context.mapped.read(study) if _is_same(one, request)]
        found.update([study] if own else [])
        origins += [*own, *([replace(own[0], study=study)] if own else [])]
    for origin in dict.fromkeys(origins):
        for one in context.ledger.read(origin.study, origin.assignment).values():
            found.update((one.output_uid, one.output_series, one.output_frame))
    if not any(one.output_uid for one in known.values()):
        raise Rejected(
            f"the ledger has nothing of study {request.made_from}, of which it was made: which of "
            "its UIDs are mapped already cannot be told; send that study again, then bin/requeue"
        )
    return frozenset(found - {""})


def _studies_named(context: Context, study: str) -> Iterator[str]:
    """Yield the studies that the headers of a study name, at every depth."""
    for path in context.trees.instances(study).values():
        with suppress(Rejected), understanding():  # what cannot be read is rejected later
            for element in read_header(path).iterall():
                if element.keyword == "StudyInstanceUID" and is_uid(str(element.value)):
                    yield str(element.value)


def _patient(context: Context, request: Request) -> Identifiers:
    """What is known here of the patient behind the copy, so that it is searched for too."""
    return together(
        [
            told_by(tag, [str(series[key])])
            for series in context.trees.all_series(request.made_from)
            for key, tag in TELLING.items()
            if series.get(key)
        ]
    )


def _origin(request: Request) -> Origin:
    whom = request.project, request.participant, request.event
    return Origin(request.made_from or request.study, request.transfer, *whom)


def _is_same(origin: Origin, request: Request) -> bool:
    return (origin.project, origin.participant) == (request.project, request.participant)
