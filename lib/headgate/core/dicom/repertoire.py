"""Character sets: the bytes of a text to the text and back. PS3.3 C.12.1.1.2, PS3.5 6.1."""

import re
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from types import ModuleType
from warnings import catch_warnings, simplefilter

UNDECODED = "\ufffd"
# PS3.5 6.1.2.5.3: the character sets are as at the beginning again after these
ESCAPES = re.compile(rb"\x1b(?:\$[()]?|[()])[@-~]")
RESETTING = frozenset(b"\n\r\t\f")
UNICODE = "ISO_IR 192"
JAPANESE = "shift_jis"  # of which JIS X 0201 is a part
# What names are written in by systems that declare something else, or nothing
PLAUSIBLE = (
    "utf-8", "latin-1", "cp1252", "iso8859_2", "cp1250", "iso8859_5", "cp1251", "koi8_r",
    "iso8859_6", "cp1256", "iso8859_7", "cp1253", "iso8859_8", "iso8859_9", "cp850",
    "gb18030", "big5", "shift_jis", "euc_jp", "euc_kr",
)  # fmt: skip
# PS3.3 C.12.1.1.2, Tables C.12-2 and C.12-5: sets without code extensions, as Python names them
WITHOUT_EXTENSIONS = {
    "": "iso8859", "ISO_IR 6": "iso8859", "ISO_IR 100": "latin_1", "ISO_IR 101": "iso8859_2",
    "ISO_IR 109": "iso8859_3", "ISO_IR 110": "iso8859_4", "ISO_IR 144": "iso_ir_144",
    "ISO_IR 127": "iso_ir_127", "ISO_IR 126": "iso_ir_126", "ISO_IR 138": "iso_ir_138",
    "ISO_IR 148": "iso_ir_148", "ISO_IR 166": "iso_ir_166", "ISO_IR 203": "iso8859_15",
    "ISO_IR 13": JAPANESE,
    UNICODE: "UTF8", "GB18030": "GB18030", "GBK": "GBK",
}  # fmt: skip
# Python's names of what PS3.3 C.12.1.1.2 declares beside single bytes: these hold UTF-8 by chance
OF_MANY_BYTES = frozenset({"GB18030", "GBK", "GB2312", "gb18030", "gbk", "euc_kr"})
DEFAULT: tuple[str, ...] = ("",)
# PS3.3 C.12.1.1.2 as it is misspelled, and what is meant
MISSPELLED = (
    (re.compile(r"ISO[-_ ]?IR[-_ ]?(\d+)", re.IGNORECASE), r"ISO_IR \1"),
    (re.compile(r"ISO[-_ ]?2022[-_ ]?IR[-_ ]?(\d+)", re.IGNORECASE), r"ISO 2022 IR \1"),
    (re.compile(r"ISO[-_ ]?8859[-_ ]1|LATIN-?1", re.IGNORECASE), "ISO_IR 100"),
    (re.compile(r"UTF-?8", re.IGNORECASE), UNICODE),
)
# Scripts that part words by blanks, and hang little on them
APART = frozenset({"LATIN", "GREEK", "CYRILLIC", "ARABIC", "HEBREW"})
# Marks that stand in names beside their letters: PS3.5 6.2.1
NAMES_ARE_OF = re.compile(r"[^\W_]+(?:[\s^=.,'’()-]+[^\W_]+)*[\s^=.,]*")


@lru_cache(maxsize=1024)
def terms_of(value: bytes) -> tuple[str, ...]:
    """Given the value of Specific Character Set, return its defined terms, well spelled."""
    return tuple(_mended(term.strip(" \0")) for term in value.decode("latin-1").split("\\"))


def _mended(term: str) -> str:
    for spelling, meant in MISSPELLED:
        if (found := spelling.fullmatch(term)) is not None:
            return found.expand(meant)
    return term


def unknown_terms(terms: tuple[str, ...]) -> list[str]:
    """Given defined terms, return those that name no character set."""
    several = [term for term in terms if term not in WITHOUT_EXTENSIONS]
    if not several:
        return []
    with _extensions() as charset:
        return [term for term in several if term not in charset.python_encoding]


@lru_cache(maxsize=1024)
def encodings_of(terms: tuple[str, ...]) -> tuple[str, ...]:
    """Given defined terms, return Python's encodings; an unknown term is taken as the default."""
    if len(terms) == 1 and terms[0] in WITHOUT_EXTENSIONS:
        return (WITHOUT_EXTENSIONS[terms[0]],)
    unknown = unknown_terms(terms)
    with _extensions() as charset:
        return tuple(charset.convert_encodings([one for one in terms if one not in unknown]))


