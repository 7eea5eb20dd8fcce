"""Whether the token beside each research project is that of its own REDCap project."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping

from headgate.context import Context
from headgate.core import fields
from headgate.core.errors import HeadgateError, Rejected, Unavailable
from headgate.core.step import Outcome, deferred, error, ok
from headgate.stores import secrets
from headgate.stores.tables import RefusedToken, Table

WHERE = "project_token in DataTransferProjects"


def checked(context: Context) -> Iterator[Outcome]:
    """Yield for each project with a token whether it is its own. Raise Unavailable."""
    tokens = {
        name: str(row.get(fields.PROJECT_TOKEN, "")).strip()
        for name, row in sorted(context.projects.items())
    }
    held = _held(context, tokens)
    for name in (one for one, token in tokens.items() if token):
        item = f"projects.{name}"
        others = [one for one in held[tokens[name]] if one != name]
        if others:
            yield error(item, f"{WHERE} is that of {', '.join(others)} too: put its own there")
            continue
        try:
            table = context.tables.of_project(name, tokens[name])
            yield ok(item, _told(name, table, [one for one in tokens if one != name]))
        except RefusedToken:
            yield error(item, f"REDCap refuses {WHERE}: renew it")
        except Unavailable as reason:
            yield deferred(item, str(reason))
        except HeadgateError as reason:
            yield error(item, str(reason))


def _held(context: Context, tokens: Mapping[str, str]) -> Mapping[str, list[str]]:
    """Return who has each token: research projects, and settings of our own."""
    held: dict[str, list[str]] = defaultdict(list)
    for name, token in tokens.items():
        held[token].append(name)
    for name in vars(context.settings.redcap.token_files):
        try:
            token = secrets.read_token_of(context.settings.redcap.token_files, name)
        except HeadgateError:
            continue  # the check of the files tells of it
        held[token].append(f"redcap.token_files.{name}")
    return held


def _told(name: str, table: Table, others: list[str]) -> str:
    """Return what the token is of. Raise Rejected where that is another project; Unavailable."""
    title = table.title()
    if missing := table.missing_fields():
        raise Rejected(
            f"{WHERE} is one of the REDCap project {title!r}, which lacks {', '.join(missing)}: "
            "put the right token there, or upload config/project/imaging.csv"
        )
    named = [one for one in others if _names(title, one)]
    if named and not _names(title, name):
        raise Rejected(
            f"{WHERE} is one of the REDCap project {title!r}, by its title that of {named[0]}: "
            "put the right token there"
        )
    return f"{WHERE} is one of the REDCap project {title!r}"


def _names(title: str, project: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(project)}(?!\w)", title, re.IGNORECASE) is not None
