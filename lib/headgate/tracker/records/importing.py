"""Imports of records: all of a request or, if anything in it is wrong, nothing of it."""

from collections.abc import Mapping, Sequence

from headgate.tracker.model.call import Call
from headgate.tracker.model.validation import ORDERS
from headgate.tracker.records.planning import carry_out, plan_import
from headgate.tracker.records.single_values import flat_from_values
from headgate.tracker.wire.answers import Answer, Refused, imported_count, imported_ids
from headgate.tracker.wire.incoming import Row
from headgate.tracker.wire.parameters import Parameters


def import_records(call: Call) -> Answer:
    """Given a project and data, within a transaction, store the data. Raise Refused."""
    return import_rows(call, _rows(call))


def import_rows(call: Call, rows: Sequence[Row]) -> Answer:
    """Given flat rows, within a transaction, store them as the parameters ask. Raise Refused."""
    asked = call.parameters
    date_format = asked.text("dateFormat", "YMD")
    if date_format not in ORDERS:
        raise Refused('The value of the parameter "dateFormat" is not valid')
    overwrite = asked.text("overwriteBehavior", "normal") == "overwrite"
    plan = plan_import(call, rows, overwrite, date_format, asked.flag("forceAutoNumber"))
    carry_out(call, plan)
    return _answer(asked, plan.names)


def _rows(call: Call) -> list[Row]:
    rows = call.rows()
    if call.parameters.text("type", "flat") == "eav":
        dictionary = call.project.dictionary
        checkboxes = {item.name for item in dictionary.fields.values() if item.kind == "checkbox"}
        return flat_from_values(rows, dictionary.record_field, checkboxes)
    return rows


def _answer(parameters: Parameters, renamed: Mapping[str, str]) -> Answer:
    wanted = parameters.answer_format()
    match parameters.text("returnContent", "count"):
        case "ids":
            return imported_ids(list(renamed.values()), wanted)
        case "auto_ids":
            return imported_ids([f"{new},{given}" for given, new in renamed.items()], wanted)
        case "nothing":
            return Answer("", wanted)
    return imported_count(len(renamed), wanted)
