"""Where the private elements of a creator stand: PS3.5 7.8.1."""


def block_of(tag: int) -> tuple[int, int]:
    """Given a private element's tag, return its group and block."""
    return tag >> 16, (tag >> 8) & 0xFF


def is_creator(tag: int) -> bool:
    """Given a private tag, return whether it names the creator of a block."""
    return 0x10 <= tag & 0xFFFF <= 0xFF
