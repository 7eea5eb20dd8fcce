"""A search of outputs for planted texts: decoded at all depths, in raw bytes, in file names."""

from __future__ import annotations

import re
import struct
import zlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pydicom import dcmread
from pydicom.datadict import dictionary_has_tag
from pydicom.dataset import Dataset

from planting.writings import folded, transcribed

ENCODINGS = (
    "utf-8", "latin-1", "iso8859-2", "iso8859-5", "iso8859-6", "iso8859-8", "gb18030", "shift_jis",
    "euc_jp", "iso2022_jp", "euc_kr", "utf-16-le", "utf-16-be",
)  # fmt: skip
DEFLATED = "1.2.840.10008.1.2.1.99"
SHORTEST = 5
MARKS = re.compile(r"[\W_]+")
PIXELS = re.compile(rb"[\xe0]\x7f\x10\x00")


@dataclass(frozen=True)
class Output:
    """A file that left: its texts, its bytes in lower case, its path."""

    texts: str
    squeezed: str
    data: bytes
    path: str
    dataset: Dataset


def read(path: Path, root: Path) -> Output:
    """Given a file that left and the folder of all, return what is searched of it."""
    file = path.read_bytes()
    dataset = dcmread(path)
    data = file
    if dataset.file_meta.TransferSyntaxUID == DEFLATED:
        start = 144 + dataset.file_meta.FileMetaInformationGroupLength
        data += zlib.decompressobj(-zlib.MAX_WBITS).decompress(file[start:])
    texts = "\n".join(_texts(dataset))
    plain = folded(texts).casefold()
    return Output(
        texts=f"{texts.casefold()}\n{plain}", squeezed=MARKS.sub("", plain),
        data=data.lower(), path=str(path.relative_to(root)).casefold(), dataset=dataset,
    )  # fmt: skip


def _texts(dataset: Dataset) -> list[str]:
    found = []
    for element in dataset:
        if element.tag.group >= 0x7FE0:
            continue
        if element.VR == "SQ":
            found += [text for item in element.value for text in _texts(item)]
        elif element.VR in ("UI", "DS", "IS", "FL", "FD") and dictionary_has_tag(element.tag):
            continue
        elif isinstance(element.value, bytes):
            found += [element.value.decode("latin-1"), element.value.decode("utf-16-le", "replace")]
        else:
            found.append(str(element.value))
    return found


def is_in(text: str, output: Output) -> bool:
    """Given a planted text and an output, return whether it is there, in any form."""
    for form in forms(text):
        guard = "" if len(form) >= 6 and not form.isdigit() else r"(?<![^\W_]){}(?![^\W_])"
        pattern = guard.format(re.escape(form)) if guard else re.escape(form)
        if re.search(pattern, output.texts) or re.search(pattern, output.path):
            return True
    return any(
        needle in output.data and _stands_alone(needle, output.data) for needle in needles(text)
    )


@cache
def forms(text: str) -> frozenset[str]:
    """Given a text, return the ways it may be written, in lower case."""
    plain = {text, folded(text), transcribed(text)}
    plain |= {MARKS.sub(" ", one).strip() for one in plain}
    return frozenset(one.casefold() for one in plain if one.strip())


@cache
def needles(text: str) -> frozenset[bytes]:
    """Given a text, return its bytes in every encoding, in lower case."""
    found = set()
    for form in {text, text.upper(), text.lower(), folded(text)}:
        for encoding in ENCODINGS:
            try:
                data = form.encode(encoding).lower()
            except UnicodeEncodeError:
                continue
            if len(data) - data.count(0) >= SHORTEST:
                found.add(data)
    if text.isdecimal():  # as machines hold it
        found |= {struct.pack(order, int(text)).lower() for order in ("<d", ">d")}
    return frozenset(found)


def _stands_alone(needle: bytes, data: bytes) -> bool:
    """Return whether bytes that are short stand alone: longer ones do not meet by chance."""
    if len(needle) > 7:
        return True
    place = data.find(needle)
    before, after = data[place - 1 : place], data[place + len(needle) :][:1]
    return not (before.isalnum() or after.isalnum())
