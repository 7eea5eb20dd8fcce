"""populate-auto-id: one name for a person, no name for two, and the person nowhere to be read."""

from __future__ import annotations

import re
import shutil
import subprocess
from functools import partial

import factories
import pytest
from gateways import Gateway
from headgate.context import Context
from headgate.core import autoid
from headgate.demo.processes import free_port, script
from headgate.demo.site import Site
from headgate.steps import populate_auto_id

TITLE = "AUTO"


def listed(gateway, *studies, zygote=None):
    run_one = partial(zygote.run, gateway) if zygote else gateway.site.run
    for study in studies:
        gateway.receive(*study.instances(1))
    assert run_one("process").code == 0
    trees = gateway.context().trees
    for study in studies:
        told = trees.read_series(study.uid, study.series_uid())
        told["IncomingConnection"] = {"AETitleCaller": "CT", "AETitleCalled": TITLE}
        trees.write_series(study.uid, study.series_uid(), told)
    gateway.settle()
    assert run_one("populate-incoming").code == 0


def asking(gateway, name="P", pattern="P-[0-9]{4}", **values):
    values = {"project_patient_naming": pattern, "project_use_autoid": "1"} | values
    gateway.project(name, project_autoid_aetitle=TITLE, **values)


def study(name, person="01020312345"):
    return factories.Study(name, accession=name, patient_id=person)


def run(gateway, *words, code=0):
    result = gateway.site.run("populate-auto-id", *words)
    assert result.code == code, result
    return result


def names(gateway, *studies):
    found = []
    for one in studies:
        (transfer,) = gateway.rows(one, "transfers")
        found.append(transfer["transfer_name"])
    return found


def rows(gateway):
    return gateway.context().tables.auto_id.export()


def test_persons_get_a_name_each_and_keep_it(a_gateway):
    asking(a_gateway)
    first, again, other = study("first"), study("again"), study("other", "31129954321")
    listed(a_gateway, first, other)
    run(a_gateway)
    listed(a_gateway, again)
    run(a_gateway)
    one, two, three = names(a_gateway, first, again, other)
    assert one == two != three
    assert all(re.fullmatch("P-[0-9]{4}", name) for name in (one, three))
    assert len(rows(a_gateway)) == 2
    (transfer,) = a_gateway.rows(first, "transfers")
    assert transfer["transfer_event_name"] == "Event 1"
    assert transfer["transfer_requested_date"]


def test_the_second_run_changes_nothing_and_costs_two_calls(a_gateway):
    asking(a_gateway)
    one = study("twice")
    listed(a_gateway, one)
    run(a_gateway)
    before = rows(a_gateway), a_gateway.rows(one)
    assert run(a_gateway).lines == []
    assert (rows(a_gateway), a_gateway.rows(one)) == before
    context = a_gateway.context()
    assert list(populate_auto_id.plan(context)) == []
    assert len(context.tables.calls) == 2


def test_who_was_delivered_gets_no_second_name_when_autoid_was_lost(a_gateway):
    asking(a_gateway)
    one = study("delivered")
    listed(a_gateway, one)
    run(a_gateway)
    for name in ("create-transfer-requests", "anonymize-and-send"):
        assert a_gateway.site.run(name).code == 0
    context = a_gateway.context()
    (couple,) = rows(a_gateway)
    context.tables.auto_id.delete([couple["record_id"]])
    context.tables.incoming.delete([one.uid])
    assert a_gateway.site.run("rebuild").code == 0
    listed(a_gateway, one)
    for _ in "twice":
        result = a_gateway.site.run("populate-auto-id")
        assert "went to P under a name that AutoID does not have" in result.lines[0]["text"]
    assert not rows(a_gateway)
    assert not a_gateway.rows(one, "transfers")
    context.tables.auto_id.write([couple])
    run(a_gateway)
    assert names(a_gateway, one) == [couple["autoid_value"]]


