"""Names in other character sets than are declared: found in texts, and found by the gate."""

import factories
import pytest
from headgate.core.deid.engine import deidentify
from headgate.core.deid.gate import find_leaks
from headgate.core.deid.identifiers.patient import identifiers_of
from headgate.core.deid.identity import Recipe, project_key
from headgate.core.deid.memory import Memory
from headgate.core.dicom.elements import Encoding, head, walk
from headgate.core.dicom.repertoire import decode, encode, readings, terms_of
from headgate.core.errors import Rejected

EXPLICIT = Encoding(is_implicit=False, is_little=True)
RECIPE = Recipe("LUNG", "LUNG-001", "baseline", project_key(b"k" * 32, "LUNG"))
NAMES = {
    "Bråthen": ("utf-8", "latin-1", "cp850"),
    "Weißhäuptl": ("utf-8", "latin-1", "iso8859_2"),
    "Wiśniewska": ("utf-8", "iso8859_2", "cp1250"),
    "Кузнецова": ("utf-8", "iso8859_5", "cp1251", "koi8_r"),
    "Παπαδόπουλος": ("utf-8", "iso8859_7"),
    "المنصوري": ("utf-8", "iso8859_6", "cp1256"),
    "Yıldırım": ("utf-8", "iso8859_9"),
    "欧阳": ("utf-8", "gb18030"),
    "高橋": ("utf-8", "shift_jis", "euc_jp"),
    "황보": ("utf-8", "euc_kr"),
}
DECLARED = ("", "ISO_IR 100", "ISO_IR 144", "ISO_IR 192")
EVERY = [
    (name, encoding, other, declared)
    for name, encodings in NAMES.items()
    for encoding in encodings
    for other in encodings
    for declared in DECLARED
]


def element(tag, vr, data):
    whole = data + b" " * (len(data) % 2)
    return head(tag, vr, len(whole), EXPLICIT) + whole


def data_set(declared, name, description):
    (made,) = factories.Study("characters").instances(1)
    uids = (0x00080016, made.SOPClassUID), (0x00080018, made.SOPInstanceUID)
    return b"".join([
        element(0x00080005, b"CS", declared.encode()) if declared else b"",
        *(element(tag, b"UI", uid.encode()) for tag, uid in uids),
        element(0x0008103E, b"LO", description),
        element(0x00100010, b"PN", name),
        element(0x00100020, b"LO", b"PAS4711-99"),
        element(0x0020000D, b"UI", made.StudyInstanceUID.encode()),
    ])  # fmt: skip


@pytest.mark.parametrize(("name", "encoding", "other", "declared"), EVERY)
def test_a_name_is_found_whatever_it_and_the_text_are_written_in(name, encoding, other, declared):
    written = name.encode(encoding) + b"^Ada"
    text = b"serie " + name.encode(other) + b" tra"
    data = data_set(declared, written, text)
    told = identifiers_of(data, walk(data, EXPLICIT), EXPLICIT, {})
    place = next(one for one in walk(data, EXPLICIT) if one.tag == 0x0008103E)
    raw = data[place.start : place.end]
    assert find_leaks(raw, EXPLICIT, told, terms_of(declared.encode())) == ["SeriesDescription"]
    cleaned = deidentify(data, EXPLICIT, RECIPE, Memory())
    assert cleaned.leaks == ()
    for one in NAMES[name]:
        assert name.encode(one) not in cleaned.header()


@pytest.mark.parametrize("blob", ["utf-8", "latin-1", "utf-16-le", "utf-16-be", "cp850"])
def test_a_name_in_bytes_is_found_in_every_plausible_encoding(blob):
    data = data_set("ISO_IR 100", "Bråthen^Åshild".encode(), b"tra")
    told = identifiers_of(data, walk(data, EXPLICIT), EXPLICIT, {})
    raw = element(0x00291010, b"OB", b"\1\2\3 " + "BRÅTHEN".encode(blob) + b"\0\0")
    assert find_leaks(raw, EXPLICIT, told) == ["(0029,1010)"]


def test_a_text_in_unicode_under_single_bytes_is_read_and_stays_as_it_was():
    data = "Bråthen høyre".encode()
    assert decode(data, ("ISO_IR 100",)) == "Bråthen høyre"
    assert encode("høyre Кузнецова", ("ISO_IR 100",)) == "høyre Кузнецова".encode()
    assert decode("联通".encode("gbk"), ("GBK",)) == "联通"


def test_what_was_encoded_twice_is_read_as_it_was_meant():
    twice = "Bråthen".encode().decode("latin-1").encode("utf-8")
    assert readings(twice, ("ISO_IR 192",)) == ["Bråthen", twice.decode("utf-8")]
    data = data_set(
        "ISO_IR 192", "Ås^Bo".encode(), "serie Ås Bo".encode().decode("latin-1").encode()
    )
    cleaned = deidentify(data, EXPLICIT, RECIPE, Memory())
    assert (cleaned.leaks, cleaned.text(0x0008103E)) == ((), "serie")


@pytest.mark.parametrize(
    ("spelled", "meant"),
    [("ISO-IR 100", "ISO_IR 100"), ("utf8", "ISO_IR 192"), ("ISO_2022-IR-87", "ISO 2022 IR 87")],
)
def test_a_misspelled_character_set_is_known(spelled, meant):
    assert terms_of(spelled.encode()) == (meant,)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Bråthen", "Br?then"),
        ("Bråthen", "Br_then"),
        ("Bråthen", "Br??then"),
        ("Bråthen", "Brthen"),
        ("Bråthen", "Br\ufffdthen"),
        ("Br?then", "Bråthen"),
        ("Br??then", "Bråthen"),
        ("Br?then", "Br?then"),
    ],
)
def test_a_name_that_lost_its_letters_is_found_and_finds(name, text):
    data = data_set("ISO_IR 192", f"{name}^Ada".encode(), f"serie {text}".encode())
    cleaned = deidentify(data, EXPLICIT, RECIPE, Memory())
    assert text.encode() not in cleaned.elements.get(0x0008103E, b"")


def test_a_name_that_is_nothing_but_lost_letters_is_refused_and_one_that_nobody_knows_is_not():
    data = data_set("ISO_IR 144", b"?\x92???????^????", b"serie")
    with pytest.raises(Rejected):
        deidentify(data, EXPLICIT, RECIPE, Memory())
    assert deidentify(data_set("", b"?", b"serie"), EXPLICIT, RECIPE, Memory())


def test_latin_9_is_a_character_set_of_the_standard():
    name, text = "Lœuvre^Zoé".encode("iso8859_15"), "serie Lœuvre tra œil".encode("iso8859_15")
    data = data_set("ISO_IR 203", name, text)
    cleaned = deidentify(data, EXPLICIT, RECIPE, Memory())
    assert cleaned.elements[0x0008103E][8:].strip() == "serie tra œil".encode("iso8859_15")
    assert not cleaned.leaks
