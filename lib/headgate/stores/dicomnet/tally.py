"""What the receiver's processes count, in memory that they share: each writes in its own row."""

import mmap
import struct
import threading

WORDS = ("new", "same", "conflict", "no_room", "too_large", "no_data_set", "failed", "refused")
OPEN = len(WORDS)
CELL = struct.Struct("<q")
ROW_BYTES = CELL.size * (OPEN + 1)


class Board:
    """A row for each process, made before they part."""

    def __init__(self, rows: int) -> None:
        self._memory = mmap.mmap(-1, ROW_BYTES * rows)
        self._rows = rows

    def get(self, row: int, cell: int) -> int:
        """Given a row and a cell, return what it holds."""
        return int(CELL.unpack_from(self._memory, row * ROW_BYTES + cell * CELL.size)[0])

    def set(self, row: int, cell: int, value: int) -> None:
        """Given a row, a cell and a value, keep it there."""
        CELL.pack_into(self._memory, row * ROW_BYTES + cell * CELL.size, value)

    def open_in_all(self) -> int:
        """Return how many associations are open."""
        return sum(self.get(row, OPEN) for row in range(self._rows))

    def counts(self) -> dict[str, int]:
        """Return what was counted, by words; those never used are left out."""
        found = {
            word: sum(self.get(row, cell) for row in range(self._rows))
            for cell, word in enumerate(WORDS)
        }
        return {word: count for word, count in found.items() if count}

    def clear_open(self, row: int) -> None:
        """Given the row of a process that died, forget its associations: they died with it."""
        self.set(row, OPEN, 0)


class Tally:
    """One process's row."""

    def __init__(self, board: Board, row: int) -> None:
        self._board, self._row = board, row
        self._counting = threading.Lock()

    def count(self, word: str) -> None:
        """Given one of WORDS, count it."""
        self._add(WORDS.index(word), 1)

    def opened(self) -> None:
        """Count a connection more."""
        self._add(OPEN, 1)

    def closed(self) -> None:
        """Count a connection less."""
        self._add(OPEN, -1)

    def open_in_all(self) -> int:
        """Return how many connections are open in all processes."""
        return self._board.open_in_all()

    def _add(self, cell: int, count: int) -> None:
        with self._counting:
            self._board.set(self._row, cell, self._board.get(self._row, cell) + count)
