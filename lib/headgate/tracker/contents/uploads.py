"""What a client sends as a file, made safe: its name, its media type, its content."""

import re
import unicodedata
from mimetypes import MimeTypes

from headgate.tracker.model.call import Call
from headgate.tracker.wire.answers import Refused
from headgate.tracker.wire.parameters import Upload

LONGEST_NAME = 255
MEDIA_TYPE = re.compile(r"[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]*/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]*")
UNKNOWN_TYPE = "application/octet-stream"
# Python's own table alone, so that every machine gives one answer.
BY_NAME = MimeTypes(filenames=())


def sent_file(call: Call) -> Upload:
    """Given a call, return the file that came with it, made safe. Raise Refused if none did."""
    upload = call.parameters.file
    if upload is None:
        # REDCap's text is not established.
        raise Refused("No valid file was uploaded: the request has no part named 'file'.")
    name = clean_name(upload.name)
    return Upload(name, media_type_of(name, upload.media_type), upload.content)


def clean_name(name: str) -> str:
    """Given a file's name, return it without folders and without signs that nobody can see."""
    last = name.encode("utf-8", "replace").decode().replace("\\", "/").rpartition("/")[2]
    seen = "".join(sign for sign in last if unicodedata.category(sign)[0] != "C").strip()
    return seen[-LONGEST_NAME:] if seen.strip(".") else "file"


def media_type_of(name: str, sent: str) -> str:
    """Given a file's name and the media type that was sent, return a media type that is one."""
    found = sent.partition(";")[0].strip()
    if MEDIA_TYPE.fullmatch(found) and found != UNKNOWN_TYPE:
        return found
    return BY_NAME.guess_type(name, strict=True)[0] or UNKNOWN_TYPE
