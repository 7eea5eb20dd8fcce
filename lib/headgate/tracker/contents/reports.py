"""Reports: exports of records whose fields and filter somebody chose before."""

import json
from dataclasses import replace

from headgate.tracker.model.call import Call
from headgate.tracker.records.exporting import export_records
from headgate.tracker.wire.answers import Answer, Refused

# What a report says itself; the rest of a request is taken as with records.
OWN = ("fields", "forms", "records", "events", "filterLogic", "dateRangeBegin", "dateRangeEnd")


def export_report(call: Call) -> Answer:
    """Given a report's number, return its rows. Raise Refused for a report there is not."""
    sent = call.parameters
    number = sent.text("report_id")
    row = None
    if number.isascii() and number.isdecimal() and len(number) < 19:
        row = call.connection.execute(
            "SELECT definition FROM reports WHERE project_id = ? AND report_id = ?",
            (call.project_id, int(number)),
        ).fetchone()
    if row is None:
        # REDCap's text is not established.
        raise Refused(f"The report report_id={number} does not exist in this project.")
    definition = json.loads(row["definition"])
    known = call.project.dictionary.fields
    fields = [name for name in definition.get("fields", []) if name in known]
    if not fields:
        # Without a field, an export would be of all of them.
        raise Refused(f"The report report_id={number} has no field that is in the project.")
    single = {name: text for name, text in sent.single.items() if name not in (*OWN, "type")}
    single["filterLogic"] = definition.get("filterLogic", "")
    return export_records(
        replace(call, parameters=replace(sent, single=single, arrays={"fields": fields}))
    )
