"""A mark of the key that studies went under: with another one they would go under other UIDs."""

import hashlib
import hmac

from headgate.core.errors import Misconfigured
from headgate.stores import files
from headgate.stores.layout import Layout

NAME = "key.mark"
MARKED = b"the key that this ledger was written under"


def checked(layout: Layout, key: bytes, path: str) -> bytes:
    """Given the data tree, the site's key and its file, return the key where it is the one that
    was noted, or none was. Raise Misconfigured.
    """
    try:
        noted = (layout.ledger / NAME).read_text("ascii", errors="replace").strip()
    except FileNotFoundError:
        return key
    if noted != _mark(key):
        raise Misconfigured(
            f"{path} holds another key than studies went under before: with it they would go "
            "under other UIDs, dates and names. Put the right one back from its copy; where "
            "there is none, the runbook in README.md tells what then"
        )
    return key


def note(layout: Layout, key: bytes) -> None:
    """Given the key that something goes under, note it if none was. Raise Unavailable."""
    path = layout.ledger / NAME
    if not path.exists():
        files.write_whole(path, _mark(key) + "\n")


def _mark(key: bytes) -> str:
    return hmac.digest(key, MARKED, hashlib.sha256).hex()
