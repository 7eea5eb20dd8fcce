"""Faces and the like taken out of pixels by a program that the site supplies.

It is given a file that is de-identified already and writes another one, of which nothing but the
pixels is taken: what it says in its header does not leave.
"""

import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from headgate.core.deid.rules.profile import Profile
from headgate.core.errors import Rejected
from headgate.core.pixels.stored import has_frames
from headgate.stores.dicomfiles import Instance, read_instance, understanding

INPUT, OUTPUT = "{input}", "{output}"
LONGEST_SECONDS = 600


def is_wanted(instance: Instance, profile: Profile) -> bool:
    """Given an instance and a profile, return whether the profile's program is to see it."""
    if not profile.features_command:
        return False
    with understanding():
        modality = str(instance.header.get("Modality", ""))
        return modality in profile.features_modalities and has_frames(
            instance.pixels, instance.transfer_syntax
        )


def without_features(file: Iterable[bytes | memoryview], profile: Profile) -> list[memoryview]:
    """Given a de-identified file in parts, return the pixel elements that the profile's program
    made of it.

    Raise Rejected where the program fails, or gives back other frames than it was given.
    """
    with tempfile.TemporaryDirectory(prefix="headgate-") as folder:
        before, after = Path(folder, "input.dcm"), Path(folder, "output.dcm")
        before.write_bytes(b"".join(file))
        _run([_filled(word, before, after) for word in profile.features_command])
        if not after.is_file():
            raise Rejected("the program for visual features wrote no output")
        given, made = read_instance(before), read_instance(after)
        from headgate.core.pixels.description import describe

        with understanding():
            is_alike = describe(given.header) == describe(made.header)
        if not is_alike or given.transfer_syntax != made.transfer_syntax:
            raise Rejected("the program for visual features gave back frames of another kind")
        return [memoryview(bytes(one)) for one in made.pixels]


def _run(command: Sequence[str]) -> None:
    try:
        done = subprocess.run(
            command, capture_output=True, check=False, timeout=LONGEST_SECONDS,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Rejected(
            f"the program for visual features cannot be run ({type(error).__name__})"
        ) from error
    if done.returncode:
        raise Rejected(f"the program for visual features ended with {done.returncode}")


def _filled(word: str, before: Path, after: Path) -> str:
    return word.replace(INPUT, str(before)).replace(OUTPUT, str(after))
