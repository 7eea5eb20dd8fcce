"""The data of an import as XML: a root, an element for each row, in it one for each value."""

from xml.etree import ElementTree as ET

from headgate.tracker.wire.answers import Refused

MALFORMED_XML = "The data being imported is not formatted correctly."


def rows_from_xml(data: str, nested: bool = False) -> list[dict[str, str]]:
    """Given XML, return its rows; the root's name is not looked at. Raise Refused.

    With `nested`, a cell of elements is read as `name:text,name:text`.
    """
    cell_text = _nested_text if nested else _text
    return [{cell.tag: cell_text(cell) for cell in item} for item in parse_xml(data)]


def parse_xml(data: str) -> ET.Element:
    """Given XML, return its root. Raise Refused for what is no XML, or has a document type."""
    # Entities are declared in document types alone: without one, none can grow or name a file.
    if "<!DOCTYPE" in data:
        raise Refused(MALFORMED_XML)
    try:
        return ET.fromstring(data.strip())  # noqa: S314 (no document type gets here)
    except (ET.ParseError, ValueError) as error:
        raise Refused(MALFORMED_XML) from error


def _text(cell: ET.Element) -> str:
    return "".join(cell.itertext())


def _nested_text(cell: ET.Element) -> str:
    return ",".join(f"{part.tag}:{_text(part).strip()}" for part in cell) or _text(cell)
