"""Import of records from CSV: first every value that would change, then, if wanted, the import."""

from collections.abc import Sequence

from starlette.responses import Response

from headgate.tracker.model.history import Change
from headgate.tracker.model.validation import ORDERS
from headgate.tracker.pages.rendering import go, page
from headgate.tracker.pages.texts import digest_of, uploaded_text
from headgate.tracker.pages.visits import ProjectVisit
from headgate.tracker.records.planning import Plan, carry_out, plan_import
from headgate.tracker.wire.answers import Refused
from headgate.tracker.wire.incoming import rows_from

MOST_SHOWN = 500
DELIMITERS = {",": "comma", ";": "semicolon", "tab": "tab"}
Line = tuple[str, str, str, str, str, str]


def show(visit: ProjectVisit, problem: str = "") -> Response:
    """Given a visit, return the form for a file, with what was wrong with the last one."""
    sent = visit.sent
    return page(
        *(visit, "import", "Import records", 422 if problem else 200),
        problem=problem,
        orders=list(ORDERS),
        delimiters=DELIMITERS,
        typed={name: sent.value(name) for name in ("order", "delimiter", "overwrite")},
        crumbs=[(visit.address(), visit.project.title)],
    )


def look(visit: ProjectVisit) -> Response:
    """Given a file, return what its import would change, and ask; nothing is changed."""
    try:
        text = uploaded_text(visit.sent)
        return _asking(visit, text, _plan(visit, text))
    except Refused as error:
        return _told(visit, error)


def take(visit: ProjectVisit) -> Response:
    """Given the text that was looked at, within a transaction, import it.

    If it would no longer change what was shown, ask again.
    """
    try:
        text = uploaded_text(visit.sent)
        plan = _plan(visit, text)
    except Refused as error:
        return _told(visit, error)
    if visit.sent.value("digest") != _digest(plan):
        return _asking(visit, text, plan, changed_meanwhile=True)
    carry_out(visit.call("import"), plan)
    return go(visit.address("", saved="import"))


def _told(visit: ProjectVisit, error: Refused) -> Response:
    if error.status != 400:
        raise error
    return show(visit, error.message)


def _plan(visit: ProjectVisit, text: str) -> Plan:
    sent = visit.sent
    delimiter = {"tab": "\t", ";": ";"}.get(sent.value("delimiter"), ",")
    order = sent.value("order") if sent.value("order") in ORDERS else "YMD"
    rows = rows_from(text, "csv", delimiter)
    if not rows:
        raise Refused("The file has no rows of data.")
    return plan_import(visit.call("import"), rows, bool(sent.value("overwrite")), order, False)


def _asking(
    visit: ProjectVisit, text: str, plan: Plan, changed_meanwhile: bool = False
) -> Response:
    lines = _lines(visit, plan.changes)
    sent = visit.sent
    return page(
        *(visit, "import_changes", "What the import changes", 409 if changed_meanwhile else 200),
        lines=lines[:MOST_SHOWN],
        further=max(0, len(lines) - MOST_SHOWN),
        records=len({change.record for change in plan.changes}),
        new=[name for name in plan.names.values() if name not in plan.present],
        count=len(lines),
        text=text,
        kept={name: sent.value(name) for name in ("order", "delimiter", "overwrite")},
        digest=_digest(plan),
        changed_meanwhile=changed_meanwhile,
        longitudinal=visit.project.longitudinal,
        crumbs=[
            (visit.address(), visit.project.title),
            (visit.address("import"), "Import records"),
        ],
    )


def _lines(visit: ProjectVisit, changes: Sequence[Change]) -> list[Line]:
    project = visit.project
    return [
        (
            change.record,
            project.event_ids[change.event_id].name,
            _instance(project.dictionary.forms.get(change.instrument, ""), change.instance),
            column,
            *pair,
        )
        for change in changes
        for column, pair in change.values.items()
    ]


def _instance(label: str, number: int) -> str:
    return f"{label} #{number}".strip() if number else ""


def _digest(plan: Plan) -> str:
    changes = [
        [change.record, change.event_id, change.instrument, change.instance, dict(change.values)]
        for change in plan.changes
    ]
    return digest_of([changes, dict(plan.groups), sorted(plan.present)])
