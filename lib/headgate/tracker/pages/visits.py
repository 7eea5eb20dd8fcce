"""A visit: what the browser sent, who sent it, and the project that it is about."""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

from headgate.tracker.model.call import Call
from headgate.tracker.model.projects import Project
from headgate.tracker.model.tokens import Caller
from headgate.tracker.pages.sessions import Session
from headgate.tracker.wire.answers import Refused
from headgate.tracker.wire.parameters import Parameters

MISSING = "There is no such page, or it is not for you."
HIGHEST_PAGE = 1_000_000


@dataclass(frozen=True)
class Upload:
    """A file sent with a form."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True)
class Sent:
    """What the browser sent: the query, and of a form its values and files, by name."""

    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, Sequence[str]] = field(default_factory=dict)
    files: Mapping[str, Upload] = field(default_factory=dict)
    cookies: Mapping[str, str] = field(default_factory=dict)
    is_secure: bool = False

    def asked(self, name: str) -> str:
        """Given a name, return what the query has of it; nothing: blank."""
        return self.query.get(name, "")

    def value(self, name: str) -> str:
        """Given a name, return what the form has of it; nothing: blank."""
        return (self.form.get(name) or [""])[-1]

    def values(self, name: str) -> list[str]:
        """Given a name, return all that the form has of it."""
        return list(self.form.get(name, ()))

    def page(self) -> int:
        """Return the number of the page of a list that the query asks for, from 1."""
        text = self.asked("page")
        return min(int(text), HIGHEST_PAGE) if text.isdecimal() and int(text[:9]) else 1

    @property
    def address(self) -> str:
        """The path with its query, as a link leads here again."""
        return f"{self.path}?{urlencode(self.query)}" if self.query else self.path


@dataclass(frozen=True)
class Visit:
    """Somebody signed in looks at a page."""

    connection: sqlite3.Connection
    sent: Sent
    session: Session


@dataclass(frozen=True)
class ProjectVisit(Visit):
    """Somebody looks at a page of a project; `caller` tells what they may do there."""

    project: Project
    caller: Caller

    def call(self, source: str = "", **parameters: str) -> Call:
        """Given where a change comes from and parameters, return a call as the API has it."""
        return Call(self.connection, self.project, Parameters(parameters), self.caller, source)

    def address(self, name: str = "", **query: object) -> str:
        """Given a page of the project and its query, return its address."""
        return address(self.project.project_id, name, **query)


def address(project_id: int, name: str = "", **query: object) -> str:
    """Given a project, a page of it and its query, return the address; blanks are left out."""
    path = f"/projects/{project_id}/{name}" if name else f"/projects/{project_id}"
    said = {key: value for key, value in query.items() if value not in {None, ""}}
    return f"{path}?{urlencode(said)}" if said else path


def is_local(target: str) -> bool:
    """Given an address, return whether it leads to a page of ours and nowhere else."""
    plain = target.isprintable() and "\\" not in target
    if not plain or not target.startswith("/") or target.startswith("//"):
        return False
    try:
        found = urlsplit(target)
    except ValueError:
        return False
    return not found.scheme and not found.netloc


def missing() -> Refused:
    """Return the error that says no more than that there is nothing to be seen."""
    return Refused(MISSING, 404)
