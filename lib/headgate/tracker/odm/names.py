"""Names with their namespaces, as the parser gives them."""

from xml.etree import ElementTree as ET

from headgate.tracker.odm.vocabulary import ODM, REDCAP


def own(name: str) -> str:
    """Given an element of ODM itself, return its whole name."""
    return f"{{{ODM}}}{name}"


def tag(name: str) -> str:
    """Given an element or attribute of REDCap's, return its whole name."""
    return f"{{{REDCAP}}}{name}"


def redcap(element: ET.Element, name: str) -> str:
    """Given an element and an attribute of REDCap's, return its value; absent: blank."""
    return element.get(tag(name), "")
