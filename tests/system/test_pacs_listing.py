"""What the research PACS holds is in REDCap, whole and only that, however the PACS answers."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import catalogues
import factories
import pytest
from catalogues import a_catalogue, held, many
from headgate.core.windows import Window, all_years
from headgate.demo.processes import free_port
from killing import KILLED
from pynetdicom import AE
from pynetdicom.sop_class import Verification

TODAY = f"{date.today():%Y%m%d}"


def point_at(gateway, port, **listing):
    gateway.point_at(port)
    head, _, tail = gateway.site.config.read_text().partition("[pacs.research]")
    head = head.partition("[listing]")[0]
    lines = "".join(f"{name} = {value}\n" for name, value in listing.items())
    gateway.site.config.write_text(f"{head}[listing]\n{lines}[pacs.research]{tail}")


def listed(gateway):
    rows = gateway.context().tables.what_is_in_pacs.export()
    return {row["record_id"]: row for row in rows}


def texts(result):
    return " ".join(line["text"] for line in result.lines)


def test_a_study_is_listed_with_what_the_pacs_tells_of_it(a_gateway):
    with a_catalogue([held("one", description="Hode  øye")]) as pacs:
        point_at(a_gateway, pacs.port)
        assert a_gateway.site.run("what-is-in-pacs", "--all").code == 0
    (row,) = listed(a_gateway).values()
    assert row.pop("ids7_date_stamp")
    assert row == {
        "record_id": held("one").uid,
        "ids7_patient_name": "P-001",
        "ids7_patient_id": "P-001",
        "ids7_study_description": "Hode øye",
        "ids7_number_of_series": "2",
        "ids7_number_of_instances": "5",
        "ids7_institution_name": "P",
        "ids7_referring_physician": "E1",
        "ids7_study_time": "10:10:10",
        "ids7_study_date": "2019-04-01",
        "ids7_study_id": "",
        "ids7_accession_number": "",
        "ids7_modalities": "CT/SR",
        "what_is_in_ids7_complete": "0",
    }


@pytest.mark.parametrize("ends_with", [catalogues.SUCCESS, catalogues.OUT_OF_RESOURCES])
def test_a_pacs_that_stops_at_so_many_answers_is_asked_in_parts(a_gateway, ends_with):
    studies = [*many(60), *(held(f"same day {n}", "20200229", f"1200{n:02}") for n in range(15))]
    studies += [held("without a date", "", ""), held("very old", "19850101")]
    with a_catalogue(studies, stops_at=5, ends_with=ends_with) as pacs:
        point_at(a_gateway, pacs.port, answers_at_most=5)
        assert a_gateway.site.run("what-is-in-pacs", "--all").code == 0
    assert set(listed(a_gateway)) == {one.uid for one in studies}


def test_studies_that_no_window_parts_are_told_of(a_gateway):
    studies = [held(number, "20200229", "120000") for number in range(8)]
    with a_catalogue(studies, stops_at=5) as pacs:
        point_at(a_gateway, pacs.port, answers_at_most=5)
        result = a_gateway.site.run("what-is-in-pacs", "--all")
    assert result.code == 1
    assert "some may not be listed" in texts(result)
    assert len(listed(a_gateway)) == 5


@pytest.mark.parametrize("count", [3, 40])
def test_series_and_instances_are_counted_where_the_pacs_gives_no_counts(a_gateway, count):
    studies = many(count)
    with a_catalogue(studies, has_counts=False) as pacs:
        point_at(a_gateway, pacs.port)
        assert a_gateway.site.run("what-is-in-pacs", "--all").code == 0
        assert pacs.asked["SERIES"] == count
        assert pacs.asked["IMAGE"] == 2 * count
        assert {row["ids7_number_of_instances"] for row in listed(a_gateway).values()} == {"5"}
        row = listed(a_gateway)[studies[0].uid]
        assert (row["ids7_number_of_series"], row["ids7_number_of_instances"]) == ("2", "5")
        assert row["ids7_modalities"] == "CT"
        # a count that may be cut short is no count: what is known stays
        studies[0].series = dict.fromkeys(studies[0].series, 40)
        pacs.stops_at = 20
        point_at(a_gateway, pacs.port, answers_at_most=20)
        assert a_gateway.site.run("what-is-in-pacs", "--all").code == 0
        assert listed(a_gateway)[studies[0].uid]["ids7_number_of_instances"] == "5"


def test_only_what_changed_is_written(a_gateway):
    studies = many(7)
    with a_catalogue(studies) as pacs:
        point_at(a_gateway, pacs.port, studies_per_import=3)
        assert a_gateway.site.run("what-is-in-pacs", "--all").code == 0
        before = listed(a_gateway)
        assert a_gateway.site.run("what-is-in-pacs", "--all").lines == []
        assert listed(a_gateway) == before
        studies[4].description = "Abdomen"
        result = a_gateway.site.run("what-is-in-pacs", "--all")
        assert [line["text"] for line in result.lines] == ["1 rows written"]
    after = listed(a_gateway)
    assert [name for name in after if after[name] != before[name]] == [studies[4].uid]
    assert after[studies[4].uid]["ids7_study_description"] == "Abdomen"


def test_between_the_nights_the_last_days_are_asked_for_and_what_was_delivered(a_gateway):
    old, new = held("old"), held("new", TODAY)
    with a_catalogue([old]) as pacs:
        point_at(a_gateway, pacs.port)
        assert a_gateway.site.run("what-is-in-pacs").code == 0  # the first time it asks for all
        assert set(listed(a_gateway)) == {old.uid}
        delivered, unheard = held("delivered", "20150101"), held("unheard", "20150101")
        pacs.replace([old, new, delivered, unheard])
        request = '{"id": "r", "study": "1.2", "transfer": 1, "project": "P", "participant": "X",'
        request += f'"event": "", "version": "v", "mapped_study": "{delivered.uid}"}}'
        (a_gateway.layout.requests / "done" / "r.json").write_text(request)
        pacs.asked.clear()
        assert a_gateway.site.run("what-is-in-pacs").code == 0
        assert pacs.asked == {"STUDY": 2}
        assert set(listed(a_gateway)) == {old.uid, new.uid, delivered.uid}
        assert a_gateway.site.run("what-is-in-pacs", "--all", "--project", "Q").code == 0
        assert unheard.uid not in listed(a_gateway)
        assert a_gateway.site.run("what-is-in-pacs", "--only", unheard.uid).code == 0
        assert unheard.uid in listed(a_gateway)


def test_a_dry_run_writes_nothing(a_gateway):
    with a_catalogue(many(2)) as pacs:
        point_at(a_gateway, pacs.port)
        assert a_gateway.site.run("what-is-in-pacs", "--dry-run").code == 0
    assert listed(a_gateway) == {}


@pytest.mark.parametrize("script", ["what-is-in-pacs", "what-is-not-in-pacs"])
def test_a_pacs_that_is_away_or_fails_changes_nothing(a_gateway, script):
    with a_catalogue(many(4)) as pacs:
        point_at(a_gateway, pacs.port)
        a_gateway.site.run("what-is-in-pacs")
        before = listed(a_gateway)
        pacs.fails = True
        assert a_gateway.site.run(script).code == 69
        assert listed(a_gateway) == before
    assert a_gateway.site.run(script).code == 69
    assert listed(a_gateway) == before


@pytest.mark.parametrize("name", ["away", "zz"])
def test_a_pacs_that_is_away_does_not_hold_up_the_others(a_gateway, name):
    with a_catalogue(many(2)) as pacs:
        point_at(a_gateway, pacs.port)
        text = a_gateway.site.config.read_text()
        away = f"[pacs.{name}]\nport = {free_port()}\n"
        both = f"{text}\n{away}" if name == "zz" else text.replace("[pacs.", f"{away}[pacs.", 1)
        a_gateway.site.config.write_text(both)
        assert a_gateway.site.run("what-is-in-pacs", "--all").code == 69
    assert len(listed(a_gateway)) == 2


def test_a_pacs_that_answers_no_queries_is_told_of_and_the_others_are_listed(a_gateway):
    peer = AE()
    peer.add_supported_context(Verification)
    server = peer.start_server(("127.0.0.1", 0), block=False)
    with a_catalogue(many(2)) as pacs:
        point_at(a_gateway, pacs.port)
        text = a_gateway.site.config.read_text()
        mute = f"[pacs.mute]\nport = {server.socket.getsockname()[1]}\n"
        a_gateway.site.config.write_text(text.replace("[pacs.", f"{mute}[pacs.", 1))
        result = a_gateway.site.run("what-is-in-pacs", "--all")
    server.shutdown()
    assert result.code == 0
    assert "what it holds is not listed" in texts(result)
    assert len(listed(a_gateway)) == 2


@pytest.mark.parametrize("script", ["what-is-in-pacs", "what-is-not-in-pacs"])
def test_a_redcap_that_is_away_is_asked_later(a_tree, script):
    with a_catalogue(many(4)) as pacs:
        point_at(a_tree, pacs.port)
        assert a_tree.site.run(script).code == 69


def test_what_is_gone_from_the_pacs_is_deleted_after_it_was_asked_for(a_gateway):
    studies = many(30)
    with a_catalogue(studies) as pacs:
        point_at(a_gateway, pacs.port)
        a_gateway.site.run("what-is-in-pacs")
        assert a_gateway.site.run("what-is-not-in-pacs").lines == []
        pacs.replace(studies[2:])
        dry = a_gateway.site.run("what-is-not-in-pacs", "--dry-run")
        assert dry.code == 0
        assert all(one.uid in json.dumps(dry.lines) for one in studies[:2])
        assert len(listed(a_gateway)) == 30
        pacs.asked.clear()
        result = a_gateway.site.run("what-is-not-in-pacs")
        assert result.code == 0
        assert {line["item"] for line in result.lines} == {one.uid for one in studies[:2]}
        assert pacs.asked["STUDY"] == 1 + 2 + 1  # all, each by itself, and one that is there
        assert set(listed(a_gateway)) == {one.uid for one in studies[2:]}


def test_a_list_that_is_short_deletes_nothing_that_the_pacs_has(a_gateway):
    studies = [held(number, "20200229", "120000") for number in range(8)]
    with a_catalogue(studies) as pacs:
        point_at(a_gateway, pacs.port)
        a_gateway.site.run("what-is-in-pacs")
        pacs.stops_at = 5
        point_at(a_gateway, pacs.port, answers_at_most=5)
        assert a_gateway.site.run("what-is-not-in-pacs").code == 0
    assert len(listed(a_gateway)) == 8


def test_O11_when_all_or_much_would_go_nothing_does(a_gateway):
    studies = many(10)
    with a_catalogue(studies) as pacs:
        point_at(a_gateway, pacs.port)
        a_gateway.site.run("what-is-in-pacs")
        pacs.replace([])
        result = a_gateway.site.run("what-is-not-in-pacs", "--percent", "100")
        assert result.code == 1
        assert "tells of none of the 10 studies" in texts(result)
        pacs.replace(studies[3:])
        result = a_gateway.site.run("what-is-not-in-pacs")
        assert result.code == 1
        assert "more than 10 % of the 10 studies" in texts(result)
        assert len(listed(a_gateway)) == 10
        assert a_gateway.site.run("what-is-not-in-pacs", "--percent", "40").code == 0
    assert set(listed(a_gateway)) == {one.uid for one in studies[3:]}


def test_a_row_that_is_named_by_no_uid_is_told_of(a_gateway):
    with a_catalogue(many(3)) as pacs:
        point_at(a_gateway, pacs.port)
        a_gateway.site.run("what-is-in-pacs")
        a_gateway.context().tables.what_is_in_pacs.write([{"record_id": "note"}])
        result = a_gateway.site.run("what-is-not-in-pacs")
        assert result.code == 1
        assert "not named by a UID" in texts(result)
    assert len(listed(a_gateway)) == 4


def test_killed_at_any_step_the_next_run_comes_to_the_same_end(a_gateway, zygote):
    studies = many(60)
    with a_catalogue(studies) as pacs:
        point_at(a_gateway, pacs.port, studies_per_import=30, gone_percent_at_most=100.0)
        at, code = 0, KILLED
        while code == KILLED:
            at += 1
            studies[0].description = studies[-1].description = f"Thorax {at}"
            code = zygote.run(a_gateway, "what-is-in-pacs", at=at).code
        assert (code, at > 5) == (0, True)
        assert a_gateway.site.run("what-is-in-pacs", "--all").code == 0
        rows = listed(a_gateway)
        assert set(rows) == {one.uid for one in studies}
        assert all(rows[one.uid]["ids7_study_description"] == one.description for one in studies)
        at, code = 0, KILLED
        while code == KILLED:
            at += 1
            pacs.replace(studies[at:])
            code = zygote.run(a_gateway, "what-is-not-in-pacs", at=at).code
        assert (code, at > 5) == (0, True)
        assert a_gateway.site.run("what-is-not-in-pacs").code == 0
        assert set(listed(a_gateway)) == {one.uid for one in studies[at:]}


def test_what_was_delivered_to_orthanc_is_listed_as_it_went(a_gateway):
    a_gateway.to_queue(study := factories.Study("listed", accession="L1"))
    assert a_gateway.site.run("anonymize-and-send").code == 0
    (request,) = a_gateway.context().queues.of_study(study.uid, bool)
    point_at(a_gateway, a_gateway.peer().port, answers_at_most=1000)
    for words in (("--all",), ("--only", request.mapped_study)):
        assert a_gateway.site.run("what-is-in-pacs", *words).code == 0
        row = listed(a_gateway)[request.mapped_study]
        assert (row["ids7_patient_id"], row["ids7_institution_name"]) == ("P-001", "P")
        assert row["ids7_referring_physician"] == "E1"
        counts = row["ids7_number_of_series"], row["ids7_number_of_instances"]
        assert counts == ("1", "3")
        a_gateway.context().tables.what_is_in_pacs.delete(list(listed(a_gateway)))
    assert a_gateway.site.run("what-is-not-in-pacs").lines == []


@contextmanager
def a_dicomweb_service(studies, page=0, knows_offsets=True):
    """QIDO-RS over a list: `page` answers at most at once."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            place = urlsplit(self.path)
            asked = {name: values[0] for name, values in parse_qs(place.query).items()}
            rows = self.rows(place.path.strip("/").split("/"), asked)
            start = int(asked["offset"]) if knows_offsets else 0
            rows = rows[start : start + min(page or 1000, int(asked["limit"]))]
            self.send_response(200 if rows else 204)
            self.end_headers()
            if rows:
                self.wfile.write(json.dumps(rows).encode())

        def rows(self, words, asked):
            if words[-1] == "studies":
                return [study(one) for one in studies if is_asked_for(one, asked)]
            found = {one.uid: one for one in studies}[words[1]]
            if words[-1] == "series":
                return [{"0020000E": {"vr": "UI", "Value": [one]}} for one in found.series]
            count = found.series[words[3]]
            names = [catalogues.uid(words[3], one) for one in range(count)]
            return [{"00080018": {"vr": "UI", "Value": [name]}} for name in names]

        def log_message(self, *_arguments):
            """Be silent."""

    def is_asked_for(one, asked):
        if wanted := asked.get("StudyInstanceUID"):
            return one.uid == wanted
        first, _, last = asked.get("StudyDate", "-99999999").partition("-")
        return first <= one.date <= (last or first)

    def study(one):
        return {
            "0020000D": {"vr": "UI", "Value": [one.uid]},
            "00080020": {"vr": "DA", "Value": [one.date]},
            "00100010": {"vr": "PN", "Value": [{"Alphabetic": "P-001"}]},
            "00080090": {"vr": "PN"},
        }

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(("page", "knows_offsets"), [(0, True), (4, True), (0, False)])
def test_a_pacs_with_a_web_address_is_asked_there(a_gateway, page, knows_offsets):
    studies = [held(n, f"{date(2019, 1, 1) + timedelta(days=n * 9):%Y%m%d}") for n in range(25)]
    with a_dicomweb_service(studies, page, knows_offsets) as url:
        point_at(a_gateway, 9, answers_at_most=10)
        text = a_gateway.site.config.read_text()
        text = text.replace("[pacs.research]", f'[pacs.research]\nqido_url = "{url}"')
        a_gateway.site.config.write_text(text)
        assert a_gateway.site.run("what-is-in-pacs").code == 0
        assert a_gateway.site.run("what-is-not-in-pacs").lines == []
    rows = listed(a_gateway)
    assert set(rows) == {one.uid for one in studies}
    row = rows[studies[0].uid]
    assert (row["ids7_patient_name"], row["ids7_number_of_instances"]) == ("P-001", "5")


def test_windows_part_into_what_they_were():
    year = Window(date(2020, 1, 1), date(2020, 12, 31))
    days = [year]
    while any(one.first < one.last for one in days):
        days = [part for one in days for part in (one.parts(4) if one.first < one.last else [one])]
    assert len(days) == 366
    assert {one.first for one in days} == {
        date(2020, 1, 1) + timedelta(days=number) for number in range(366)
    }
    day = Window(date(2020, 2, 29), date(2020, 2, 29))
    assert (day.dates, day.times) == ("20200229", "")
    parts = day.parts(4)
    assert parts[1].times == "060000-115959.999999"
    second = Window(day.first, day.last, 7, 7)
    assert second.parts(4) == []
    years = all_years(date(2026, 5, 5))
    assert all(
        before.last + timedelta(days=1) == after.first
        for before, after in zip(years, years[1:], strict=False)
    )
