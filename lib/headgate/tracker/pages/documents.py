"""Files in fields of records: downloaded, and uploaded in place of what was there."""

from dataclasses import replace

from starlette.responses import Response

from headgate.tracker.model.documents import add_document, read_document
from headgate.tracker.model.entries import mark_changed, write_entries
from headgate.tracker.model.history import Change, difference
from headgate.tracker.model.rights import EDIT, FULL
from headgate.tracker.pages.fillings import NEW, Filling, filling_of
from headgate.tracker.pages.items import items_of
from headgate.tracker.pages.rendering import Download, go
from headgate.tracker.pages.visits import ProjectVisit, missing
from headgate.tracker.wire.answers import Refused


def download(visit: ProjectVisit) -> Download:
    """Given a visit whose query names a field of a filling, return its file. Raise Refused."""
    filling = filling_of(visit)
    name = _field(visit, filling)
    if visit.caller.rights.to_export(filling.form) != FULL:
        raise Refused("You may not export the data of this form.", 403)
    number = filling.entry.values.get(name, "")
    found = read_document(visit.connection, visit.project.project_id, number)
    if found is None:
        raise missing()
    return Download(found.name, "application/octet-stream", iter([found.content]))


def upload(visit: ProjectVisit) -> Response:
    """Given a file for a field of a filling, within a transaction, store it. Raise Refused."""
    filling = filling_of(visit)
    name = _field(visit, filling)
    if visit.caller.rights.to_form(filling.form) != EDIT:
        raise Refused("You may read this form, not change it.", 403)
    if name in {item.name for item in items_of(filling) if item.is_readonly}:
        raise Refused(f"These fields are read-only here: {name}", 403)
    sent = visit.sent.files.get("file")
    if sent is None or filling.instance == NEW or not filling.entries:
        raise Refused("Save the form first, and choose a file.")
    call = visit.call()
    number = add_document(
        call.connection, call.project_id, sent.name, sent.media_type, sent.content
    )
    entry = filling.entry
    status = entry.values.get(f"{filling.form}_complete", "0")
    values = {**entry.values, name: str(number), f"{filling.form}_complete": status}
    write_entries(call.connection, call.project_id, [replace(entry, values=values)])
    mark_changed(call.connection, call.project_id, [entry.record])
    place = (entry.record, entry.event_id, entry.instrument, entry.instance)
    change = Change(*place, difference(entry.values, values))
    call.note_changes("Update", "record_edit", [change])
    return go(visit.address("form", **filling.query(), saved="file"))


def _field(visit: ProjectVisit, filling: Filling) -> str:
    """Return the file field that the query names. Raise Refused for one not to be had."""
    name = visit.sent.asked("field")
    found = {item.name: item for item in items_of(filling) if item.field.kind == "file"}
    if name not in found or found[name].is_hidden:
        raise missing()
    return name
