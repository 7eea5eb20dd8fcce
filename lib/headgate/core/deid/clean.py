"""Clean Descriptors (DCM 113105) in its simple form: identifiers are cut out of a text."""

import re

from headgate.core.deid import matching

# Shapes of numbers that name a person whoever it is: PS3.15 E.3.5 asks for care with free text
ANYBODY = re.compile(
    r"(?<!\d)\d{6}[ -]?\d{5}(?!\d)"  # national identity numbers of eleven digits
    r"|(?<!\d)\d{6}[-+]\d{4}(?!\d)"  # national identity numbers of ten digits
    r"|[\w.+-]+@[\w-]+\.[\w.-]+"  # e-mail addresses
    r"|(?:\+|(?<!\d)00)\d[\d ()/-]{6,14}\d"  # telephone numbers with their country
    r"|(?<!\d)(?:\d{2} \d{2} \d{2} \d{2}|\d{3} \d{2} \d{3}|\d{3}[ .-]\d{3}[ .-]\d{4})(?!\d)"
)
LEFT_OVER = re.compile(r"\s+")
EDGES = " ,;:^_-/()[]"


def cut(text: str, identifiers: re.Pattern[str]) -> str:
    """Given a text and a patient's pattern, return the text without the patient's identifiers.

    What stays is as it was when nothing is found.
    """
    found = matching.spans(text, identifiers)
    return _without(text, found) if found else text


def cut_anybody(text: str, identifiers: re.Pattern[str]) -> str:
    """Given a descriptor, return it without the patient's identifiers and anybody's numbers."""
    found = matching.spans(text, identifiers)
    found += [match.span() for match in ANYBODY.finditer(text)]
    return _without(text, found) if found else text


def _without(text: str, found: list[tuple[int, int]]) -> str:
    kept, position = [], 0
    for start, end in sorted(found):
        kept.append(text[position : max(start, position)])
        position = max(position, end)
    rest = " ".join([*kept, text[position:]])
    return LEFT_OVER.sub(" ", rest).strip(EDGES)


def named_groups(text: str, pattern: str) -> str:
    """Given a text and a regular expression, return its named groups, joined by blanks.

    Without named groups all groups count; where the expression is not found, nothing is left.
    """
    found = re.search(pattern, text)
    if found is None:
        return ""
    groups = found.groupdict().values() if found.re.groupindex else found.groups()
    return " ".join(group for group in groups if group)
