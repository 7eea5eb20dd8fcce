"""Forms: saved, refused with the reason, never over what somebody else saved."""

import pytest
from visitors import hidden


@pytest.fixture
def path(number):
    return f"/projects/{number}/form?record=1&form=first"


def values(project, record="1"):
    return next(row for row in project.export_records(records=[record]))


def save(one, path, **data):
    return one.post(path, {"digest": hidden(one.get(path), "digest"), **data})


def test_a_form_shows_and_saves_its_values(boss, path, classic, log_of, number):
    page = boss.get(path).text
    assert 'value="Ann"' in page
    answer = save(boss, path, name="Anna", age="", kind="a", agreed="1")
    assert answer.status_code == 303
    found = values(classic)
    assert (found["name"], found["age"], found["kind"], found["agreed"]) == ("Anna", "", "a", "1")
    assert found["ticks___1"] == "1"
    assert log_of(number)[0] == "Update record"
    assert "Saved." in boss.get(answer.headers["Location"]).text


def test_boxes_without_a_tick_are_erased(boss, number, classic):
    path = f"/projects/{number}/form?record=1&form=second"
    assert 'name="ticks___1" value="1" checked' in boss.get(path).text
    save(boss, path, offered="ticks", ticks____4="1")
    assert values(classic)["ticks___1"] == "0"
    assert values(classic)["ticks____4"] == "1"


def test_a_wrong_value_is_told_beside_its_field_and_kept(boss, path, classic):
    answer = save(boss, path, name="Kept", age="old")
    assert answer.status_code == 422
    assert 'value="Kept"' in answer.text
    assert 'value="old"' in answer.text
    assert 'aria-describedby="f-age-hint f-age-problem" aria-invalid="true"' in answer.text
    assert 'id="f-age-problem">The value you provided could not be validated' in answer.text
    assert values(classic)["name"] == "Ann"


def test_a_change_of_another_person_is_never_overwritten_silently(boss, path, classic):
    digest = hidden(boss.get(path), "digest")
    classic.import_records([{"record_id": "1", "name": "Theirs"}])
    answer = boss.post(path, {"digest": digest, "name": "Mine", "age": "40"})
    assert answer.status_code == 409
    assert "Mine" in answer.text
    assert "Theirs" in answer.text
    assert values(classic)["name"] == "Theirs"
    again = boss.post(path, {"digest": hidden(answer, "digest"), "name": "Mine", "age": "40"})
    assert again.status_code == 303
    assert values(classic)["name"] == "Mine"


def test_what_others_changed_to_the_same_is_no_conflict(boss, path, classic):
    digest = hidden(boss.get(path), "digest")
    classic.import_records([{"record_id": "1", "name": "Same"}])
    assert boss.post(path, {"digest": digest, "name": "Same", "age": "40"}).status_code == 303


def test_lines_are_kept_as_they_are(boss, number, classic, log_of):
    classic.import_records([{"record_id": "1", "note": "one\ntwo"}])
    before = len(log_of(number))
    path = f"/projects/{number}/form?record=1&form=second"
    save(boss, path, note="one\r\ntwo", offered="ticks", ticks___1="1")
    assert len(log_of(number)) == before
    save(boss, path, note="one\r\nthree", offered="ticks", ticks___1="1")
    assert values(classic)["note"] == "one\nthree"


@pytest.mark.parametrize("instance", ["new", "2"])
def test_instances_are_added_and_changed(boss, number, classic, instance):
    path = f"/projects/{number}/form?record=1&form=visits&instance={instance}"
    assert save(boss, path, visit_note="typed", offered="visit_tick").status_code == 303
    found = {
        row["redcap_repeat_instance"]: row["visit_note"]
        for row in classic.export_records(forms=["visits"])
        if row["redcap_repeat_instance"]
    }
    assert found == {1: "visit 1", 2: "visit 2", (3 if instance == "new" else 2): "typed"}


def test_a_new_record_is_made_by_its_first_form(boss, number, classic):
    added = boss.get(f"/projects/{number}/add")
    assert 'name="record" value="3"' in added.text
    answer = boss.get(f"/projects/{number}/add?record=3", allow_redirects=False)
    path = answer.headers["Location"]
    assert save(boss, path, name="Third").status_code == 303
    assert values(classic, "3")["name"] == "Third"


def annotated(**rows):
    fields = [("record_id", {}), ("open", {}), *rows.items()]
    return [
        {"field_name": name, "form_name": "f", "field_type": "text", "field_label": name, **row}
        for name, row in fields
    ]


