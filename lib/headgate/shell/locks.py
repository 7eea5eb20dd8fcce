"""One kernel lock a script: the kernel frees it when its holder dies, so nothing is left over."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from headgate.core.errors import Busy
from headgate.stores import files


@contextmanager
def held(folder: Path, names: tuple[str, ...], wait_seconds: float) -> Iterator[None]:
    """Given locks by name, hold them all.

    Raise Busy when one is not free within the time; Unavailable when the disk takes nothing.
    """
    with ExitStack() as stack:
        for name in sorted(names):
            path = folder / f"{name}.lock"
            lock = FileLock(path, timeout=wait_seconds, mode=0o640)
            try:
                with files.disk_errors(path):
                    stack.enter_context(lock)
            except Timeout:
                raise Busy(f"another run of {name} is at work: this one leaves it alone") from None
        yield
