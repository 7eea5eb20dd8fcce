"""What an export is asked for, and how its folders and texts are named."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from string import Template
from typing import Any, Self

from headgate.core.errors import Misconfigured, Rejected

KINDS = {  # kind of a layout: its folder scheme unless it has one of its own
    "pure": "$participant/$event/$study_date-$study_number/$series_number-$series_description",
    "plain": "$participant/$study/$series",
    "bids": "",
}
NAMES = (  # what a folder scheme and rewrites may name, and the keyword it is taken from
    ("project", "InstitutionName"),
    ("participant", "PatientID"),
    ("event", "ReferringPhysicianName"),
    ("study", "StudyInstanceUID"),
    ("series", "SeriesInstanceUID"),
    ("study_date", "StudyDate"),
    ("study_description", "StudyDescription"),
    ("modality", "Modality"),
    ("series_number", "SeriesNumber"),
    ("series_description", "SeriesDescription"),
)
STUDY_NUMBER = "study_number"
# names of what an operator writes: neither wildcards of queries nor what parts paths
PSEUDONYM = re.compile(r"[^\W_](?:[\w .+@-]{0,62}[^\W_])?")
NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9.+-]+")
LONGEST_NAME = 60


@dataclass(frozen=True)
class ExportRequest:
    """An export that somebody wants; `participant` '' is all, `not_before` a POSIX time."""

    id: str
    project: str
    participant: str
    layout: str
    password_file: str = ""
    asked: str = ""
    attempts: int = 0
    not_before: float = 0.0
    reason: str = ""

    @classmethod
    def wanted(cls, project: str, participant: str, layout: str, **more: Any) -> Self:
        """Given what is wanted of whom, return the request: the same words make the same id.

        Raise Rejected where a name is none.
        """
        for what, text in (("project", project), ("participant", participant)):
            if (text or what == "project") and not PSEUDONYM.fullmatch(text):
                raise Rejected(
                    f"the {what} is no name of letters, digits, '.', '+', '-' and spaces"
                )
        digest = hashlib.sha256(json.dumps([project, participant, layout]).encode())
        return cls(digest.hexdigest()[:24], project, participant, layout, **more)

    @classmethod
    def from_json(cls, text: str, name: str) -> Self:
        """Given the file's text and its name, which is the id, return the request.

        Raise ValueError, Rejected if it is none.
        """
        known = {field.name for field in fields(cls)}
        try:
            values = {name: one for name, one in json.loads(text).items() if name in known}
            made = cls.wanted(values["project"], values["participant"], values["layout"])
            return replace(made, **values | {"id": name})
        except (TypeError, AttributeError, KeyError) as error:
            raise ValueError(f"no request of an export: {type(error).__name__}") from error

    def to_json(self) -> str:
        """Return the file's text."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1)

    def with_values(self, **changes: Any) -> Self:
        """Return the request with some of its values replaced."""
        return replace(self, **changes)

    @property
    def name(self) -> str:
        """Return how its zip file is called, without the ending."""
        return f"{clean(self.participant, 'all')}-{clean(self.layout, 'layout')}"

    def __str__(self) -> str:
        return self.id


def clean(text: str, otherwise: str = "none") -> str:
    """Given a text, return what of it may stand in the name of a file or folder."""
    found = NOT_IN_NAMES.sub("_", text.strip()).strip("._")[:LONGEST_NAME].strip("._")
    return found or otherwise


def check_template(text: str, where: str) -> None:
    """Given a text with $names and where it stands, raise Misconfigured at unknown ones."""
    known = {STUDY_NUMBER, *(name for name, _ in NAMES)}
    template = Template(text)
    unknown = set(template.get_identifiers()) - known
    if unknown or not template.is_valid():
        raise Misconfigured(
            f"{where} names {', '.join(sorted(unknown)) or 'nothing'} after a $: known are "
            f"{', '.join(sorted(known))}"
        )


def folder_of(scheme: str, values: Mapping[str, str]) -> str:
    """Given a folder scheme and the values of its names, return the path: each part is clean."""
    made = Template(scheme).substitute({name: clean(one) for name, one in values.items()})
    parts = [clean(part) for part in made.split("/") if part.strip()]
    return "/".join(parts) or "data"


def apart(paths: Iterable[str]) -> list[str]:
    """Given paths, return them with a number behind those that were there before."""
    seen: dict[str, int] = {}
    found = []
    for path in paths:
        key = path.casefold()
        seen[key] = seen.get(key, 0) + 1
        found.append(path if seen[key] == 1 else f"{path}_{seen[key]}")
    return found