def test_who_it_is_is_nowhere_to_be_read(a_gateway):
    asking(a_gateway)
    one = study("hidden", factories.PATIENT_ID)
    listed(a_gateway, one)
    said = run(a_gateway, "-vv")
    (row,) = rows(a_gateway)
    assert row["autoid_hash"] == a_gateway.context().hashed(factories.PATIENT_ID)
    assert factories.PATIENT_ID not in str(row)
    logs = "".join(path.read_text() for path in a_gateway.site.logs.iterdir())
    for word in (*factories.PLANTED, row["autoid_value"], row["autoid_hash"]):
        assert word not in str(said)
        assert word not in logs


def test_projects_name_the_same_person_each_for_itself(a_gateway):
    asking(a_gateway)
    asking(a_gateway, "Q", "Q-[0-9]{4}")
    one = study("both")
    listed(a_gateway, one)
    run(a_gateway)
    found = {row["transfer_project_name"]: row["transfer_name"][0] for row in
             a_gateway.rows(one, "transfers")}  # fmt: skip
    assert found == {"P": "P", "Q": "Q"}
    assert len(rows(a_gateway)) == 2


@pytest.mark.parametrize(
    "values",
    [{"project_use_autoid": "0"}, {"project_autoid_aetitle": "OTHER"}, {"project_active": "0"}],
)
def test_who_does_not_ask_is_left_alone(a_gateway, values):
    row = {"record_id": "P", "project_name": "P", "project_active": "1",
           "project_patient_naming": "P-[0-9]{4}", "project_use_autoid": "1",
           "project_autoid_aetitle": TITLE}  # fmt: skip
    a_gateway.context().tables.projects.write([row | values])
    one = study("unasked")
    listed(a_gateway, one)
    run(a_gateway)
    assert not a_gateway.rows(one, "transfers")
    assert not rows(a_gateway)


def test_what_somebody_assigned_is_left_alone(a_gateway):
    asking(a_gateway)
    a_gateway.project("HAND")
    one = study("byhand")
    a_gateway.couple(one, "H-1", "HAND")
    listed(a_gateway, one)
    run(a_gateway)
    assert names(a_gateway, one) == ["H-1"]


def test_what_somebody_cleared_is_left_alone(a_gateway):
    asking(a_gateway)
    one = study("cleared")
    listed(a_gateway, one)
    run(a_gateway)
    (row,) = a_gateway.rows(one, "transfers")
    cleared = row | {"transfer_project_name": "", "transfer_name": ""}
    a_gateway.context().tables.incoming.write([cleared], overwrite=True)
    run(a_gateway)
    assert names(a_gateway, one) == [""]


def test_names_that_people_gave_or_that_lost_their_coupling_are_not_given_again(a_gateway):
    asking(a_gateway, pattern="P-[0-9]{2}")
    one = study("taken")
    listed(a_gateway, one)
    given = [
        {"study_instance_uid": one.uid, "redcap_repeat_instrument": "transfers",
         "redcap_repeat_instance": number + 10, "transfer_project_name": "P",
         "transfer_name": f"p-{number:02}"}
        for number in range(99)
    ]  # fmt: skip
    a_gateway.context().tables.incoming.write(given)
    other = study("free", "31129954321")
    listed(a_gateway, other)
    result = run(a_gateway, code=1)
    assert names(a_gateway, other) == ["P-99"]
    assert "100% of the names" in result.lines[0]["text"]
    third = study("toomany", "11111111111")
    listed(a_gateway, third)
    result = run(a_gateway, code=1)
    assert "is used up" in str(result.lines)
    assert not a_gateway.rows(third, "transfers")
    asking(a_gateway, pattern="P-[0-9]{3}")
    run(a_gateway)
    assert re.fullmatch("P-[0-9]{3}", names(a_gateway, third)[0])


def test_removing_the_rows_removes_the_coupling(a_gateway):
    asking(a_gateway)
    first, again = study("before"), study("after")
    listed(a_gateway, first)
    run(a_gateway)
    a_gateway.context().tables.auto_id.delete([row["record_id"] for row in rows(a_gateway)])
    listed(a_gateway, again)
    run(a_gateway)
    one, two = names(a_gateway, first, again)
    assert one != two


