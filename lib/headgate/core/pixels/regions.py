"""What is blanked before anything is read: outside ultrasound regions, and where devices write."""

from collections.abc import Iterable
from typing import NamedTuple

from headgate.core.pixels.boxes import Box, clipped
from headgate.core.pixels.description import Description


class Template(NamedTuple):
    """Where a device writes about its patient: on frames of one size, boxes to blank.

    Manufacturer and model are parts of the names that the header gives, in any case; what is blank
    or zero is of any kind.
    """

    manufacturer: str
    model: str
    rows: int
    columns: int
    boxes: tuple[Box, ...]
    modality: str = ""


# Places as users of RSNA's Clinical Trial Processor have reported them for its pixel anonymizer
TEMPLATES = (
    Template("siemens", "s2000", 768, 1024, (Box(0, 0, 1024, 60),)),
    Template("siemens", "antares", 768, 1024, (Box(0, 0, 1024, 60), Box(800, 65, 904, 79))),
    Template("siemens", "acuson", 600, 800, (Box(0, 0, 800, 43), Box(128, 56, 144, 72))),
    Template("acuson", "sequoia", 480, 640, (Box(0, 0, 640, 30),)),
    Template("atl", "hdi 5000", 476, 640, (Box(40, 0, 240, 40), Box(240, 0, 430, 16))),
    Template("philips", "iu22", 480, 640, (Box(0, 0, 640, 47),)),
    Template("philips", "iu22", 600, 800, (Box(0, 0, 800, 59),)),
    Template("philips", "epiq", 768, 1024, (Box(0, 0, 1024, 49),)),
    Template("toshiba", "a500", 720, 960, (Box(0, 0, 960, 60),)),
    Template("supersonic", "aixplorer", 1050, 1400, (Box(0, 0, 1400, 89),)),
)


def template_boxes(image: Description, added: Iterable[Template] = ()) -> list[Box]:
    """Given frames and the templates that a profile adds, return the boxes where text stands."""
    boxes = (
        clipped(box, image.rows, image.columns)
        for template in (*TEMPLATES, *added)
        if _is_of(template, image)
        for box in template.boxes
    )
    return [box for box in boxes if box]


def kept_regions(image: Description) -> list[Box] | None:
    """Given frames, return the ultrasound regions outside of which all is blanked.

    None: the device told of none, so nothing can be blanked by them.
    """
    inside = (clipped(box, image.rows, image.columns) for box in image.regions)
    return [box for box in inside if box] or None


def _is_of(template: Template, image: Description) -> bool:
    return (
        template.manufacturer.casefold() in image.manufacturer.casefold()
        and template.model.casefold() in image.model.casefold()
        and template.modality.upper() in ("", image.modality.upper())
        and template.rows in (0, image.rows)
        and template.columns in (0, image.columns)
    )
