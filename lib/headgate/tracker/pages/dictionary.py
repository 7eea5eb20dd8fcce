"""The data dictionary: read, downloaded, and changed by upload, after a look at what changes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from starlette.responses import Response

from headgate.tracker.contents.metadata import check_definitions, store_definitions
from headgate.tracker.model.dictionary import COLUMNS
from headgate.tracker.pages.items import plain
from headgate.tracker.pages.rendering import Download, go, page
from headgate.tracker.pages.texts import digest_of, uploaded_text
from headgate.tracker.pages.visits import ProjectVisit
from headgate.tracker.wire.answers import Refused, as_csv
from headgate.tracker.wire.incoming import rows_from

Definition = Mapping[str, str]


@dataclass(frozen=True)
class Difference:
    """What an upload changes: fields added, removed, changed (attribute, before, after), order."""

    added: Sequence[Definition]
    removed: Sequence[Definition]
    changed: Mapping[str, Sequence[tuple[str, str, str]]]
    is_reordered: bool

    @property
    def is_blank(self) -> bool:
        """Whether nothing changes."""
        return not (self.added or self.removed or self.changed or self.is_reordered)


def show(visit: ProjectVisit, problem: str = "") -> Response:
    """Given a visit, return the dictionary, with what was wrong with the last upload."""
    project = visit.project
    forms: dict[str, list[Definition]] = {form: [] for form in project.dictionary.forms}
    for row in project.dictionary.definitions:
        forms[row["form_name"]].append(row)
    return page(
        *(visit, "dictionary", "Data dictionary", 422 if problem else 200),
        forms=[(project.dictionary.forms[form], rows) for form, rows in forms.items()],
        plain=plain,
        problem=problem,
        may_design=bool(visit.caller.rights.get("design")),
        crumbs=_crumbs(visit),
    )


def download(visit: ProjectVisit) -> Download:
    """Given a visit, return the dictionary as REDCap's own CSV."""
    rows = visit.project.dictionary.definitions
    text = as_csv(list(COLUMNS), rows, header=list(COLUMNS.values()))
    name = f"{visit.project.title}_DataDictionary.csv"
    return Download(name, "text/csv; charset=utf-8", iter([text]))


def look(visit: ProjectVisit) -> Response:
    """Given an uploaded dictionary, return what it would change, and ask; nothing is changed."""
    try:
        text = uploaded_text(visit.sent)
        rows = _rows(text)
    except Refused as error:
        return show(visit, error.message)
    return _asking(visit, text, rows)


def take(visit: ProjectVisit) -> Response:
    """Given the dictionary that was looked at, within a transaction, take it; else ask again."""
    try:
        text = uploaded_text(visit.sent)
        rows = _rows(text)
    except Refused as error:
        return show(visit, error.message)
    if visit.sent.value("digest") != _digest(visit, rows):
        return _asking(visit, text, rows, changed_meanwhile=True)
    store_definitions(visit.connection, visit.project.project_id, rows)
    visit.call().note("manage", "Manage/Design ", "Upload data dictionary")
    return go(visit.address("dictionary", saved="dictionary"))


def difference(before: Sequence[Definition], after: Sequence[Definition]) -> Difference:
    """Given two dictionaries, return what makes the one into the other."""
    old = {row["field_name"]: row for row in before}
    new = {row["field_name"]: row for row in after}
    changed = {}
    for name in new.keys() & old.keys():
        pairs = [
            (COLUMNS[key], old[name].get(key, ""), new[name].get(key, ""))
            for key in COLUMNS
            if old[name].get(key, "") != new[name].get(key, "")
        ]
        if pairs:
            changed[name] = pairs
    common = [name for name in old if name in new]
    return Difference(
        added=[row for name, row in new.items() if name not in old],
        removed=[row for name, row in old.items() if name not in new],
        changed={name: changed[name] for name in new if name in changed},
        is_reordered=common != [name for name in new if name in old],
    )


def _asking(
    visit: ProjectVisit, text: str, rows: Sequence[Definition], changed_meanwhile: bool = False
) -> Response:
    found = difference(visit.project.dictionary.definitions, rows)
    return page(
        *(
            visit,
            "dictionary_changes",
            "What the upload changes",
            409 if changed_meanwhile else 200,
        ),
        difference=found,
        text=text,
        count=len(rows),
        digest=_digest(visit, rows),
        changed_meanwhile=changed_meanwhile,
        crumbs=[*_crumbs(visit), (visit.address("dictionary"), "Data dictionary")],
    )


def _rows(text: str) -> list[dict[str, str]]:
    """Return the rows of a dictionary in CSV. Raise Refused with all that is wrong with it."""
    names = {header: name for name, header in COLUMNS.items()}
    rows = [
        {names.get(key, key): cell for key, cell in row.items()} for row in rows_from(text, "csv")
    ]
    if problem := check_definitions(rows):
        raise Refused(problem)
    return rows


def _digest(visit: ProjectVisit, rows: Sequence[Definition]) -> str:
    before = [dict(row) for row in visit.project.dictionary.definitions]
    return digest_of([before, [dict(row) for row in rows]])


def _crumbs(visit: ProjectVisit) -> list[tuple[str, str]]:
    return [(visit.address(), visit.project.title)]
