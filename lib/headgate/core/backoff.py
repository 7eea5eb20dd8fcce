"""When to try again."""

import random


def delay_seconds(attempts: int, first: float, longest: float, dice: random.Random) -> float:
    """Given how often it failed, return the seconds to wait: doubling, capped, with full jitter.

    The wait lies between half and the whole of `first * 2**(attempts - 1)`, at most `longest`.
    """
    full = min(longest, first * 2 ** min(max(attempts - 1, 0), 30))
    return full / 2 + dice.random() * full / 2
