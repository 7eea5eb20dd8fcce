"""A person's own API token in a project: made, shown when asked for, renewed, deleted."""

from starlette.responses import Response

from headgate.tracker.model.tokens import drop_tokens, new_token, person_in, token_of
from headgate.tracker.pages.rendering import page
from headgate.tracker.pages.visits import ProjectVisit
from headgate.tracker.wire.answers import Refused

NOTES = {"make": "Create own API token", "renew": "Renew own API token"}


def show(visit: ProjectVisit) -> Response:
    """Given a visit, return whether the person has a token; the token itself is not shown."""
    _check(visit)
    return _page(visit, "")


def act(visit: ProjectVisit) -> Response:
    """Given what is to be done with the token, within a transaction, do it; show it if asked."""
    _check(visit)
    number, name = visit.project.project_id, visit.caller.username
    wanted = visit.sent.value("do")
    if wanted == "show":
        return _page(visit, token_of(visit.connection, number, name) or "")
    if wanted == "delete":
        drop_tokens(visit.connection, number, name)
        visit.call().note("manage", "Manage/Design ", "Delete own API token")
        return _page(visit, "")
    if wanted not in NOTES:
        raise Refused("There is nothing of that kind to do with a token.")
    if person_in(visit.connection, number, name) is None:
        raise Refused("A token belongs to a user of the project: add yourself under Users.")
    token = new_token(visit.connection, number, name)
    visit.call().note("manage", "Manage/Design ", NOTES[wanted])
    return _page(visit, token)


def _check(visit: ProjectVisit) -> None:
    if not visit.caller.rights.get("api_import"):
        visit.caller.need("api_export")


def _page(visit: ProjectVisit, token: str) -> Response:
    number, name = visit.project.project_id, visit.caller.username
    return page(
        *(visit, "token", "API token"),
        token=token,
        has_token=token_of(visit.connection, number, name) is not None,
        is_user=person_in(visit.connection, number, name) is not None,
        rights=visit.caller.rights,
        crumbs=[(visit.address(), visit.project.title)],
    )
