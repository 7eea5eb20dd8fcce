"""Each thing is described once, and what speaks of it elsewhere agrees."""

import ast
import csv
import importlib
import os
import re
import subprocess
import sys
import tomllib
from dataclasses import fields as fields_of
from dataclasses import is_dataclass
from pathlib import Path

import pytest
from headgate import config
from headgate.core import fields
from headgate.core.step import Step
from headgate.settings.derived import LayoutSettings, WorkflowSettings
from headgate.settings.destinations import DestinationSettings

CHECKOUT = Path(__file__).resolve().parents[1]
SCRIPTS = sorted(path.name for path in (CHECKOUT / "bin").iterdir() if path.is_file())
NOT_STEPS = {"demo", "tracker"}
BY_CRON = {
    "check-config",
    "import-inbox",
    "process",
    "detect-study-arrival",
    "run-one-job",
    "populate-incoming",
    "populate-auto-id",
    "populate-projects",
    "create-transfer-requests",
    "create-transfer-requests-for-processed",
    "anonymize-and-send",
    "clear-old-files",
    "notify",
    "reconcile",
    "resend-project",
    "clear-exports",
    "process-wsi",
    "send-files",
    "create-zip-files",
    "clear-stale-links",
    "remove-old-entries",
    "heartbeat",
    "what-is-in-pacs",
    "what-is-not-in-pacs",
}
STEPS = sorted(set(SCRIPTS) - NOT_STEPS)


def step_of(script: str) -> Step:
    return importlib.import_module(f"headgate.steps.{script.replace('-', '_')}").STEP


@pytest.mark.parametrize("script", STEPS)
def test_a_script_is_the_step_of_its_name(script):
    assert step_of(script).name == script
    first_line = ast.get_docstring(ast.parse((CHECKOUT / "bin" / script).read_text())).split("\n")[
        0
    ]
    assert step_of(script).summary.strip().split("\n")[0] == first_line


def test_every_step_has_a_script():
    modules = {
        path.stem.replace("_", "-")
        for path in (CHECKOUT / "lib/headgate/steps").glob("*.py")
        if path.stem != "__init__"
    }
    assert modules == set(STEPS)


def test_cron_runs_what_it_should():
    lines = (CHECKOUT / "crontab.example").read_text()
    assert set(re.findall(r"\$HEADGATE/bin/([a-z-]+)", lines)) == BY_CRON
    assert "MAILTO=" in lines
    assert "PATH=" in lines


def test_the_readme_has_a_row_for_every_script():
    rows = set(re.findall(r"^\| `([a-z-]+)`", (CHECKOUT / "README.md").read_text(), re.MULTILINE))
    assert rows == set(SCRIPTS)


def test_setup_installs_every_script():
    text = (CHECKOUT / "setup.cfg").read_text()
    assert re.findall(r"^    bin/([a-z-]+)$", text, re.MULTILINE) == SCRIPTS


@pytest.mark.parametrize("script", SCRIPTS)
def test_every_script_is_runnable_and_has_help(script):
    path = CHECKOUT / "bin" / script
    assert os.access(path, os.X_OK)
    done = subprocess.run([sys.executable, path, "--help"], capture_output=True, text=True)
    assert done.returncode == 0
    assert "Usage:" in done.stdout
    if script not in NOT_STEPS:
        assert "--json" in done.stdout
        assert "Exit codes:" in done.stdout
        assert ("--dry-run" in done.stdout) == step_of(script).changes


def keys_of(cls, prefix=""):
    found = {}
    for one in fields_of(cls):
        value = getattr(cls(), one.name)
        if is_dataclass(value):
            found |= keys_of(type(value), f"{prefix}{one.name}.")
        elif isinstance(value, dict):
            for name, inner in value.items():
                found |= keys_of(type(inner), f"{prefix}{one.name}.{name}.")
        else:
            found[prefix + one.name] = value
    return found


def flat(table, prefix=""):
    found = {}
    for name, value in table.items():
        found |= (
            flat(value, f"{prefix}{name}.") if isinstance(value, dict) else {prefix + name: value}
        )
    return found


def test_the_example_configuration_shows_every_key_with_its_default():
    example = tomllib.loads((CHECKOUT / "config/headgate.example.toml").read_text())
    assert flat(example) == keys_of(config.Settings)


