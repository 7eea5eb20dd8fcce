"""The grammar of what peers send, checked before it becomes part of a path or a message."""

import hashlib
import re
from urllib.parse import quote

UID = re.compile(r"[0-9]+(\.[0-9]+)*")  # PS3.5 9.1, lenient on leading zeros, which vendors write
UID_LENGTH = 64
AE_TITLE = re.compile(r"[\x20-\x5b\x5d-\x7e]{1,16}")  # PS3.5 Table 6.2-1, AE: no backslash
FOLDER_NAME_LENGTH = 150


def is_uid(text: str) -> bool:
    """Given a text, return whether it is a UID that can stand as a file name."""
    return len(text) <= UID_LENGTH and UID.fullmatch(text) is not None


def is_ae_title(text: str) -> bool:
    """Given a text, return whether it is an AE title that is not blank."""
    return AE_TITLE.fullmatch(text) is not None and bool(text.strip())


def safe_name(text: str) -> str:
    """Given what a peer sent, return a file name that stays in its folder.

    Letters, digits, `_`, `-` and inner dots stay as they are; all else is percent-encoded. A name
    that would be too long ends with a hash of the whole.
    """
    name = quote(text.strip(), safe="")
    if name.startswith("."):
        name = "%2E" + name[1:]
    if len(name) > FOLDER_NAME_LENGTH:
        name = name[: FOLDER_NAME_LENGTH - 17] + "-" + short_hash(text)
    return name


def short_hash(text: str) -> str:
    """Given a text, return 16 hexadecimal digits that stand for it."""
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:16]
