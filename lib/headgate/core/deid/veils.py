"""Texts in the writings of machines: of the web, of mail, and of base 64."""

import base64
import html
import re
from collections.abc import Callable
from functools import partial
from urllib.parse import unquote


def _of_base_64(found: str) -> str:
    text = base64.b64decode(found, validate=True).decode()
    return text if text.isprintable() else found


WRITTEN: tuple[tuple[re.Pattern[str], Callable[[str], str]], ...] = (
    (re.compile(r"(?:%[0-9A-Fa-f]{2})+"), lambda found: unquote(found, errors="strict")),
    (re.compile(r"&#?\w{2,8};"), html.unescape),
    (
        re.compile(r"(?:\\u[0-9a-fA-F]{4})+"),
        lambda found: bytes.fromhex(found.replace("\\u", "")).decode("utf-16-be"),
    ),
    (
        re.compile(r"(?:=[0-9A-F]{2})+"),
        lambda found: bytes.fromhex(found.replace("=", "")).decode(),
    ),
    (
        # RFC 4648 4: in fours, the last one filled up; two of them hold a short name
        re.compile(
            r"(?<![\w+/])(?:[\w+/]{4})+(?:[\w+/]{4}|[\w+/]{3}=|[\w+/]{2}==)(?![\w+/=])", re.ASCII
        ),
        _of_base_64,
    ),
)
SIGNS = re.compile(r"%[0-9A-Fa-f]|&#?\w|\\u|=[0-9A-F]|[\w+/]{6}", re.ASCII)


def lifted(text: str) -> str:
    """Given a text, return it as people read it; what is in no such writing stays."""
    if SIGNS.search(text) is None:
        return text
    for expression, read in WRITTEN:
        text = expression.sub(partial(_read, read), text)
    return text


def _read(read: Callable[[str], str], found: re.Match[str]) -> str:
    try:
        return read(found[0])
    except ValueError:
        return found[0]
