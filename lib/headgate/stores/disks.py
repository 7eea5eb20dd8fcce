"""The disk of the data tree: whether it is mounted, and how much of it is free."""

import os
import shutil
from pathlib import Path

from headgate.core.errors import Unavailable


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
