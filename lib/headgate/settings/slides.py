"""Settings of whole-slide images."""

from dataclasses import dataclass


@dataclass(frozen=True)
class SlideSettings:
    """What becomes of the whole-slide images that people copy to site/slides/."""

    mode: str = "dicom"
    share: str = ""
    coupling_list: str = ""
    note_minutes: int = 10
