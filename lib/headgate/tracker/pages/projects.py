"""The list of projects: those of which the account is a user."""

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.responses import Response

from headgate.tracker.model.projects import load_project
from headgate.tracker.pages.guard import caller_in
from headgate.tracker.pages.rendering import page
from headgate.tracker.pages.transfers import counts_of, has_transfers
from headgate.tracker.pages.visits import Visit


@dataclass(frozen=True)
class Row:
    """A project of the list; `states` is blank where nothing is transferred."""

    project_id: int
    title: str
    records: int
    states: Mapping[str, int]


def show(visit: Visit) -> Response:
    """Given a visit, return the list of the projects that it may see."""
    connection, account = visit.connection, visit.session.account
    rows = []
    numbers = connection.execute("SELECT project_id FROM projects ORDER BY project_id").fetchall()
    for (number,) in numbers:
        caller = caller_in(connection, account, number)
        if caller is None:
            continue
        project = load_project(connection, number)
        counts = counts_of(connection, number, caller.group_id)
        states = counts if has_transfers(project) else {}
        rows.append(Row(number, project.title, sum(counts.values()), states))
    return page(visit, "projects", "Projects", rows=rows)
