"""Character sets: the bytes of a text to the text and back. PS3.3 C.12.1.1.2, PS3.5 6.1."""

from functools import lru_cache
from warnings import catch_warnings, simplefilter

from pydicom.charset import convert_encodings, decode_bytes, encode_string, python_encoding
from pydicom.config import disable_value_validation

from headgate.core.decoding import UNDECODABLE

UNDECODED = "\ufffd"
# PS3.5 6.1.2.5.3: the character sets are as at the beginning again after these
RESETTING = frozenset(b"\n\r\t\f")
UNICODE = "ISO_IR 192"
# What names are written in by systems that declare something else
UNDECLARED = ("utf-8", "latin-1", "iso8859_2", "iso8859_5", "gb18030", "shift_jis", "euc_kr")
DEFAULT: tuple[str, ...] = ("",)


@lru_cache(maxsize=1024)
def terms_of(value: bytes) -> tuple[str, ...]:
    """Given the value of Specific Character Set, return its defined terms."""
    return tuple(term.strip(" \0") for term in value.decode("latin-1").split("\\"))


def unknown_terms(terms: tuple[str, ...]) -> list[str]:
    """Given defined terms, return those that name no character set."""
    return [term for term in terms if term and term not in python_encoding]


@lru_cache(maxsize=1024)
def encodings_of(terms: tuple[str, ...]) -> tuple[str, ...]:
    """Given defined terms, return Python's encodings; an unknown term is taken as the default."""
    with disable_value_validation():
        try:
            return tuple(convert_encodings([term for term in terms if term in python_encoding]))
        except UNDECODABLE:
            return ("iso8859",)


@lru_cache(maxsize=65536)
def decode(value: bytes, terms: tuple[str, ...]) -> str:
    """Given the bytes of a text and its character sets, return it without its padding.

    What cannot be decoded stands in it as U+FFFD.
    """
    if value.isascii() and b"\x1b" not in value:
        return value.decode("ascii").rstrip(" \0")
    encodings = encodings_of(terms)
    if len(encodings) == 1 and b"\x1b" not in value:
        return value.decode(encodings[0], "replace").rstrip(" \0")
    with disable_value_validation(), catch_warnings():
        # What cannot be decoded is told by U+FFFD; cron would mail a warning.
        simplefilter("ignore")
        text = decode_bytes(value, encodings, set(RESETTING))
    return text.rstrip(" \0")


@lru_cache(maxsize=4096)
def readings(value: bytes, terms: tuple[str, ...]) -> list[str]:
    """Given the bytes of a name and the character sets it is said to be in, return what it may say.

    First comes what is declared, if it can be read as that. Systems that pass on what they do not
    read declare wrong sets: what is not ASCII is read as UTF-8 too, and what is not what was
    declared as every other set in which its bytes mean something.
    """
    declared = decode(value, terms)
    if value.isascii():
        return [declared]
    strict = _strictly(value, "utf-8")
    if UNDECODED not in declared or (strict is not None and UNDECODED in strict):
        return [text for text in (declared, strict) if text is not None]
    found = (_strictly(value, encoding) for encoding in UNDECLARED)
    return [text for text in found if text is not None]


def _strictly(value: bytes, encoding: str) -> str | None:
    try:
        return value.decode(encoding).rstrip(" \0")
    except UnicodeDecodeError:
        return None


def encode(text: str, terms: tuple[str, ...]) -> bytes:
    """Given a text and character sets, return its bytes without padding.

    Raise UnicodeEncodeError where they cannot hold it.
    """
    if text.isascii():
        return text.encode("ascii")
    return bytes(encode_string(text, list(encodings_of(terms))))
