"""Small pictures of series, and the page that shows them."""

from collections.abc import Iterable
from html import escape
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.pixels import pixel_array

SIDE = 192
# what an instance without a picture, or a broken one, makes pydicom and its decoders raise
BROKEN = (ValueError, TypeError, KeyError, AttributeError, IndexError, NotImplementedError,
          EOFError, RuntimeError, OSError)  # fmt: skip
DARKEST, BRIGHTEST = 0.5, 99.5
PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<style>body{{font-family:sans-serif;margin:2em}}ul{{list-style:none;padding:0;display:flex;
flex-wrap:wrap;gap:1em}}li{{width:{side}px;font-size:small;overflow-wrap:anywhere}}
img{{width:100%;background:#000}}</style></head>
<body><h1>{title}</h1><ul>
{items}
</ul></body></html>
"""


class Shown(NamedTuple):
    """A series on the page: its picture's path or '', and lines about it."""

    picture: str
    lines: tuple[str, ...]


def picture(path: Path) -> bytes | None:
    """Given an instance, return its middle frame as a PNG; None where it has no picture."""
    try:
        header = dcmread(path, stop_before_pixels=True)
        frames = int(header.get("NumberOfFrames") or 1)
        pixels = pixel_array(path, index=frames // 2)
        return _png(_shown(pixels, header))
    except BROKEN:
        return None


def page(title: str, several: Iterable[Shown]) -> str:
    """Given a title and what is shown, return the page: it needs nothing from elsewhere."""
    items = "\n".join(
        f"<li>{_image(one)}{'<br>'.join(escape(line) for line in one.lines)}</li>"
        for one in several
    )
    return PAGE.format(title=escape(title), side=SIDE, items=items)


def _image(one: Shown) -> str:
    text = escape(one.lines[0], quote=True)
    return f'<img src="{escape(one.picture, quote=True)}" alt="{text}">' if one.picture else ""


def _shown(pixels: np.ndarray, header: Dataset) -> np.ndarray:
    if pixels.ndim == 3 and pixels.shape[-1] >= 3:
        return pixels[..., :3].astype(np.uint8)
    values = pixels.astype(np.float32)
    low, high = np.percentile(values, [DARKEST, BRIGHTEST])
    grey = np.clip((values - low) / max(high - low, 1.0), 0, 1) * 255
    is_inverse = header.get("PhotometricInterpretation") == "MONOCHROME1"
    return (255 - grey if is_inverse else grey).astype(np.uint8)


def _png(pixels: np.ndarray) -> bytes:
    image = Image.fromarray(pixels)
    image.thumbnail((SIDE, SIDE))
    stream = BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()