@lru_cache(maxsize=65536)
def decode(value: bytes, terms: tuple[str, ...]) -> str:
    """Given the bytes of a text and its character sets, return it without its padding.

    What cannot be decoded stands in it as U+FFFD. What is UTF-8 is read as that where a character
    set of single bytes is declared: only by a rare chance are the bytes of another one UTF-8. What
    was made UTF-8 twice is read as what it was.
    """
    if value.isascii() and b"\x1b" not in value:
        return value.decode("ascii").rstrip(" \0")
    encodings = encodings_of(terms)
    if b"\x1b" not in value:
        unicode = None if encodings[0] in OF_MANY_BYTES else _strictly(value, "utf-8")
        if unicode is not None:
            return _undone(unicode) or unicode
        if len(encodings) == 1:
            return value.decode(encodings[0], "replace").rstrip(" \0")
    with _extensions() as charset:
        text: str = charset.decode_bytes(value, encodings, set(RESETTING))
    return text.rstrip(" \0")


@lru_cache(maxsize=4096)
def readings(value: bytes, terms: tuple[str, ...]) -> list[str]:
    """Given the bytes of a name and the character sets it is said to be in, return what it may say.

    First comes what is declared, if it can be read as that. Systems that pass on what they do not
    read declare wrong sets or none: what is not UTF-8 is read as every other set in which its bytes
    are letters, too, but where a set of many bytes fits.
    """
    declared = decode(value, terms)
    if value.isascii():
        return [declared]
    found = [declared]
    unicode = _strictly(value, "utf-8")
    if UNDECODED in declared and (unicode is None or UNDECODED not in unicode):
        found = []
    if unicode is not None:
        found.append(unicode)
    elif not found or encodings_of(terms)[0] not in OF_MANY_BYTES:
        others = [_strictly(value, encoding) for encoding in PLAUSIBLE]
        found += [text for text in others if text and _is_plausible(text)]
    found += [text for one in found if (text := _undone(one)) is not None]
    return list(dict.fromkeys(found))


@contextmanager
def _extensions() -> Iterator[ModuleType]:
    """Yield what knows of code extensions, PS3.5 6.1.2.5: pydicom, which takes long to load.

    What it cannot decode is told by U+FFFD; cron would mail its warnings.
    """
    from pydicom import charset

    with charset.config.disable_value_validation(), catch_warnings():
        simplefilter("ignore")
        yield charset


def _is_plausible(text: str) -> bool:
    """Return whether a name has nothing but letters, and none of its words letters of two kinds."""
    if not NAMES_ARE_OF.fullmatch(text):
        return False
    words = re.findall(r"[^\W\d_]+", text)
    return all(len({script_of(letter) for letter in word}) == 1 for word in words)


@lru_cache(maxsize=4096)
def script_of(letter: str) -> str:
    """Given a letter, return the script it is of, those that names mix taken as one."""
    script = unicodedata.name(letter, "?").split(" ")[0]
    return "CJK" if script in ("HIRAGANA", "KATAKANA", "HANGUL") else script


def sets_words_apart(word: str) -> bool:
    """Given a word, return whether its script parts words: within a longer one it is none."""
    return word.isascii() or all(script_of(one) in APART for one in word if one.isalpha())


def _undone(text: str) -> str | None:
    """Return what was UTF-8 before a system read it as single bytes and encoded it again."""
    for encoding in ("cp1252", "latin-1"):
        try:
            return text.encode(encoding).decode("utf-8")
        except UnicodeError:
            continue
    return None


def _strictly(value: bytes, encoding: str) -> str | None:
    try:
        return value.decode(encoding).rstrip(" \0")
    except UnicodeDecodeError:
        return None


def encode(text: str, terms: tuple[str, ...]) -> bytes:
    """Given a text and character sets, return its bytes without padding.

    What they cannot hold came as UTF-8 in spite of them, and stays it.
    """
    if text.isascii():
        return text.encode("ascii")
    encodings = encodings_of(terms)
    if terms[0] in WITHOUT_EXTENSIONS and encodings[0] != JAPANESE and len(terms) == 1:
        data = written(text, encodings[0])
    else:
        with _extensions() as charset:
            data = charset.encode_string(text, list(encodings))
    return data if decode(data, terms) == text.rstrip(" \0") else text.encode("utf-8")


def written(text: str, encoding: str) -> bytes:
    """Given a text and an encoding of Python, return the text's bytes; none where it has none."""
    try:
        data = text.encode(encoding)
    except UnicodeEncodeError:
        return b""
    # ISO 2022 (PS3.5 6.1.2.5): the escapes around a word depend on its neighbours
    return ESCAPES.sub(b"", data) if b"\x1b" in data else data
