"""What a header says of its frames: PS3.3 C.7.6.3, the Image Pixel Module."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from headgate.core.errors import Rejected
from headgate.core.pixels.boxes import Box

if TYPE_CHECKING:
    from pydicom import Dataset

# PS3.3 C.7.6.3.1.2: what one sample, or three, can stand for
GREY, PALETTE = ("MONOCHROME1", "MONOCHROME2"), "PALETTE COLOR"
COLOURS = ("RGB", "YBR_FULL", "YBR_FULL_422", "YBR_RCT", "YBR_ICT")
ULTRASOUND_REGIONS = "SequenceOfUltrasoundRegions"
CORNERS = (
    "RegionLocationMinX0",
    "RegionLocationMinY0",
    "RegionLocationMaxX1",
    "RegionLocationMaxY1",
)


@dataclass(frozen=True)
class Description:
    """The frames of an instance: their size, what their samples mean, and what device made them.

    `padding` is a pixel value that is no image; `window` are the ends of the first VOI window in
    stored values; `regions` are those that an ultrasound device calibrated.
    """

    photometric: str
    rows: int
    columns: int
    samples: int = 1
    frames: int = 1
    bits_allocated: int = 8
    bits_stored: int = 8
    high_bit: int = 7
    is_signed: bool = False
    is_planar: bool = False
    padding: int | None = None
    window: tuple[float, float] | None = None
    regions: tuple[Box, ...] = ()
    manufacturer: str = ""
    model: str = ""
    modality: str = ""

    @property
    def middle(self) -> int:
        """Return the sample value of no colour difference: PS3.3 C.7.6.3.1.2, YBR_FULL."""
        return 1 << (self.bits_stored - 1)

    @property
    def limits(self) -> tuple[int, int]:
        """Return the lowest and highest value that a stored sample can have."""
        if self.is_signed:
            return -self.middle, self.middle - 1
        return 0, (1 << self.bits_stored) - 1


def describe(header: "Dataset") -> Description:
    """Given a header, return what it says of its frames.

    Raise Rejected where its attributes do not make frames.
    """
    photometric = str(header.get("PhotometricInterpretation", ""))
    samples = _whole(header, "SamplesPerPixel")
    is_known = photometric in (*GREY, PALETTE) if samples == 1 else photometric in COLOURS
    if samples not in (1, 3) or not is_known:
        raise Rejected("its photometric interpretation is none whose pixels can be cleaned")
    stored = _whole(header, "BitsStored")
    return Description(
        photometric,
        _whole(header, "Rows"),
        _whole(header, "Columns"),
        samples,
        max(1, int(header.get("NumberOfFrames") or 1)),
        _whole(header, "BitsAllocated"),
        stored,
        int(header.get("HighBit", stored - 1)),
        header.get("PixelRepresentation", 0) == 1,
        samples == 3 and header.get("PlanarConfiguration", 0) == 1,
        _padding(header),
        _window(header),
        tuple(_regions(header)),
        str(header.get("Manufacturer", "")),
        str(header.get("ManufacturerModelName", "")),
        str(header.get("Modality", "")),
    )


def _whole(header: "Dataset", keyword: str) -> int:
    value = header.get(keyword)
    if not isinstance(value, int) or value < 1:
        raise Rejected(f"{keyword} is no number that makes frames")
    return value


def _padding(header: "Dataset") -> int | None:
    value = header.get("PixelPaddingValue")
    return value if isinstance(value, int) else None


def _window(header: "Dataset") -> tuple[float, float] | None:
    """PS3.3 C.11.2.1.2: window center and width are of values after the modality LUT."""
    center, width = _first(header.get("WindowCenter")), _first(header.get("WindowWidth"))
    slope = _first(header.get("RescaleSlope")) or 1.0
    intercept = _first(header.get("RescaleIntercept")) or 0.0
    if center is None or width is None or width <= 0:
        return None
    low, high = ((center + side * width / 2 - intercept) / slope for side in (-1, 1))
    return min(low, high), max(low, high)


def _first(value: Any) -> float | None:
    one = (
        value[0] if isinstance(value, Sequence) and not isinstance(value, str) and value else value
    )
    try:
        number = float(one)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def _regions(header: "Dataset") -> list[Box]:
    """PS3.3 C.8.5.5.1.1: the corners of each region, both within it."""
    found = []
    for item in header.get(ULTRASOUND_REGIONS) or ():
        corners = [item.get(name) for name in CORNERS]
        if all(isinstance(corner, int) and corner >= 0 for corner in corners):
            left, top, right, bottom = corners
            found.append(Box(left, top, right + 1, bottom + 1))
    return found
