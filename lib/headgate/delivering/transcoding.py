"""An output in another transfer syntax, without loss, for a PACS that refuses the one it has."""

from collections.abc import Sequence
from dataclasses import replace

from pydicom.dataset import Dataset

from headgate.core.dicom.datasets import decoded, encoded
from headgate.core.dicom.elements import encoding_of, walk
from headgate.core.pixels.description import describe
from headgate.core.pixels.stored import is_told_apart_by_heads, reheaded
from headgate.deidentifying.cleaning import Clean
from headgate.stores import pixeldata
from headgate.stores.dicomfiles import understanding

Buffers = Sequence[bytes | memoryview]


def transcoded(output: Clean, transfer_syntax: str) -> Clean:
    """Given an output and an uncompressed syntax, return the same output in it.

    Frames are decoded and not compressed again, so that nothing is lost. Raise Rejected where they
    cannot be decoded.
    """
    with understanding():
        header = _header(output)
        pixels, told = _pixels(output, header, transfer_syntax)
        header.update(told)
        encoding = encoding_of(transfer_syntax)
        data = encoded(header, encoding)
        elements = {one.tag: data[one.start : one.end] for one in walk(data, encoding)}
    return replace(
        output,
        header=output.header.made_of(elements, encoding),
        pixels=pixels,
        encoding=encoding,
        transfer_syntax=transfer_syntax,
    )


def _header(output: Clean) -> Dataset:
    header = decoded(output.header.header(), output.header.encoding)
    for _ in header.iterall():  # decoded now: raw ones are written as they were read
        pass
    return header


def _pixels(output: Clean, header: Dataset, transfer_syntax: str) -> tuple[Buffers, Dataset]:
    """Return the pixel elements, and what tells of them otherwise than before."""
    stored, told = [memoryview(one) for one in output.pixels], Dataset()
    if not stored:
        return [], told
    if is_told_apart_by_heads(output.transfer_syntax, transfer_syntax):
        return reheaded(stored, output.transfer_syntax, transfer_syntax), told
    image, frames = pixeldata.opened(stored, output.transfer_syntax, describe(header))
    written = pixeldata.recoded(frames, transfer_syntax, image)
    told.PhotometricInterpretation = written.image.photometric
    if written.image.samples > 1:
        told.PlanarConfiguration = int(written.image.is_planar)
    return written.pixels, told