def test_read_only_fields_are_shown_and_refused(boss, make, number_of):
    project = make(metadata=annotated(shut={"field_annotation": "@READONLY"}), repeating=())
    project.import_records([{"record_id": "1", "shut": "stays"}])
    path = f"/projects/{number_of(project)}/form?record=1&form=f"
    page = boss.get(path).text
    assert "stays" in page
    assert 'name="shut"' not in page
    answer = save(boss, path, open="x", shut="changed")
    assert answer.status_code == 403
    assert "shut" in answer.text
    assert values(project)["shut"] == "stays"
    assert values(project)["open"] == ""


def test_hidden_fields_are_neither_shown_nor_taken(boss, make, number_of):
    project = make(metadata=annotated(secret={"field_annotation": "@HIDDEN"}), repeating=())
    project.import_records([{"record_id": "1", "secret": "unseen"}])
    number = number_of(project)
    path = f"/projects/{number}/form?record=1&form=f"
    assert "unseen" not in boss.get(path).text
    assert "unseen" not in boss.get(f"/projects/{number}/record?record=1").text
    assert save(boss, path, secret="changed").status_code == 403
    assert values(project)["secret"] == "unseen"


def test_marks_and_branching_logic_are_shown(boss, make, number_of):
    project = make(
        metadata=annotated(
            must={"required_field": "y", "identifier": "y"},
            asked={"branching_logic": "[open] = '1'"},
        ),
        repeating=(),
    )
    project.import_records([{"record_id": "1", "open": "0"}])
    path = f"/projects/{number_of(project)}/form?record=1&form=f"
    page = boss.get(path).text
    assert '<span class="tag">required</span>' in page
    assert '<span class="tag">identifier</span>' in page
    assert "<details" in page
    assert "[open] = &#39;1&#39;" in page
    project.import_records([{"record_id": "1", "open": "1"}])
    assert "<details" not in boss.get(path).text


def test_calculated_values_are_shown_and_not_typed(boss, path):
    page = boss.get(path).text
    assert ">80<" in page
    assert 'name="total"' not in page
    assert save(boss, path, total="1").status_code == 403


def test_a_file_is_uploaded_and_downloaded(boss, number, log_of):
    where = f"/projects/{number}/file?record=1&form=first&field=paper"
    answer = boss.post(where, files={"file": ("<b>.html", b"<script>", "text/html")})
    assert answer.status_code == 303
    found = boss.get(where)
    assert found.content == b"<script>"
    assert found.headers["Content-Type"] == "application/octet-stream"
    assert found.headers["Content-Disposition"] == "attachment; filename*=UTF-8''%3Cb%3E.html"
    assert log_of(number)[0] == "Update record"


def test_events_have_forms_of_their_own(boss, longitudinal, number_of):
    longitudinal.import_records(
        [{"record_id": "1", "redcap_event_name": "event_1_arm_1", "name": "Ann"}]
    )
    number = number_of(longitudinal)
    page = boss.get(f"/projects/{number}/record?record=1").text
    assert "Deadline to opt out of study" in page
    shut = f"/projects/{number}/form?record=1&form=visits"
    assert boss.get(shut).status_code == 404


def test_the_history_tells_before_and_after(boss, path, number):
    save(boss, path, name="Anna")
    page = boss.get(f"/projects/{number}/history?record=1&field=name").text
    assert "<del>Ann</del>" in page
    assert "<ins>Anna</ins>" in page
    assert "<code>age</code>" not in page
    assert "<code>age</code>" in boss.get(f"/projects/{number}/history?record=1").text


def test_deleting_is_asked_first(boss, number, classic):
    path = f"/projects/{number}/delete?record=1&form=visits&instance=2"
    assert "Visits #2" in boss.get(path).text
    assert len(classic.export_records(records=["1"])) == 3
    assert boss.post(path).status_code == 303
    assert len(classic.export_records(records=["1"])) == 2
    assert boss.post(f"/projects/{number}/delete?record=1").status_code == 303
    assert classic.export_records(records=["1"]) == []


def test_a_record_is_renamed_but_not_to_one_that_is_there(boss, number, classic, log_of):
    path = f"/projects/{number}/rename?record=1"
    assert boss.post(path, {"new_name": "2"}).status_code == 422
    assert boss.post(path, {"new_name": "one"}).status_code == 303
    assert values(classic, "one")["name"] == "Ann"
    assert log_of(number)[0] == "Update record"
