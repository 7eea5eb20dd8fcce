"""Export of records as CSV, to be kept as a file."""

from collections.abc import Iterator
from datetime import datetime

from starlette.responses import Response

from headgate.tracker.pages.importing import DELIMITERS
from headgate.tracker.pages.rendering import Download, page
from headgate.tracker.pages.visits import ProjectVisit
from headgate.tracker.records.exporting import export_records
from headgate.tracker.storage.database import change


def show(visit: ProjectVisit) -> Response:
    """Given a visit, return the form that asks how the records are to be written."""
    return page(
        *(visit, "export", "Export records"),
        forms=visit.project.dictionary.forms,
        delimiters=DELIMITERS,
        crumbs=[(visit.address(), visit.project.title)],
    )


def download(visit: ProjectVisit) -> Download:
    """Given a visit, outside of a transaction, return the records as CSV. Raise Refused."""
    asked = visit.sent.asked
    delimiter = asked("delimiter") if asked("delimiter") in DELIMITERS else ","
    labels = "label" if asked("labels") else "raw"
    form = asked("form") if asked("form") in visit.project.dictionary.forms else ""
    record_field = visit.project.dictionary.record_field
    call = visit.call(
        format="csv",
        csvDelimiter=delimiter,
        rawOrLabel=labels,
        rawOrLabelHeaders=labels,
        exportDataAccessGroups="true",
        forms=form,
        fields=record_field if form else "",
    )
    with change(visit.connection):
        call.note("export", "Data export ", f"format = csv, {labels}, form = {form or 'all'}")
    # Held until the last row is sent: all rows are of one and the same state.
    visit.connection.execute("BEGIN")
    name = f"{visit.project.title}_{datetime.now().astimezone():%Y-%m-%d_%H%M}.csv"
    return Download(name, "text/csv; charset=utf-8", _texts(export_records(call).body))


def _texts(body: object) -> Iterator[str]:
    if isinstance(body, str):
        return iter([body])
    assert isinstance(body, Iterator)
    return body
