"""New UIDs for old: PS3.5 chapter 9 and Annex B."""

import hashlib
import hmac
import re
from functools import lru_cache

from headgate.core.deid.identity import Recipe
from headgate.core.errors import Misconfigured

WELL_KNOWN = "1.2.840.10008."  # PS3.6 Annex A: classes, transfer syntaxes, frames of reference
FIONA_ROOT = "1.3.6.1.4.1.45037."
FIONA_LENGTH = 63
FIONA_DIGITS = str.maketrans("abcdef", "012345")
LENGTH = 64  # PS3.5 9.1
ROOT = re.compile(r"(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*))+")
NUMBER_BITS = 128  # no fewer, so that two UIDs never meet


def replace_uid(uid: str, recipe: Recipe) -> str:
    """Given a UID and a recipe, return the UID that stands for it in the recipe's project.

    Well-known UIDs and the empty one stay. A study's own UID has its own function, since the
    scheme of FIONA treats it differently.
    """
    return _replace(_bare(uid), recipe, is_study=False)


def replace_study_uid(uid: str, recipe: Recipe) -> str:
    """Given a Study Instance UID and a recipe, return the one that stands for it."""
    return _replace(_bare(uid), recipe, is_study=True)


def uid_of(words: str, key: bytes) -> str:
    """Given words that no two things share and a secret, return the UID that stands for them."""
    return _keyed(words, key, None)


def _bare(uid: str) -> str:
    return uid.strip(" \0")


def _replace(uid: str, recipe: Recipe, *, is_study: bool) -> str:
    if not uid or (uid.startswith(WELL_KNOWN) and ROOT.fullmatch(uid)):
        return uid
    if recipe.profile.uids or uid in recipe.mapped:
        return uid
    if recipe.uid_scheme == "fiona":
        return _fiona(uid, recipe.project, is_padded=not is_study)
    return _keyed(uid, recipe.key, recipe.uid_root)


@lru_cache(maxsize=65536)
def _keyed(uid: str, key: bytes, root: str | None) -> str:
    digest = hmac.digest(key, b"uid\0" + uid.encode(), hashlib.sha256)
    if root is None:
        return f"2.25.{_uuid8(digest)}"
    return _under(root, int.from_bytes(digest, "big"))


def _uuid8(digest: bytes) -> int:
    # RFC 9562 5.8: version 8 in the seventh byte, variant 10 in the ninth
    data = bytearray(digest[:16])
    data[6] = data[6] & 0x0F | 0x80
    data[8] = data[8] & 0x3F | 0x80
    return int.from_bytes(data, "big")


def _under(root: str, number: int) -> str:
    room = LENGTH - len(root) - 1
    # a power of two below the largest number of that many digits, for no digit is ever lost
    bits = min((10**room).bit_length() - 1, 160) if room > 0 else 0
    if ROOT.fullmatch(root) is None or bits < NUMBER_BITS:
        raise Misconfigured(f"uid_root {root!r} is no UID root, or leaves no room after it")
    top = 1 << (bits - 1)
    return f"{root}.{number % top | top}"


@lru_cache(maxsize=65536)
def _fiona(uid: str, project: str, *, is_padded: bool) -> str:
    # FIONA hashes the stored bytes, the padding NUL of an odd length included
    padding = "\0" if is_padded and len(uid) % 2 else ""
    digits = hashlib.sha256((uid + padding + project).encode()).hexdigest()
    return (FIONA_ROOT + digits.translate(FIONA_DIGITS))[:FIONA_LENGTH]
