"""The parameters of a request: arrays, comma lists, flags, whichever way a client spells them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from headgate.tracker.wire.answers import DELIMITERS, FORMATS, Refused

NAME = re.compile(r"^(?P<name>[^\[\]]+)(?P<array>\[(?P<key>[^\[\]]*)\])?$")
TRUE = {"true", "1", "yes"}


@dataclass(frozen=True)
class Upload:
    """A file of a multipart body; the media type is blank where the client named none."""

    name: str
    media_type: str
    content: bytes


@dataclass
class Parameters:
    """Single values by name (the last one sent counts), arrays in the order sent, and a file.

    `site` is the address that links begin with, without a slash at its end.
    """

    single: dict[str, str] = field(default_factory=dict)
    arrays: dict[str, list[str]] = field(default_factory=dict)
    file: Upload | None = None
    site: str = ""

    def text(self, name: str, default: str = "") -> str:
        """Given a name, return the value sent, or the default where none or a blank was sent."""
        return self.single.get(name) or default

    def flag(self, name: str, default: bool = False) -> bool:
        """Given a name, return whether it was sent as true, in any of the spellings clients use."""
        value = self.single.get(name, "")
        return value.lower() in TRUE if value else default

    def many(self, name: str) -> list[str]:
        """Given a name, return its values: an array, or one text with commas; none: empty."""
        if name in self.arrays:
            return [value for value in self.arrays[name] if value]
        return [part.strip() for part in self.text(name).split(",") if part.strip()]

    def format(self) -> str:
        """Return the format of the data. Raise Refused for one there is not."""
        wanted = self.text("format", "xml").lower()
        if wanted not in (*FORMATS, "odm"):
            raise Refused('The value of the parameter "format" is not valid')
        return wanted

    def answer_format(self) -> Literal["json", "csv", "xml"]:
        """Return the format of errors and import results: returnFormat, else format, else xml."""
        for name in ("returnFormat", "format"):
            match self.text(name).lower():
                case "json":
                    return "json"
                case "csv":
                    return "csv"
                case "xml":
                    return "xml"
        return "xml"

    def delimiter(self) -> str:
        """Return the CSV delimiter. Raise Refused for one that REDCap does not know."""
        wanted = self.text("csvDelimiter", ",")
        if wanted not in DELIMITERS:
            raise Refused('The value of the parameter "csvDelimiter" is not valid')
        return DELIMITERS[wanted]


def parameters_from(pairs: Iterable[tuple[str, str]]) -> Parameters:
    """Given the pairs of a form body, return the parameters; names with brackets are arrays."""
    found = Parameters()
    keyed: dict[str, dict[str, str]] = {}
    for name, value in pairs:
        match = NAME.match(name)
        if match is None or not match["array"]:
            found.single[name] = value
            continue
        items = keyed.setdefault(match["name"], {})
        items[match["key"] or f"[{len(items)}]"] = value
    found.arrays = {name: list(items.values()) for name, items in keyed.items()}
    return found
