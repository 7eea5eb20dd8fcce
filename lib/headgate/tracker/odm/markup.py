"""Texts and attributes as XML that no value can break out of."""

from collections.abc import Mapping

from headgate.tracker.wire.answers import NOT_IN_XML

SIGNS = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"}
# REDCap writes line breaks in attributes as they are, so that every reader loses them; these stay.
ATTRIBUTE_SIGNS = SIGNS | {'"': "&quot;", "\n": "&#10;", "\t": "&#9;"}
IN_TEXT, IN_ATTRIBUTE = str.maketrans(SIGNS), str.maketrans(ATTRIBUTE_SIGNS)


def text(value: str) -> str:
    """Given a text, return it as character data."""
    return NOT_IN_XML.sub("", value).translate(IN_TEXT)


def attributes(values: Mapping[str, str], blank: bool = True) -> str:
    """Given names and values, return attributes; blank values only if `blank`."""
    return "".join(
        f' {name}="{NOT_IN_XML.sub("", value).translate(IN_ATTRIBUTE)}"'
        for name, value in values.items()
        if value or blank
    )
