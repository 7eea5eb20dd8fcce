"""REDCap's projects, through PyCap: refusals and outages told apart."""

import csv
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import redcap
import requests

from headgate.core.errors import HeadgateError, Misconfigured, Rejected, Unavailable

Row = dict[str, Any]
FEWEST_SHARED = 0.5  # of the fields: who has fewer is another project
FORBIDDEN = "do not have permissions"
TOKEN = re.compile(r"[0-9A-Fa-f]{32}")
AWAY = (  # an answer that breaks off is none: what was asked for may have been done
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
)


class RefusedImport(Rejected):
    """REDCap took none of the rows: one of them at least breaks its rules."""


class RefusedToken(Unavailable):
    """REDCap does not know the token: a person has to renew it."""


class Table:
    """One REDCap project: its rows, exported and imported; `setting` tells whence its token is."""

    def __init__(
        self, name: str, project: "DictionaryProject", calls: list[str], setting: str = ""
    ) -> None:
        self.name = name
        self._setting = setting
        self._project = project
        self._calls = calls

    def export(
        self,
        records: Sequence[str] | None = None,
        fields: Sequence[str] | None = None,
        forms: Sequence[str] | None = None,
        where: str | None = None,
        changed_since: datetime | None = None,
    ) -> list[Row]:
        """Given what is wanted, return the rows; all of them when nothing is said.

        An empty list of records asks for nothing and makes no call. Raise Unavailable, Rejected,
        Misconfigured.
        """
        if records is not None and not records:
            return []
        rows: list[Row] = self._call(
            "export",
            records=list(records) if records else None,
            fields=list(fields) if fields else None,
            forms=list(forms) if forms else None,
            filter_logic=where,
            date_begin=changed_since,
        )
        if self._setting and rows and self._project.field_names[0] not in rows[0]:
            self._check_is_meant()
            raise _something_else(self.name)
        return rows

    def write(self, rows: list[Row], overwrite: bool = False, *, is_numbered: bool = False) -> int:
        """Given rows, import them all or none; return how many records they were.

        With `overwrite`, blanks erase; with `is_numbered`, REDCap gives each record the next
        number in place of the name it came with. Raise RefusedImport with REDCap's words,
        Unavailable.
        """
        if not rows:
            return 0
        behaviour = "overwrite" if overwrite else "normal"
        answer = self._call(
            "import", to_import=rows, overwrite=behaviour, force_auto_number=is_numbered
        )
        count = answer.get("count") if isinstance(answer, dict) else None
        if not isinstance(count, int):
            raise Unavailable(f"REDCap ({self.name}) answered an import with no count: try later")
        return count

    def delete(self, records: Sequence[str]) -> None:
        """Given record names, delete them. Raise Rejected, Unavailable."""
        self._call("delete", records=list(records))

    def events(self) -> list[Row]:
        """Return the events of a longitudinal project. Raise Rejected where it is none."""
        return list(self._call("event"))

    def numbers_records(self) -> bool:
        """Return whether REDCap numbers new records by itself. Raise Unavailable, Rejected."""
        return bool(self._call("info").get("record_autonumbering_enabled"))

    def title(self) -> str:
        """Return what the project is called in REDCap. Raise Unavailable, Rejected."""
        return str(self._call("info").get("project_title", ""))

    def version(self) -> str:
        """Return REDCap's version, to see that it answers. Raise Unavailable, Rejected."""
        return str(self._call("version"))

    def missing_fields(self) -> list[str]:
        """Return the fields of our dictionary that the project lacks.

        Raise Unavailable, Rejected; Misconfigured where it is another project.
        """
        there = {row.get("field_name") for row in self._ask("metadata")}
        ours = self._project.field_names
        missing = [name for name in ours if name not in there]
        if self._setting and len(ours) - len(missing) < FEWEST_SHARED * len(ours):
            raise Misconfigured(
                f"{self._setting}: the token in that file is one of another REDCap project than "
                f"{self.name}, which lacks the field {missing[-1]}: put the right token there"
            )
        return missing

    def forms(self) -> dict[str, str]:
        """Return the form of each field that the project has. Raise Unavailable, Rejected."""
        return {str(row["field_name"]): str(row["form_name"]) for row in self._call("metadata")}

    def repeating_forms(self) -> set[str]:
        """Return the instruments that repeat. Raise Unavailable."""
        try:
            return {str(row.get("form_name", "")) for row in self._ask("repeating")}
        except Rejected:  # REDCap's way to say that none does
            return set()

    def _check_is_meant(self) -> None:
        """Raise Misconfigured where the token is of another project; what else there is stays."""
        with suppress(Rejected, Unavailable):
            self.missing_fields()

    def _call(self, action: str, **arguments: Any) -> Any:
        try:
            return self._ask(action, **arguments)
        except Rejected:
            if self._setting:
                self._check_is_meant()
            raise

    def _ask(self, action: str, **arguments: Any) -> Any:
        self._calls.append(f"{self.name} {action}")
        methods: dict[str, Any] = {
            "export": self._project.export_records,
            "import": self._project.import_records,
            "delete": self._project.delete_records,
            "event": self._project.export_events,
            "info": self._project.export_project_info,
            "version": self._project.export_version,
            "metadata": self._project.export_metadata,
            "repeating": self._project.export_repeating_instruments_events,
        }
        try:
            answer = methods[action](**arguments)
        except AWAY as error:
            raise Unavailable(
                f"REDCap does not answer ({type(error).__name__}): nothing is lost, "
                "the next run tries again"
            ) from error
        except requests.RequestException as error:
            raise _understood(self.name, action, error) from error
        if not _is_of_the_api(action, answer):
            raise _something_else(self.name)
        return answer


