"""Imports and dictionaries: what changes is shown first, and asked again if it is another then."""

import pytest
from headgate.tracker.model.dictionary import COLUMNS
from visitors import hidden

CSV = "record_id,name,age\n1,Anna,40\n9,New,\n"


@pytest.fixture
def taken(boss, number):
    """Sends what a page of changes holds, as its button does."""

    def agree(page, name):
        kept = {key: hidden(page, key) for key in ("digest", "text")}
        if name == "import":
            kept |= {key: hidden(page, key) for key in ("order", "delimiter", "overwrite")}
        return boss.post(f"/projects/{number}/{name}/take", kept)

    return agree


def test_an_import_is_shown_and_then_taken(boss, number, classic, taken, log_of):
    page = boss.upload(f"/projects/{number}/import", CSV)
    assert page.status_code == 200
    assert "<del>Ann</del>" in page.text
    assert "<ins>Anna</ins>" in page.text
    assert "<code>age</code>" not in page.text
    assert "1 of them new" in page.text
    assert {row["record_id"] for row in classic.export_records()} == {"1", "2"}
    assert taken(page, "import").status_code == 303
    assert {row["record_id"] for row in classic.export_records()} == {"1", "2", "9"}
    assert set(log_of(number)[:2]) == {"Update record (import)", "Create record (import)"}


def test_an_import_that_would_do_something_else_by_now_asks_again(boss, number, classic, taken):
    page = boss.upload(f"/projects/{number}/import", CSV)
    classic.import_records([{"record_id": "1", "name": "Between"}])
    again = taken(page, "import")
    assert again.status_code == 409
    assert "<del>Between</del>" in again.text
    assert classic.export_records(records=["1"])[0]["name"] == "Between"
    assert taken(again, "import").status_code == 303
    assert classic.export_records(records=["1"])[0]["name"] == "Anna"


@pytest.mark.parametrize(("overwrite", "age"), [("", "40"), ("1", "")])
def test_blanks_erase_only_if_asked(boss, number, classic, taken, overwrite, age):
    text = "record_id;name;age\n1;Anna;\n"
    page = boss.upload(f"/projects/{number}/import", text, overwrite=overwrite, delimiter=";")
    taken(page, "import")
    assert classic.export_records(records=["1"])[0]["age"] == age


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("record_id,nothing\n1,x\n", "nothing"),
        ("record_id,age\n1,old\n", "could not be validated"),
        ("record_id,age\n1\n", "not formatted correctly"),
        ("record_id,name\n", "no rows"),
        ("", "no rows"),
    ],
)
def test_a_wrong_import_is_told(boss, number, text, said):
    page = boss.upload(f"/projects/{number}/import", text)
    assert page.status_code == 422
    assert said in page.text


def test_a_file_that_is_no_utf_8_is_told(boss, number):
    path = f"/projects/{number}/import"
    page = boss.post(path, files={"file": ("a.csv", "record_id,name\n1,Bjørn".encode("latin-1"))})
    assert page.status_code == 422
    assert "UTF-8" in page.text


def test_an_import_needs_the_right_to_the_form(member, number):
    one = member(number, forms={"first": 2})
    assert one.upload(f"/projects/{number}/import", CSV).status_code == 403


def test_a_dictionary_goes_out_and_in_unchanged(boss, number):
    answer = boss.get(f"/projects/{number}/dictionary.csv")
    header = answer.text.splitlines()[0]
    assert header.startswith('"Variable / Field Name","Form Name"')
    assert all(name in header for name in COLUMNS.values())
    page = boss.upload(f"/projects/{number}/dictionary", answer.text)
    assert "has this dictionary already" in page.text


def changed(boss, number):
    text = boss.get(f"/projects/{number}/dictionary.csv").text
    lines = [line for line in text.splitlines() if not line.startswith("weight,")]
    lines = [line.replace(",Age,", ",Years,") for line in lines]
    extra = [*["extra", "first", "", "text", "Something"], *[""] * 13]
    return "\n".join([*lines[:4], ",".join(extra), *lines[4:]]) + "\n"


def test_a_dictionary_is_shown_and_then_taken(boss, number, classic, taken, log_of):
    text = changed(boss, number)
    page = boss.upload(f"/projects/{number}/dictionary", text)
    assert page.status_code == 200
    assert "1 added, 1 removed, 1 changed" in page.text
    assert "<del>Age</del>" in page.text
    assert "<ins>Years</ins>" in page.text
    assert "extra" not in classic.field_names
    answer = taken(page, "dictionary")
    assert answer.status_code == 303
    fields = {row["field_name"]: row["field_label"] for row in classic.export_metadata()}
    assert fields["extra"] == "Something"
    assert fields["age"] == "Years"
    assert "weight" not in fields
    assert log_of(number)[0] == "Manage/Design"


def test_a_dictionary_changed_meanwhile_is_asked_again(boss, number, classic, taken, metadata):
    page = boss.upload(f"/projects/{number}/dictionary", changed(boss, number))
    classic.import_metadata(metadata[:-1])
    again = taken(page, "dictionary")
    assert again.status_code == 409
    assert "changed meanwhile" in again.text
    assert len(classic.export_metadata()) == len(metadata) - 1


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("Bad Name,first,,text,Label", "not made of lower-case"),
        ("extra,first,,nothing,Label", "does not exist"),
        ("extra,first,,radio,Label", "choices missing"),
        ("age,first,,text,Label", "used before"),
    ],
)
def test_a_wrong_dictionary_is_told_as_redcap_tells_it(boss, number, line, said):
    text = boss.get(f"/projects/{number}/dictionary.csv").text + line + "," * 13 + "\n"
    page = boss.upload(f"/projects/{number}/dictionary", text)
    assert page.status_code == 422
    assert said in page.text


@pytest.mark.parametrize(("query", "said"), [("", ",a,"), ("?labels=1", ",Letter,")])
def test_records_are_exported_as_csv(boss, number, classic, log_of, query, said):
    classic.import_records([{"record_id": "1", "kind": "a"}])
    answer = boss.get(f"/projects/{number}/records.csv{query}")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert said in answer.text
    assert log_of(number)[0] == "Data export"


def test_what_a_person_may_not_export_stays(member, number):
    one = member(number, forms_export={"first": 0})
    text = one.get(f"/projects/{number}/records.csv").text
    assert "Ann" not in text
    assert "ticks___1" in text
