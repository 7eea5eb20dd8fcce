"""A disk as a file, which forgets what it was not told to keep: a FUSE file system in a process.

`disk` is the device: what is written stays in memory until a flush. `survivor`, opened, is what a
power cut in this moment would leave: all that was flushed, and of the rest what chance kept, block
by block, as a disk's own cache may write in any order.
"""

import errno
import random
import stat
import sys
import threading

import mfusepy

BLOCK = 4096
NAMES = ("disk", "survivor")


class Forgetful(mfusepy.Operations):
    """The file system."""

    def __init__(self, size: int, seed: int) -> None:
        self._kept = bytearray(size)
        self._written: dict[int, bytes] = {}
        self._dice = random.Random(seed)
        self._guard = threading.Lock()
        self._survivors: dict[int, bytes] = {}

    def getattr(self, path, fh=None):
        if path == "/":
            return {"st_mode": stat.S_IFDIR | 0o700, "st_nlink": 2}
        if path[1:] not in NAMES:
            raise mfusepy.FuseOSError(errno.ENOENT)
        return {"st_mode": stat.S_IFREG | 0o600, "st_nlink": 1, "st_size": len(self._kept)}

    def readdir(self, path, fh):
        return [".", "..", *NAMES]

    def open(self, path, flags):
        if path != "/survivor":
            return 0
        with self._guard:
            number = len(self._survivors) + 1
            self._survivors[number] = self._after_a_cut()
            return number

    def release(self, path, fh):
        self._survivors.pop(fh, None)
        return 0

    def read(self, path, size, offset, fh):
        if path == "/survivor":
            return self._survivors[fh][offset : offset + size]
        with self._guard:
            first, last = offset // BLOCK, -(-(offset + size) // BLOCK)
            data = b"".join(self._block(number) for number in range(first, last))
            return data[offset - first * BLOCK :][:size]

    def write(self, path, data, offset, fh):
        with self._guard:
            end = offset + len(data)
            for number in range(offset // BLOCK, -(-end // BLOCK)):
                block = bytearray(self._block(number))
                start = number * BLOCK
                low, high = max(offset, start), min(end, start + BLOCK)
                block[low - start : high - start] = data[low - offset : high - offset]
                self._written[number] = bytes(block)
        return len(data)

    def fsync(self, path, datasync, fh):
        with self._guard:
            for number, block in self._written.items():
                self._kept[number * BLOCK : number * BLOCK + BLOCK] = block
            self._written.clear()
        return 0

    def truncate(self, path, length, fh=None):
        return 0

    def _block(self, number: int) -> bytes:
        if number in self._written:
            return self._written[number]
        return bytes(self._kept[number * BLOCK : number * BLOCK + BLOCK])

    def _after_a_cut(self) -> bytes:
        survivor = bytearray(self._kept)
        for number, block in self._written.items():
            if self._dice.random() < 0.5:
                survivor[number * BLOCK : number * BLOCK + BLOCK] = block
        return bytes(survivor)


if __name__ == "__main__":
    where, megabytes, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    mfusepy.FUSE(Forgetful(megabytes << 20, seed), where, foreground=True, direct_io=True)