class DictionaryProject(redcap.Project):
    """A PyCap project that knows its dictionary from our own file: no call is made to learn it."""

    def __init__(self, dictionary: Path, url: str, token: str, **arguments: Any) -> None:
        super().__init__(url, token, **arguments)
        self._dictionary = dictionary

    @cached_property
    def metadata(self) -> list[Row]:
        """Return the fields, named as the API names them."""
        with self._dictionary.open(newline="", encoding="utf-8-sig") as file:
            return [
                {"field_name": row["Variable / Field Name"], "form_name": row["Form Name"]}
                for row in csv.DictReader(file)
            ]


class Tables:
    """The bookkeeping projects, opened when first asked for; `calls` tells what was asked."""

    def __init__(
        self, url: str, tokens: Any, dictionaries: Path, timeout: float, certificates: str
    ) -> None:
        self._url = url
        self._token_of = tokens
        self._dictionaries = dictionaries
        self._timeout = timeout
        self._certificates = certificates
        self.calls: list[str] = []

    @cached_property
    def incoming(self) -> Table:
        return self._open("Incoming", "incoming")

    @cached_property
    def projects(self) -> Table:
        return self._open("DataTransferProjects", "projects")

    @cached_property
    def routing(self) -> Table:
        return self._open("Routing", "routing")

    @cached_property
    def coupling_list(self) -> Table:
        return self._open("CouplingList", "coupling_list")

    @cached_property
    def auto_id(self) -> Table:
        return self._open("AutoID", "auto_id")

    @cached_property
    def what_is_in_pacs(self) -> Table:
        return self._open("WhatIsInIDS7", "what_is_in_pacs")

    def all(self) -> Iterable[Table]:
        """Yield every project that the pipeline uses."""
        yield from (self.incoming, self.projects, self.routing, self.coupling_list)
        yield self.what_is_in_pacs

    def of_project(self, project: str, token: str) -> Table:
        """Given a research project and the token of its own REDCap project, return that.

        Raise Rejected for what is no token.
        """
        if not TOKEN.fullmatch(token):
            raise Rejected(f"project_token of {project} is no token: mend it")
        dictionary = self._dictionaries.parent / "project" / "imaging.csv"
        return self._table(f"the project {project}", dictionary, token)

    def _open(self, title: str, name: str) -> Table:
        dictionary, setting = self._dictionaries / f"{title}.csv", f"redcap.token_files.{name}"
        return self._table(title, dictionary, self._token_of(name), setting)

    def _table(self, title: str, dictionary: Path, token: str, setting: str = "") -> Table:
        project = DictionaryProject(
            dictionary,
            self._url,
            token,
            verify_ssl=self._certificates or True,
            timeout=self._timeout,
            allow_redirects=False,  # token and rows go where the settings say, and nowhere else
        )
        return Table(title, project, self.calls, setting)


def _understood(name: str, action: str, error: requests.RequestException) -> HeadgateError:
    """PyCap raises one class for all: REDCap's own words come as its argument."""
    words = error.args[0] if error.args else ""
    if isinstance(error, requests.exceptions.JSONDecodeError):
        return _something_else(name)
    text = words.get("error", "") if isinstance(words, dict) else str(words)
    if FORBIDDEN in text:
        return RefusedToken(f"REDCap refuses the token of {name}: renew its token file")
    if action == "import":
        return RefusedImport(_without_values(text))
    return Rejected(f"REDCap ({name}) refused the {action}: {_without_values(text)}")


def _is_of_the_api(action: str, answer: Any) -> bool:
    """Anything else would be taken for a REDCap that has nothing."""
    if action in ("export", "event", "metadata", "repeating"):
        return isinstance(answer, list) and all(isinstance(row, dict) for row in answer)
    return action != "info" or isinstance(answer, dict)


def _something_else(name: str) -> Unavailable:
    return Unavailable(
        f"REDCap ({name}) answered something else than its API does, a page of a proxy or a "
        "ban of this address: see what it says in a browser; the next run tries again"
    )


def _without_values(text: str) -> str:
    """REDCap's complaints on values are CSV of record, field, value, message: the value goes."""
    lines = []
    for row in csv.reader(text.splitlines()):
        is_complaint = len(row) == 4
        lines.append(f"{row[1]}: {row[3]}" if is_complaint else ", ".join(row))
    return "; ".join(lines)
