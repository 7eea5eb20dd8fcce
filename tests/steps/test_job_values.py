"""run-one-job, output = "values": what a program measured, in the projects' own REDCap."""

from __future__ import annotations

import json

import factories
import pytest
from headgate.core import jobvalues
from headgate.core.deid.uids import replace_study_uid
from headgate.core.errors import Rejected
from headgate.core.jobs import JobState
from headgate.core.model import Assignment

STUDY = factories.Study("measured", accession="VAL1")
VOLUME = {
    "field_name": "volume", "form_name": "participant", "field_type": "text",
    "field_label": "Volume",
}  # fmt: skip
TOLD = [{"PatientName": factories.PATIENT_NAME, "PatientID": factories.PATIENT_ID}]


@pytest.fixture
def measuring(a_gateway, own_redcap):
    """A study that was delivered to a project with a REDCap of its own, and a job over it."""
    own = own_redcap("E1")
    fields = own.export_metadata()
    own.import_metadata([
        *({name: one.get(name, "") for name in one} for one in fields),
        VOLUME, {**VOLUME, "field_name": "quality", "form_name": "imaging"},
    ])  # fmt: skip

    def begin(values, fields=("volume", "quality"), extra=""):
        text = json.dumps(json.dumps(values))
        command = ["sh", "-c", f"printf %s {text} > values.json"]
        with a_gateway.site.config.open("a") as file:
            file.write(
                f'[workflows.w]\noutput = "values"\nfields = {json.dumps(list(fields))}\n'
                f"command = {json.dumps(command)}\n{extra}"
            )
        a_gateway.receive(*STUDY.instances(2))
        assert a_gateway.site.run("process").code == 0
        a_gateway.settle()
        assert a_gateway.site.run("detect-study-arrival").code == 0

    def deliver():
        a_gateway.project()
        a_gateway.couple(STUDY)
        for script in ("populate-incoming", "create-transfer-requests"):
            assert a_gateway.site.run(script).code == 0
        a_gateway.project(project_token=own.token)

    a_gateway.begin, a_gateway.deliver, a_gateway.own = begin, deliver, own
    return a_gateway


def run(gateway, code=0):
    result = gateway.site.run("run-one-job")
    assert result.code == code, result
    return result.lines[-1]["text"]


def reason(gateway):
    store = gateway.context().jobs
    (job,) = store.entered(JobState.FAILED)
    return store.read(JobState.FAILED, job).reason


def test_values_come_into_the_event_and_into_the_instance_of_the_study(measuring):
    measuring.begin({"volume": 12.5, "quality": "good"})
    assert "nobody has requested" in run(measuring)
    measuring.deliver()
    for script in ("anonymize-and-send", "populate-projects"):
        assert measuring.site.run(script).code == 0
    while "values written" not in run(measuring):
        pass
    rows = measuring.own.export_records()
    (of_event,) = [row for row in rows if row["redcap_repeat_instrument"] == ""]
    (of_study,) = [row for row in rows if row["redcap_repeat_instrument"] == "imaging"]
    recipe = measuring.context().recipe(Assignment("P", "P-001", "E1"))
    assert (of_event["record_id"], of_event["volume"]) == ("P-001", "12.5")
    assert of_study["quality"] == "good"
    assert of_study["img_study_instance_uid"] == replace_study_uid(STUDY.uid, recipe)


def test_values_of_a_study_that_is_not_told_yet_wait_for_it(measuring):
    measuring.begin({"quality": "good"})
    measuring.deliver()
    assert "does not list the study yet" in run(measuring, code=69)
    for script in ("anonymize-and-send", "populate-projects"):
        assert measuring.site.run(script).code == 0
    lines = []
    while not lines:
        lines = measuring.site.run("run-one-job").lines
    assert "values written" in lines[-1]["text"]


@pytest.mark.parametrize(
    ("values", "fields", "words"),
    [
        ({"volume": 1, "weight": 2}, ["volume"], "does not name: weight"),
        ({"weight": 2}, ["weight"], "has no field weight"),
        ({"volume": factories.PATIENT_NAME}, ["volume"], "tells whose the study is"),
    ],
)
def test_values_that_have_no_place_are_refused(measuring, values, fields, words):
    measuring.begin(values, fields)
    measuring.deliver()
    run(measuring, code=1)
    assert words in reason(measuring)
    assert not measuring.own.export_records()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "no JSON"), ("[1]", "no object"), ("{}", "no object"), ('{"a": [1]}', "no number"),
        ('{"a": NaN}', "no finite number"), ('{"b b": 1}', r"does not name: \?"),
        ('{"a": "nordmann was here"}', "whose the study is"),
        ('{"a": "x01020312345x"}', "whose the study is"),
    ],
)  # fmt: skip
def test_what_a_program_wrote_is_checked(text, words):
    with pytest.raises(Rejected, match=words):
        jobvalues.checked(text, ["a"], TOLD)


def test_numbers_and_texts_are_values():
    text = '{"a": 1.5, "b": "x", "c": true, "d": 10203}'
    assert jobvalues.checked(text, "abcd", TOLD) == {"a": "1.5", "b": "x", "c": "1", "d": "10203"}
