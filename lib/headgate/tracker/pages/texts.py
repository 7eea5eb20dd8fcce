"""Texts that people upload: files of CSV in UTF-8, as programs for tables write them."""

import hashlib
import json
from typing import Any

from headgate.tracker.pages.visits import Sent
from headgate.tracker.wire.answers import Refused


def uploaded_text(sent: Sent) -> str:
    """Given a form with a file, or with the text of one sent before, return it. Raise Refused."""
    file = sent.files.get("file")
    if file is None:
        if text := sent.value("text"):
            return text
        raise Refused("Choose a file first.")
    try:
        return file.content.decode("utf-8-sig").replace("\r\n", "\n").replace("\0", "")
    except UnicodeDecodeError as error:
        raise Refused("The file is not UTF-8 text: save it as CSV UTF-8.") from error


def digest_of(value: Any) -> str:
    """Given any value of JSON, return what tells it from every other one."""
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()
