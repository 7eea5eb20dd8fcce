"""Bytes damaged at random: flipped, cut out, put in."""

from __future__ import annotations

import random
from collections.abc import Callable


def damaged(
    data: bytes, dice: random.Random, first: int, times: int, more: Callable[[bytes], bytes]
) -> bytes:
    """Given bytes, damage them so many times, never before the first; `more` is told of what stands
    between that and the place, and tells what is put in there.
    """
    found = bytearray(data)
    for _ in range(times):
        at = dice.randrange(first, len(found))
        match dice.randrange(3):
            case 0:
                found[at] = dice.randrange(256)
            case 1:
                del found[at : at + dice.randint(1, 8)]
            case _:
                found[at:at] = more(bytes(found[first:at]))
    return bytes(found)
