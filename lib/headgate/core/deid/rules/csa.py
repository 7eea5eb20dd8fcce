"""The CSA headers of Siemens MR, written anew with nothing in them but what names nobody.

Siemens publishes no description; NiBabel's "Siemens format DICOM with CSA header" has one. What
stays is measured values, the codes of TEXTS, and the numbers of the protocol (ASCCONV).
"""

import re
from collections.abc import Callable
from functools import lru_cache

from headgate.core.dicom.csaheader import ELEMENT, HEAD, ITEM, MAGIC, Broken, Element, elements_of

UNUSED = 77
NUMBERS = frozenset({b"DS", b"FD", b"FL", b"IS", b"SL", b"SS", b"UL", b"US"})
NUMBER = re.compile(rb"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
CODE = re.compile(rb"[\w;:,.*+|/=<> -]{0,64}")
# Siemens' names of elements whose texts are codes of the machine's own
TEXTS = frozenset(
    b"AcquisitionMatrixText B1rmsSupervision CoilForGradient CoilForGradient2 CoilString"
    b" DiffusionDirectionality FlowCompensation GradientMode GSWDDataType ICE_Dims ImaCoilString"
    b" ImaPATModeText PATModeText PhaseSliceOversampling PositivePCSDirections RFSWDDataType"
    b" SafetyStandard".split()
)
PROTOCOLS = frozenset({b"MrPhoenixProtocol", b"MrProtocol"})
# Of the patient, of a day, or of another object
PERSONAL = re.compile(rb"Patient|PatRein|Birth|Weight|Height|\bAge|Sex|Date|UID|ReferenceImage")
ASSIGNMENT = re.compile(
    rb"^[ \t]*([A-Za-z_][\w.\[\]]*)[ \t]*=[ \t]*"
    rb"(0x[0-9a-fA-F]+|[-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?)[ \t]*(?:#[^\n]*)?\r?$",
    re.MULTILINE,
)
BEGIN, END = b"### ASCCONV BEGIN", b"### ASCCONV END ###"
IsTelling = Callable[[bytes], bool]


def rewritten(value: bytes, is_telling: IsTelling) -> bytes | None:
    """Given a CSA header and what tells whether bytes name the patient, return it written anew
    with what may stay; None: it is no CSA header, or nothing of it stays.
    """
    try:
        elements = list(elements_of(value))
    except Broken:
        return None
    whole = _written(elements, lambda _: False)
    # mostly nothing tells, and one search is cheaper than one for each item
    return _written(elements, is_telling) if whole and is_telling(whole) else whole


def _written(elements: list[Element], is_telling: IsTelling) -> bytes | None:
    kept = [_cleaned(element, is_telling) for element in elements]
    written = [_encoded(element) for element in kept if element is not None]
    return MAGIC + HEAD.pack(len(written), UNUSED) + b"".join(written) if written else None


def _cleaned(element: Element, is_telling: IsTelling) -> Element | None:
    if PERSONAL.search(element.name):
        return None
    if element.name in PROTOCOLS:
        items = tuple(_numbers_of_protocol(one, is_telling) for one in element.items)
    elif element.vr in NUMBERS:
        items = tuple(one if NUMBER.fullmatch(one.strip()) else b"" for one in element.items)
    elif element.name in TEXTS:
        items = tuple(one if CODE.fullmatch(one) else b"" for one in element.items)
    else:
        return None
    items = tuple(b"" if one and is_telling(one) else one for one in items)
    return element._replace(items=items) if any(items) else None


@lru_cache(maxsize=256)
def _assignments(text: bytes) -> tuple[tuple[bytes, bytes], ...]:
    start = text.find(BEGIN)
    found = ASSIGNMENT.findall(text, start) if start >= 0 else []
    return tuple((name, number) for name, number in found if not PERSONAL.search(name))


def _numbers_of_protocol(text: bytes, is_telling: IsTelling) -> bytes:
    lines = [
        name + b"\t = \t" + number
        for name, number in _assignments(text)
        if not is_telling(number) and not is_telling(name)
    ]
    return b"\n".join([BEGIN + b" ###", *lines, END, b""]) if lines else b""


@lru_cache(maxsize=4096)
def _encoded(element: Element) -> bytes:
    parts = [
        ELEMENT.pack(
            element.name[:63], element.multiplicity, element.vr[:3], element.kind,
            len(element.items), UNUSED,
        )
    ]  # fmt: skip
    for one in element.items:
        length = len(one) + bool(one)  # with the zero that ends it
        parts.append(ITEM.pack(length, length, UNUSED, length))
        parts.append(one + bytes(bool(one)) + bytes(-length % 4))
    return b"".join(parts)
