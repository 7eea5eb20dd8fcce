"""Functions of texts. Whether letters are large or small matters to none that search."""

from collections.abc import Callable, Mapping

from headgate.tracker.logic.values import Value, as_number, as_text


def contains(text: Value, part: Value) -> Value:
    """Given a text and a part, return whether the part is in it."""
    return as_text(part).lower() in as_text(text).lower()


def find(part: Value, text: Value) -> Value:
    """Given a part and a text, return the place of the part, from 1; 0: it is not there."""
    return float(as_text(text).lower().find(as_text(part).lower()) + 1)


def left(text: Value, count: Value) -> Value:
    """Given a text, return that many of its first characters."""
    return as_text(text)[: whole(count)]


def right(text: Value, count: Value) -> Value:
    """Given a text, return that many of its last characters."""
    wanted = whole(count)
    return as_text(text)[-wanted:] if wanted else ""


def mid(text: Value, start: Value, count: Value) -> Value:
    """Given a text, a place from 1 and a count, return that part of the text."""
    first = max(whole(start), 1) - 1
    return as_text(text)[first : first + whole(count)]


def joined_with(separator: Value, *texts: Value) -> Value:
    """Given a separator and texts, return the texts that are not blank, joined."""
    return as_text(separator).join(as_text(text) for text in texts if text != "")


def whole(value: Value) -> int:
    """Given a value, return it as a whole number, not less than 0; a text that is none: 0."""
    return max(int(as_number(value) or 0), 0)


# Each with the fewest and the most values it takes.
OF_TEXTS: Mapping[str, tuple[Callable[..., Value], int, int]] = {
    "contains": (contains, 2, 2),
    "not_contain": (lambda text, part: not contains(text, part), 2, 2),
    "starts_with": (
        lambda text, part: as_text(text).lower().startswith(as_text(part).lower()),
        *(2, 2),
    ),
    "ends_with": (
        lambda text, part: as_text(text).lower().endswith(as_text(part).lower()),
        *(2, 2),
    ),
    "left": (left, 2, 2),
    "right": (right, 2, 2),
    "mid": (mid, 3, 3),
    "length": (lambda text: float(len(as_text(text))), 1, 1),
    "find": (find, 2, 2),
    "trim": (lambda text: as_text(text).strip(), 1, 1),
    "upper": (lambda text: as_text(text).upper(), 1, 1),
    "lower": (lambda text: as_text(text).lower(), 1, 1),
    "concat": (lambda *texts: "".join(map(as_text, texts)), 1, 200),
    "concat_ws": (joined_with, 2, 200),
    "replace_text": (
        lambda text, old, new: (
            as_text(text).replace(as_text(old), as_text(new)) if old != "" else as_text(text)
        ),
        *(3, 3),
    ),
}