def test_a_pattern_that_cannot_be_used_stops_no_other_project_and_is_mended(a_gateway):
    asking(a_gateway)
    asking(a_gateway, "BAD", "BAD-.*")
    one = study("mended")
    listed(a_gateway, one)
    result = run(a_gateway, code=1)
    assert "without end" in str(result.lines)
    assert {line["status"] for line in run(a_gateway).lines} == {"notneeded"}
    assert not (a_gateway.layout.watermarks / "populate-auto-id").exists()
    assert [row["transfer_project_name"] for row in a_gateway.rows(one, "transfers")] == ["P"]
    asking(a_gateway, "BAD", "B-[0-9]{5}")
    run(a_gateway)
    assert len(a_gateway.rows(one, "transfers")) == 2


def test_a_study_without_patient_id_is_told(a_gateway):
    asking(a_gateway)
    one = study("nobody", "")
    listed(a_gateway, one)
    result = run(a_gateway, code=1)
    assert "no PatientID" in result.lines[0]["text"]
    assert not rows(a_gateway)
    assert [line["status"] for line in run(a_gateway).lines] == ["notneeded"]
    assert (a_gateway.layout.watermarks / "populate-auto-id").exists()


def test_what_came_before_is_named_with_all_alone(a_gateway):
    asking(a_gateway)
    one = study("earlier")
    listed(a_gateway, one)
    (a_gateway.layout.watermarks / "populate-auto-id").write_text("4000000000\n")
    text = a_gateway.site.config.read_text()
    a_gateway.site.config.write_text(text.replace("[redcap]", "[redcap]\noverlap_minutes = -5"))
    run(a_gateway)
    assert not a_gateway.rows(one, "transfers")
    run(a_gateway, "--all")
    assert len(names(a_gateway, one)) == 1


def test_the_dry_run_changes_nothing(a_gateway):
    asking(a_gateway)
    one = study("dry")
    listed(a_gateway, one)
    assert run(a_gateway, "--dry-run").lines
    assert not rows(a_gateway)
    assert not a_gateway.rows(one, "transfers")


def test_a_redcap_that_is_away_loses_nothing(a_gateway):
    asking(a_gateway)
    one = study("away")
    listed(a_gateway, one)
    text = a_gateway.site.config.read_text()
    gone = re.sub(r"http://127.0.0.1:\d+/api/", f"http://127.0.0.1:{free_port()}/api/", text)
    a_gateway.site.config.write_text(gone)
    run(a_gateway, code=69)
    a_gateway.site.config.write_text(text)
    run(a_gateway)
    assert len(names(a_gateway, one)) == 1


def test_an_autoid_that_numbers_no_records_is_told(a_gateway, tracker):
    import redcap

    asking(a_gateway)
    listed(a_gateway, study("numbers"))
    project = redcap.Project(tracker.url, tracker.tokens["AutoID"])
    project._call_api({"token": tracker.tokens["AutoID"], "content": "project_settings",
                       "format": "json", "data": '{"record_autonumbering_enabled": 0}'},
                      "json")  # fmt: skip
    result = run(a_gateway, code=1)
    assert "does not number its records" in str(result.lines)
    assert not rows(a_gateway)


def meanwhile(monkeypatch, gateway, person_of, name_of):
    """Let another gateway write into AutoID just before this one does."""
    write = populate_auto_id.autoid.coupling_row
    done = []

    def first_another(record, project, person, name):
        if not done:
            done.append(record)
            row = write("new", project, person_of(person), name_of(name))
            gateway.context().tables.auto_id.write([row], is_numbered=True)
        return write(record, project, person, name)

    monkeypatch.setattr(populate_auto_id.autoid, "coupling_row", first_another)


def apply_once(gateway):
    context: Context = gateway.context()
    return [one for item in populate_auto_id.plan(context)
            for one in populate_auto_id.apply(context, item)]  # fmt: skip


