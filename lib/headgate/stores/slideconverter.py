"""Runs apart: one whole-slide image to DICOM by wsidicomizer, told what by JSON on its input.

Decoders of foreign formats may die, and take others with them; nothing of what they say is passed
on, as it may quote the slide's label. Standard library and wsidicomizer alone.
"""

import hashlib
import hmac
import json
import sys
from collections.abc import Callable
from datetime import date
from typing import Any

LACKING, FAILED = 3, 4


def convert(told: dict[str, Any]) -> None:
    """Given the slide, where its levels go, its values and what UIDs are made of, convert it.

    Labels, overviews and thumbnails are left out, and what the scanner noted of people.
    """
    from pydicom.uid import UID
    from wsidicom.metadata import Patient, PatientSex, Series, Slide, Study
    from wsidicomizer import WsiDicomizer
    from wsidicomizer.metadata import WsiDicomizerMetadata

    values = told["values"]
    sex = {"M": PatientSex.M, "F": PatientSex.F, "O": PatientSex.O}.get(values.get("sex", ""))
    metadata = WsiDicomizerMetadata(
        patient=Patient(
            values.get("patient_name"), values["patient_id"], _date(values.get("birth_date")), sex
        ),
        study=Study(
            UID(told["study"]),
            date=_date(values.get("study_date")),
            accession_number=values.get("accession_number"),
            description=values.get("study_description"),
        ),
        series=Series(UID(told["series"]), 1, values.get("series_description")),
        slide=Slide(values.get("slide_id")),
    )
    WsiDicomizer.convert(
        told["slide"],
        told["into"],
        metadata=metadata,
        uid_generator=_uids(bytes.fromhex(told["key"]), UID),
        include_label=False,
        include_overview=False,
        include_thumbnail=False,
        include_confidential=False,
    )


def _uids(key: bytes, make: Callable[[str], Any]) -> Callable[[], Any]:
    """UIDs that stand for the slide: converted again, it has the same."""
    count = iter(range(sys.maxsize))

    def made() -> Any:
        digest = bytearray(hmac.digest(key, str(next(count)).encode(), hashlib.sha256)[:16])
        digest[6] = digest[6] & 0x0F | 0x80  # RFC 9562 5.8: version 8, variant 10
        digest[8] = digest[8] & 0x3F | 0x80
        return make(f"2.25.{int.from_bytes(digest, 'big')}")

    return made


def _date(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def main() -> int:
    """Convert; return an exit code, and say nothing but what kind of trouble there was."""
    try:
        import wsidicomizer  # noqa: F401
    except (ImportError, OSError):
        return LACKING
    sys.excepthook = lambda kind, _value, _trace: sys.stderr.write(f"\n{kind.__name__}")
    convert(json.load(sys.stdin))
    return 0


if __name__ == "__main__":
    sys.exit(main())