def test_the_example_configuration_explains_what_projects_may_set():
    text = (CHECKOUT / "config/headgate.example.toml").read_text()
    for name, value in keys_of(config.ProjectSettings).items():
        shown = f'"{value}"' if isinstance(value, str) else value
        assert f"# {name} = {shown}" in text


def test_the_example_configuration_explains_what_workflows_may_set():
    text = (CHECKOUT / "config/headgate.example.toml").read_text()
    for name, value in keys_of(WorkflowSettings).items():
        shown = f'"{value}"' if isinstance(value, str) else str(value).lower()
        assert f"# {name} = {shown}" in text


def test_the_example_configuration_explains_what_layouts_may_set():
    text = (CHECKOUT / "config/headgate.example.toml").read_text()
    for name, value in keys_of(LayoutSettings).items():
        shown = f'"{value}"' if isinstance(value, str) else str(value).lower()
        assert f"# {name} = {shown}" in text
    assert "# rewrites = {}" in text


def test_the_example_configuration_explains_what_destinations_may_set():
    text = (CHECKOUT / "config/headgate.example.toml").read_text()
    for name, value in keys_of(DestinationSettings).items():
        shown = f'"{value}"' if isinstance(value, str) else value
        assert f"# {name} = {shown}" in text


def test_every_key_of_the_example_has_a_comment_above_it():
    lines = (CHECKOUT / "config/headgate.example.toml").read_text().splitlines()
    lone = [
        line
        for before, line in zip(lines, lines[1:], strict=False)
        if re.match(r"[a-z_]+ = ", line) and not before
    ]
    assert not lone


def dictionary(name):
    with (CHECKOUT / f"config/redcap/{name}.csv").open(newline="") as file:
        return {row["Variable / Field Name"]: row["Form Name"] for row in csv.DictReader(file)}


@pytest.mark.parametrize(
    ("project", "used"),
    [
        (
            "Incoming",
            {fields.INCOMING_RECORD, *fields.STUDY_FIELDS, *fields.SERIES_FIELDS}
            | {
                fields.TRANSFER_REQUESTED,
                fields.TRANSFER_PROJECT,
                fields.TRANSFER_NAME,
                fields.TRANSFER_EVENT,
                fields.TRANSFER_DATE,
                fields.TRANSFER_ERROR,
                fields.TRANSFER_MAPPED,
                fields.TRANSFER_MESSAGE,
            },
        ),
        (
            "DataTransferProjects",
            {
                fields.PROJECT_NAME,
                fields.PROJECT_NAMING,
                fields.PROJECT_ACTIVE,
                fields.PROJECT_FEATURES,
                fields.PROJECT_PACS,
                fields.PROJECT_TOKEN,
                fields.PROJECT_USE_AUTOID,
                fields.PROJECT_AUTOID_AETITLE,
            },
        ),
        (
            "Routing",
            {fields.ROUTING_RECORD, fields.ROUTING_ACTIVE, fields.ROUTING_PROJECT}
            | {fields.ROUTING_EVENT, *fields.ROUTING_PATTERNS},
        ),
        (
            "WhatIsInIDS7",
            {fields.PACS_RECORD, fields.PACS_STAMP, *fields.PACS_FIELDS, *fields.PACS_COUNTS},
        ),
        (
            "CouplingList",
            {value for name, value in vars(fields).items() if name.startswith("COUPLING_")},
        ),
        (
            "AutoID",
            {
                fields.AUTOID_RECORD,
                fields.AUTOID_PROJECT,
                fields.AUTOID_PERSON,
                fields.AUTOID_NAME,
                fields.AUTOID_METHOD,
            },
        ),
    ],
)
def test_the_dictionaries_have_the_fields_that_the_code_uses(project, used):
    assert used <= set(dictionary(project))


def test_the_dictionary_of_projects_has_the_fields_that_the_code_uses():
    used = {fields.IMAGING_STUDY, fields.IMAGING_EVENT, *fields.IMAGING_FIELDS}
    there = dictionary("../project/imaging")
    assert used == {name for name, form in there.items() if form == fields.IMAGING_FORM}
    assert next(iter(there)) == fields.PARTICIPANT_RECORD


def test_the_forms_are_those_of_the_dictionary():
    forms = set(dictionary("Incoming").values())
    assert {fields.STUDY_FORM, fields.SERIES_FORM, fields.TRANSFERS_FORM} == forms
