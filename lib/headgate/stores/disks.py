"""The disks under the data tree: whether they are there, lie as links need it, and have room."""

import os
import shutil
from pathlib import Path

from headgate.core.errors import Misconfigured, Unavailable
from headgate.stores.layout import Layout


def check_mounted(place: str) -> None:
    """Given where a disk has to be mounted, or '', raise Unavailable while none is: what is written
    beneath is hidden as soon as one is.
    """
    if place and not os.path.ismount(place):
        raise Unavailable(
            f"nothing is mounted at mount_point, {place}: mount the disk of datadir; until then "
            "nothing is written"
        )


def free_bytes(path: Path) -> int:
    """Given a path on the data partition, return the bytes that a user may still write."""
    room = os.statvfs(path)
    return room.f_bavail * room.f_frsize


def free_percent(path: Path) -> float:
    """Given a path on the data partition, return how much of it is free, 0 to 100."""
    usage = shutil.disk_usage(path)
    return 100 * usage.free / usage.total


def check_together(layout: Layout) -> None:
    """Given a data tree, raise Misconfigured where a part of it lies elsewhere that others have
    links into, or that files are moved into.
    """
    site = layout.site.resolve()
    for folder in (layout.archive, layout.arrived, layout.temp, layout.raw, layout.participants,
                   layout.unknown):  # fmt: skip
        place = folder.resolve()
        if place != site / folder.relative_to(layout.site):
            raise _elsewhere(folder, f"leads to {place}")
    disk = layout.archive.stat().st_dev
    for folder in (layout.arrived, layout.temp):
        if folder.stat().st_dev != disk:
            raise _elsewhere(folder, "has a file system of its own")


def _elsewhere(folder: Path, how: str) -> Misconfigured:
    return Misconfigured(
        f"{folder} {how}: site/ has to lie on one file system, as its folders are linked to each "
        "other; move it back, or all of datadir to where there is room"
    )
