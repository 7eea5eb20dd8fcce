"""Mutated files: each leaves clean, or is refused with a reason; none breaks or hangs the engine."""

import random
import time
from pathlib import Path

import factories
import pydicom
import pytest
from deidentifying import judged
from headgate.core.deid.gate import find_leaks
from headgate.core.deid.identifiers.patient import identifiers_of
from headgate.core.deid.identity import Recipe, project_key
from headgate.core.deid.rules.profile import Profile
from headgate.core.errors import Excluded, Rejected
from headgate.deidentifying.cleaning import clean
from headgate.stores.dicomfiles import take_apart, understanding
from pydicom.uid import ExplicitVRLittleEndian

# what reads text in pixels has tests of its own, and takes a second
PROFILE = Profile(clean_pixels=False)
RECIPE = Recipe("LUNG", "LUNG-001", "baseline", project_key(b"k" * 32, "LUNG"), profile=PROFILE)
PACKAGED = Path(pydicom.__file__).parent / "data"
LARGEST = 60_000
SEEDS, EACH = 20, 500
PREAMBLE = 132
# a hang, on the slowest machine: a file takes a few thousandths
LONGEST_SECONDS = 30.0
INTERESTING = (
    b"\xff\xff\xff\xff", b"\xfe\xff\x00\xe0", b"\xfe\xff\x0d\xe0", b"\xfe\xff\xdd\xe0", b"SQ\0\0",
    b"UN\0\0", b"\x08\0\x05\0", b"\x10\0\x10\0", b"\x1b$B", b"ISO 2022 IR 87", b"\\", b"\0" * 8,
    b"PN\xff\xff", b"UT\0\0\xff\xff\xff\x7f", b"\xe0\x7f\x10\0",
)  # fmt: skip


def sources():
    (made,) = factories.Study("fuzz").instances(1)
    made.SeriesDescription = f"of {factories.PATIENT_NAME.split('^')[0]}"
    folders = ("test_files", "charset_files")
    packaged = [path for folder in folders for path in sorted((PACKAGED / folder).glob("*.dcm"))]
    files = [path.read_bytes() for path in packaged if path.stat().st_size < LARGEST]
    head = factories.head(made.SOPClassUID, made.SOPInstanceUID, ExplicitVRLittleEndian)
    dataset = factories.encoded(made)[1]
    bare = [dataset, (head + dataset)[PREAMBLE:]]  # as old modalities export it
    return [head + dataset, *bare, *files]


def outcome(data):
    """Return the instance and what may leave of it, or the reason why nothing may."""
    try:
        with understanding():
            instance = take_apart(data)
        return instance, clean(instance, RECIPE)
    except (Rejected, Excluded) as reason:
        return str(reason)


SOURCES = [data for data in sources() if not isinstance(outcome(data), str)]


def mutated(dice):
    data = bytearray(dice.choice(SOURCES))
    first = PREAMBLE if data[128:PREAMBLE] == b"DICM" else 0
    for _ in range(dice.randint(1, 4)):
        at = dice.randrange(first, len(data))
        match dice.randrange(10):
            case 0 | 6 | 7 | 8 | 9:
                data[at] = dice.randrange(256)
            case 1:
                del data[at : at + dice.randint(1, 200)]
            case 2:
                data[at:at] = dice.choice(INTERESTING)
            case 3:
                piece = dice.choice(INTERESTING)
                data[at : at + len(piece)] = piece
            case 4:
                start = dice.randrange(first, len(data))
                data[at:at] = data[start : start + dice.randint(1, 400)]
            case _:
                del data[at:]
        if len(data) < 140:
            break
    return bytes(data)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_mutated_file_leaves_clean_or_is_refused(seed):
    dice, left = random.Random(seed), 0
    for number in range(EACH):
        data, began = mutated(dice), time.thread_time()
        found = outcome(data)
        assert time.thread_time() - began < LONGEST_SECONDS, (seed, number)
        assert found
        if isinstance(found, str):
            continue
        left += 1
        instance, output = found
        with understanding():
            told = identifiers_of(instance.head, instance.elements, instance.encoding, {})
        header = judged(output.header)
        assert find_leaks(header, instance.encoding, told) == [], (seed, number)
        assert output.study.startswith(("2.25.", "1.2.840.10008."))
    assert left > EACH / 10