def test_of_two_that_give_one_name_at_once_the_first_keeps_it(a_gateway, monkeypatch):
    asking(a_gateway)
    one = study("race")
    listed(a_gateway, one)
    meanwhile(monkeypatch, a_gateway, lambda _person: "f" * 64, lambda name: name)
    assert [outcome.status for outcome in apply_once(a_gateway)] == ["deferred"]
    assert not a_gateway.rows(one, "transfers")
    apply_once(a_gateway)
    books = autoid.read_books(rows(a_gateway))["P"]
    assert len(books.names) == 2
    assert len({name.casefold() for name in books.names.values()}) == 2
    assert not books.lost
    assert names(a_gateway, one) == [books.names[a_gateway.context().hashed("01020312345")]]


def test_of_two_that_name_one_person_at_once_the_first_counts_for_both(a_gateway, monkeypatch):
    asking(a_gateway)
    one = study("person")
    listed(a_gateway, one)
    meanwhile(monkeypatch, a_gateway, lambda person: person, lambda _name: "P-0000")
    apply_once(a_gateway)
    assert names(a_gateway, one) == ["P-0000"]
    assert len([row for row in rows(a_gateway) if row["autoid_value"]]) == 1


def test_one_that_is_still_being_written_is_waited_for(a_gateway, monkeypatch):
    from headgate.core.errors import Unavailable

    asking(a_gateway)
    one = study("hidden-number")
    listed(a_gateway, one)
    meanwhile(monkeypatch, a_gateway, lambda _person: "e" * 64, lambda name: name)
    context = a_gateway.context()
    export = context.tables.auto_id.export

    def without_the_lower():
        found = export()
        return [row for row in found if row["autoid_hash"] != "e" * 64]

    context.tables.auto_id.export = without_the_lower
    (item,) = populate_auto_id.plan(context)
    with pytest.raises(Unavailable, match="another gateway"):
        list(populate_auto_id.apply(context, item))
    assert not a_gateway.rows(one, "transfers")


def test_two_gateways_at_once_never_give_two_persons_one_name(a_gateway, tracker, tmp_path):
    asking(a_gateway, pattern="P-[0-9]{2}")
    other = Gateway(Site(tmp_path / "other", tracker.url, tracker.tokens, 9))
    key = "secrets/deid.key"
    shutil.copy(a_gateway.site.folder / key, other.site.folder / key)
    both = {a_gateway: [study(f"a{one}", f"a{one % 15}") for one in range(18)],
            other: [study(f"b{one}", f"b{one}" if one < 15 else "a1") for one in range(18)]}  # fmt: skip
    for gateway, studies in both.items():
        listed(gateway, *studies)
    for _ in range(3):
        running = [
            subprocess.Popen([*script("populate-auto-id"), "-c", str(gateway.site.config)],
                             stdout=subprocess.DEVNULL)
            for gateway in both
        ]  # fmt: skip
        assert {one.wait(60) for one in running} <= {0, 69}
    for gateway in both:
        run(gateway)
    named = {}
    for one in (one for studies in both.values() for one in studies):
        (name,) = names(a_gateway, one)
        assert named.setdefault(one.patient_id, name) == name
    assert len(set(named.values())) == len(named) == 30


def test_killed_at_any_step_a_person_has_one_name_and_a_study_one_transfer(a_gateway, zygote):
    asking(a_gateway, pattern="P-[0-9]{5}")
    at, code = 0, -9
    while code == -9:
        at += 1
        one, again = study(f"k{at}", f"k{at}"), study(f"l{at}", f"k{at}")
        listed(a_gateway, one, again, zygote=zygote)
        code = zygote.run(a_gateway, "populate-auto-id", at=at).code
        assert zygote.run(a_gateway, "populate-auto-id").code == 0
        first, second = names(a_gateway, one, again)
        assert first == second
    assert code == 0
    assert at > 10
    given = [row["autoid_value"] for row in rows(a_gateway)]
    assert len(given) == len(set(given)) == at


def test_check_config_looks_at_auto_id_where_a_project_asks_for_names(a_gateway):
    def items():
        return [line["item"] for line in a_gateway.site.run("check-config", "--connect").lines]

    assert "redcap.AutoID" not in items()
    asking(a_gateway)
    assert "redcap.AutoID" in items()
