"""A tracker that really serves, and projects on it for each test."""

import json
import uuid
from pathlib import Path

import pytest
import requests
from headgate.tracker.server import start
from redcap import Project

DICTIONARIES = Path(__file__).resolve().parents[2] / "config" / "redcap"
COLUMNS = (
    "field_name",
    "form_name",
    "field_type",
    "select_choices_or_calculations",
    "text_validation_type_or_show_slider_number",
)
FIELDS = (
    ("record_id", "first", "text", "", ""),
    ("name", "first", "text", "", ""),
    ("age", "first", "text", "", "integer"),
    ("day", "first", "text", "", "date_ymd"),
    ("moment", "first", "text", "", "datetime_ymd"),
    ("weight", "first", "text", "", "number_1dp"),
    ("kind", "first", "dropdown", "1, One | 2, Two | a, Letter", ""),
    ("agreed", "first", "yesno", "", ""),
    ("says", "first", "descriptive", "", ""),
    ("total", "first", "calc", "[age]*2", ""),
    ("paper", "first", "file", "", ""),
    ("ticks", "second", "checkbox", "1, Red | -4, Deep blue | B, Green", ""),
    ("note", "second", "notes", "", ""),
    ("visit_note", "visits", "text", "", ""),
    ("visit_tick", "visits", "checkbox", "1, Yes", ""),
)
METADATA = [dict(zip(COLUMNS, row, strict=True), field_label=row[0].title()) for row in FIELDS]


@pytest.fixture(scope="session")
def tracker(tmp_path_factory):
    running = start(tmp_path_factory.mktemp("tracker") / "tracker.sqlite", load=DICTIONARIES)
    yield running
    running.stop()


@pytest.fixture(scope="session")
def metadata():
    return METADATA


@pytest.fixture(scope="session")
def send(tracker):
    """Sends one request with the parameters given, and returns the response."""

    def post(**parameters):
        return requests.post(tracker.url, data=parameters, timeout=30)

    return post


@pytest.fixture(scope="session")
def make(tracker, send):
    """Makes a new project, and returns PyCap's view of it."""

    def make_project(repeating=("visits",), metadata=METADATA, **settings):
        data = {"project_title": uuid.uuid4().hex, "purpose": 0, **settings}
        token = send(
            token=tracker.tokens["super"], content="project", format="json", data=_json(data)
        ).text
        project = Project(tracker.url, token, timeout=30)
        project.import_metadata(metadata)
        if repeating:
            project.import_repeating_instruments_events(
                [{"form_name": form, "custom_form_label": ""} for form in repeating]
            )
        rights = {"username": "administrator", "record_delete": 1}
        project.import_users([rights])
        return project

    return make_project


@pytest.fixture
def classic(make):
    return make()


@pytest.fixture
def longitudinal(make):
    """Two events in the first arm, one in the second; `second` stands only in the first event."""
    project = make(repeating=(), is_longitudinal=1)
    project.import_events(
        [
            {"event_name": "Deadline to opt out of study", "arm_num": 1},
            {"event_name": "Other", "arm_num": 2},
        ]
    )
    pairs = [
        (1, "event_1_arm_1", "first"),
        (1, "event_1_arm_1", "second"),
        (1, "deadline_to_opt_ou_arm_1", "first"),
        (1, "deadline_to_opt_ou_arm_1", "visits"),
        (2, "other_arm_2", "first"),
    ]
    names = ("arm_num", "unique_event_name", "form")
    project.import_instrument_event_mappings(
        [dict(zip(names, pair, strict=True)) for pair in pairs]
    )
    return project


@pytest.fixture(scope="session")
def error_of(send):
    """Sends a request that must be refused, and returns the status and the text."""

    def refused(project, **parameters):
        response = send(token=project.token, format="json", **parameters)
        return response.status_code, response.json()["error"]

    return refused


@pytest.fixture
def import_error(error_of):
    """Imports rows that must be refused, and returns the text."""

    def refused(project, rows, **parameters):
        status, text = error_of(project, content="record", data=_json(rows), **parameters)
        assert status == 400
        return text

    return refused


def _json(value):

    return json.dumps(value)
