"""The data of an import as XML: a root, an element for each row, in it one for each value."""

from xml.etree import ElementTree as ET

from headgate.tracker.wire.answers import Refused

MALFORMED_XML = "The data being imported is not formatted correctly."


def rows_from_xml(data: str) -> list[dict[str, str]]:
    """Given XML, return its rows; the root's name is not looked at. Raise Refused."""
    # Entities are declared in document types alone: without one, none can grow or name a file.
    if "<!DOCTYPE" in data:
        raise Refused(MALFORMED_XML)
    try:
        root = ET.fromstring(data.strip())  # noqa: S314 (no document type gets here)
    except (ET.ParseError, ValueError) as error:
        raise Refused(MALFORMED_XML) from error
    return [{cell.tag: "".join(cell.itertext()) for cell in item} for item in root]
