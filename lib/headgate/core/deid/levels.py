"""A level: a data set, or an item of a sequence, whose elements stand beside one another."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from headgate.core.deid import coding
from headgate.core.deid.context import Context
from headgate.core.deid.identifiers.patient import CHARACTER_SET
from headgate.core.deid.reading import Path
from headgate.core.deid.rules import private
from headgate.core.dicom.elements import Data, Element
from headgate.core.dicom.private import block_of, is_creator
from headgate.core.dicom.repertoire import terms_of

Creators = Mapping[tuple[int, int], str]


class Level(NamedTuple):
    """Where elements stand: in what context, beside which private creators, at which path, and of
    which code.
    """

    data: Data
    context: Context
    creators: Creators
    tags: frozenset[int]
    path: Path
    code: coding.Code = coding.NO_CODE


def level_of(data: Data, elements: Sequence[Element], around: Context, path: Path) -> Level:
    """Given the elements of a data set or item and the context around it, return their level."""
    context = around.within(_terms(data, elements, around), around.reading)
    tags = frozenset(element.tag for element in elements)
    is_item_of_code = bool(path) and not tags.isdisjoint(coding.PARTS)
    code = coding.code_of(data, elements) if is_item_of_code else coding.NO_CODE
    return Level(data, context, _creators(data, elements), tags, path, code)


def beside_bytes(level: Level, tag: int) -> bytes:
    """Given a tag of a level, return what decides what becomes of its element, beside its bytes and
    the context.
    """
    if not tag & 0x10000:
        return b"\\".join(level.code) if tag in coding.PARTS else b""
    if is_creator(tag):
        return b"\1" if keeps_creator(level, tag) else b"\0"
    return b"\\" + creator_of(level, tag).encode()


def keeps_creator(level: Level, tag: int) -> bool:
    """Given the tag of a private creator, return whether something of its block stays."""
    block = (tag >> 16, tag & 0xFF)
    return private.keeps_block(level.creators.get(block, ""), *block, level.tags)


def creator_of(level: Level, tag: int) -> str:
    """Given the tag of a private element, return who created it; none: blank."""
    return level.creators.get(block_of(tag), "")


def _terms(data: Data, elements: Iterable[Element], context: Context) -> tuple[str, ...]:
    for one in elements:
        if one.tag == CHARACTER_SET:
            return terms_of(bytes(data[one.value : one.end]))
        if one.tag > CHARACTER_SET:
            break
    return context.terms


def _creators(data: Data, elements: Iterable[Element]) -> Creators:
    return {
        (one.tag >> 16, one.tag & 0xFF): private.name_of(
            bytes(data[one.value : one.end]).decode("latin-1").strip(" \0")
        )
        for one in elements
        if one.tag >> 16 in private.SAFE_GROUPS and is_creator(one.tag)
    }
