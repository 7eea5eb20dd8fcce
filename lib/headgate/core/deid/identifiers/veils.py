"""Texts in the writings of machines: of the web, of mail, of base 64 and of hexadecimal digits."""

import base64
import html
import re
from collections.abc import Callable, Iterator
from functools import partial
from urllib.parse import unquote_to_bytes


def _of_base_64(found: str) -> str:
    padded = found.rstrip("=") + "=" * (-len(found.rstrip("=")) % 4)
    return _text_of(base64.b64decode(padded.translate(OF_URLS), validate=True))


def _of_hexadecimal(found: str) -> str:
    return _text_of(bytes.fromhex(NO_DIGITS.sub("", found.removeprefix("0x"))))


def _of_code_points(found: str) -> str:
    return "".join(chr(int(one, 16)) for one in CODE_POINT.findall(found))


def _text_of(data: bytes) -> str:
    """Return a text of UTF-8 or Latin 1, or of UTF-16 for letters of ASCII. Raise ValueError: it is
    none.
    """
    if 3 * data.count(0) < len(data):
        text = _decoded(data)
    else:
        is_little = data[1::2].count(0) > data[::2].count(0)
        text = data.decode("utf-16-le" if is_little else "utf-16-be")
    if not text.strip().isprintable():
        raise ValueError("no text")
    return text.strip()


def _decoded(data: bytes) -> str:
    """Return a text of UTF-8, or of Latin 1 where that makes words of it. Raise ValueError."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    if not all(one.isalpha() or one in BESIDE_LETTERS for one in text):
        raise ValueError("no text")
    return text


BESIDE_LETTERS = " ^,.'-"  # in names
OF_URLS = str.maketrans("-_", "+/")
NO_DIGITS, CODE_POINT = re.compile(r"[ :,-]"), re.compile(r"[0-9A-Fa-f]{4,6}")
WRITTEN: tuple[tuple[re.Pattern[str], Callable[[str], str]], ...] = (
    # RFC 2045 6.7: lines end so where the text goes on
    (re.compile(r"=\r?\n"), lambda _: ""),
    (re.compile(r"(?:%[0-9A-Fa-f]{2})+"), lambda found: _decoded(unquote_to_bytes(found))),
    (re.compile(r"&#?\w{2,8};"), html.unescape),
    (
        re.compile(r"(?:\\u[0-9a-fA-F]{4})+"),
        lambda found: bytes.fromhex(found.replace("\\u", "")).decode("utf-16-be"),
    ),
    (re.compile(r"(?:U\+[0-9A-Fa-f]{4,6}[ ,]?){3,}"), _of_code_points),
    (
        re.compile(r"(?:(?:=|\\x)[0-9A-Fa-f]{2})+"),
        lambda found: _decoded(bytes.fromhex(found.replace("=", "").replace("\\x", ""))),
    ),
    (re.compile(r"(?<!\w)(?:0x)?(?:[0-9A-Fa-f]{2}[ :,-]?){5,}(?!\w)", re.ASCII), _of_hexadecimal),
    (
        # RFC 4648 4 and 5: in fours, the last one filled up; two of them hold a short name. Not
        # filled up they are of three at least, since words are so, too
        re.compile(
            r"(?<![\w+/-])(?:(?:[\w+/-]{4})+(?:[\w+/-]{4}|[\w+/-]{3}=|[\w+/-]{2}==)"
            r"|(?:[\w+/-]{4}){3,}[\w+/-]{2,3})(?![\w+/=-])",
            re.ASCII,
        ),
        _of_base_64,
    ),
)
SIGNS = re.compile(
    r"%[0-9A-Fa-f]|&#?\w|\\[ux]|=[0-9A-F\r\n]|U\+|[\w+/-]{6}|(?:[0-9A-Fa-f]{2}[ :,-]){4}", re.ASCII
)
DEEPEST = 3  # writings within one another


def lifted(text: str) -> Iterator[str]:
    """Given a text, yield it as people read it: a writing may be within another one, and what one
    makes of a word of none is no word. What is in no such writing stays.
    """
    for _ in range(DEEPEST):
        before = text
        if SIGNS.search(text) is None:
            return
        for expression, read in WRITTEN:
            text = expression.sub(partial(_read, read), text)
        if text == before:
            return
        yield text


def _read(read: Callable[[str], str], found: re.Match[str]) -> str:
    try:
        return read(found[0])
    except ValueError:
        return found[0]
