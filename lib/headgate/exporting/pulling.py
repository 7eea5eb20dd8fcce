"""What a PACS holds of a project, and bringing it here; what is here is not pulled again."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from headgate import pacslisting
from headgate.context import Context
from headgate.core.errors import Misconfigured, Rejected, Unavailable
from headgate.core.exporting import ExportRequest
from headgate.core.grammar import is_ae_title, is_uid
from headgate.core.pacsrows import Told, number_of
from headgate.pacslisting import Crowded, Source
from headgate.stores import files
from headgate.stores.dicomnet import getting, moving
from headgate.stores.dicomweb import wado
from headgate.stores.pulled import Shelf

LISTING = "listing.json"
MOST_INSTANCES = 1_000_000
OF_SERIES = "NumberOfSeriesRelatedInstances"


class Series(NamedTuple):
    """A series that is to be pulled: its instances, and the SOP class of each or ''."""

    study: str
    uid: str
    instances: dict[str, str]


def listing(context: Context, request: ExportRequest, folder: Path) -> list[Series]:
    """Given a request and the folder in which it is made, return what the PACS holds for it.

    It is asked once: an export that is taken up again has the same. Raise Unavailable, Rejected.
    """
    path = folder / LISTING
    try:
        return [Series(*one) for one in json.loads(path.read_text())]
    except (FileNotFoundError, ValueError, TypeError):
        found = _asked(context, request)
        files.write_whole(path, json.dumps(found))
        return found


def pull(context: Context, series: Series, place: Path) -> int:
    """Given a series and where it is put, pull what lacks; return how much lacked.

    Raise Unavailable when the PACS does not send all of it: what came stays.
    """
    shelf = Shelf(place)
    lacking = {one: kind for one, kind in series.instances.items() if one not in shelf.names()}
    if not lacking:
        return 0
    _pull(context, series, shelf, lacking)
    left = len(lacking.keys() - shelf.names())
    if left:
        raise Unavailable(
            f"the PACS did not send {left} of {len(series.instances)} instances of series "
            f"{series.uid} of study {series.study}: it is asked again; its log tells why"
        )
    return len(lacking)


def _pull(context: Context, series: Series, shelf: Shelf, lacking: dict[str, str]) -> None:
    name = pacs_name(context)
    settings, is_all = context.pacs(name), len(lacking) == len(series.instances)
    if settings.pull == "wado-rs":
        with wado.session(context.web_token(name)) as session:
            url = settings.qido_url or settings.url
            whole = f"/studies/{series.study}/series/{series.uid}"
            places = [whole] if is_all else [f"{whole}/instances/{one}" for one in sorted(lacking)]
            for place in places:
                wado.retrieve(session, url, settings.timeout_seconds, place, shelf)
    elif settings.pull == "c-move":
        where = moving.Landingplace(settings.move_ae_title, settings.move_port)
        moving.move(context.peer(name), where, shelf, series.study, series.uid, lacking, is_all)
    else:
        getting.get(context.peer(name), shelf, series.study, series.uid, lacking, is_all)


def pacs_name(context: Context) -> str:
    """Return the PACS that exports are pulled from. Raise Misconfigured."""
    name = context.settings.exports.pacs or next(iter(context.settings.pacs), "")
    pacs = context.pacs(name)
    if pacs.pull == "wado-rs" and not (pacs.qido_url or pacs.url):
        raise Misconfigured(f"[pacs.{name}] pull is wado-rs: set its qido_url or url")
    if pacs.pull == "c-move" and not (pacs.move_port and is_ae_title(pacs.move_ae_title)):
        raise Misconfigured(f"[pacs.{name}] pull is c-move: set its move_port and move_ae_title")
    if pacs.kind == "folder" or (pacs.kind != "dicom" and pacs.pull != "wado-rs"):
        raise Misconfigured(f"[pacs.{name}] cannot be pulled from: set exports.pacs to another")
    return name


def _asked(context: Context, request: ExportRequest) -> list[Series]:
    name = pacs_name(context)
    found: list[Series] = []
    with pacslisting.source(context, name) as asked:
        studies = sorted({one["StudyInstanceUID"] for one in _studies(context, request, asked)})
    with pacslisting.source(context, name, MOST_INSTANCES) as asked:
        for study in studies:
            found += _series(asked, study)
    return found


def _studies(context: Context, request: ExportRequest, asked: Source) -> Iterator[Told]:
    """Those that the PACS says are of the project; some do not look at the values asked for."""
    if request.participant:
        told, is_whole = asked.studies(
            InstitutionName=request.project, PatientID=request.participant
        )
        if not is_whole:
            raise Rejected("the PACS has more studies than it tells: raise answers_at_most")
        yield from (
            one
            for one in told
            if pacslisting.is_of(one, request.project)
            and one.get("PatientID", request.participant) in ("", request.participant)
        )
        return
    today = datetime.fromtimestamp(context.began).astimezone().date()
    for one in pacslisting.everything(asked, today, request.project):
        if isinstance(one, Crowded):
            raise Rejected("the PACS has more studies than it tells: raise answers_at_most")
        if pacslisting.is_of(one, request.project):
            yield one


def _series(asked: Source, study: str) -> Iterator[Series]:
    series, is_whole = asked.series(study)
    if not is_whole:
        raise Unavailable(f"the PACS does not tell all series of study {study}: asked again")
    for one in sorted(series, key=lambda told: told["SeriesInstanceUID"]):
        uid = one["SeriesInstanceUID"]
        told, is_whole = asked.instances(study, uid) if is_uid(uid) else ([], False)
        instances = {
            row["SOPInstanceUID"]: row.get("SOPClassUID", "")
            for row in told
            if is_uid(row["SOPInstanceUID"])
        }
        if not is_whole or len(instances) < (number_of(one, OF_SERIES) or 0):
            raise Unavailable(
                f"the PACS does not tell all instances of study {study}: it is asked again"
            )
        yield Series(study, uid, dict(sorted(instances.items())))
