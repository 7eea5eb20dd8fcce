"""The Brain Imaging Data Structure: what a series is called, and the files about all of them."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from headgate.core.errors import Misconfigured

VERSION = "1.9.0"
# description of a series, in small letters: where it goes; the first that matches counts, and what
# matches none is left to sourcedata
RULES = (
    "*localizer* = -", "*scout* = -", "*survey* = -",
    "*flair* = anat/FLAIR",
    "*t1* = anat/T1w", "*mprage* = anat/T1w", "*bravo* = anat/T1w", "*spgr* = anat/T1w",
    "*dwi* = dwi/dwi", "*dti* = dwi/dwi", "*diff* = dwi/dwi",
    "*bold* = func/bold", "*fmri* = func/bold", "*rest* = func/bold", "*task* = func/bold",
    "*swi* = -",
    "*t2* = anat/T2w", "*pd* = anat/PDw",
)  # fmt: skip
PLACE = re.compile(r"(anat|dwi|func|fmap|perf|pet)/([A-Za-z0-9]+)")
LEFT_OUT = "-"
TASK = re.compile(r"task[-_ ]?([a-z0-9]+)")
NOT_IN_LABELS = re.compile(r"[^A-Za-z0-9]+")
SEXES = {"M": "M", "F": "F", "O": "O"}


class Rule(NamedTuple):
    """Descriptions that match the pattern go to this datatype under this suffix; none: nowhere."""

    pattern: str
    datatype: str
    suffix: str


class Name(NamedTuple):
    """How a series is called: `stem` without the ending, under `folder`; `task` of functional
    ones.
    """

    folder: str
    stem: str
    suffix: str
    task: str


def rules_of(texts: Iterable[str], where: str) -> list[Rule]:
    """Given rules as texts and where they stand, return them, and the usual ones after them.

    Raise Misconfigured.
    """
    found = []
    for text in (*texts, *RULES):
        pattern, _, place = (part.strip() for part in text.rpartition("="))
        match = PLACE.fullmatch(place)
        if not pattern or not (match or place == LEFT_OUT):
            raise Misconfigured(f"{where} has {text!r}: '*t1* = anat/T1w' is a rule, '* = -' too")
        found.append(Rule(pattern.lower(), *(match.groups() if match else ("", ""))))
    return found


def label(text: str, otherwise: str = "none") -> str:
    """Given a text, return the letters and digits of it."""
    return NOT_IN_LABELS.sub("", text) or otherwise


class Names:
    """Gives each series a name, with a run where several would have the same."""

    def __init__(self, rules: list[Rule]) -> None:
        self._rules = rules
        self._runs: Counter[str] = Counter()

    def name(self, values: Mapping[str, str]) -> Name | None:
        """Given the values of a series, return its name; None: it is none that BIDS knows."""
        description = values["series_description"].lower()
        rule = next((one for one in self._rules if fnmatchcase(description, one.pattern)), None)
        if rule is None or not rule.datatype:
            return None
        subject, session = f"sub-{label(values['participant'])}", f"ses-{label(values['event'])}"
        task = ""
        entities = f"{subject}_{session}"
        if rule.datatype == "func":
            told = TASK.search(description)
            task = told[1] if told else "rest"
            entities += f"_task-{task}"
        self._runs[f"{entities}_{rule.suffix}"] += 1
        run = self._runs[f"{entities}_{rule.suffix}"]
        stem = f"{entities}_run-{run:02}_{rule.suffix}"
        return Name(f"{subject}/{session}/{rule.datatype}", stem, rule.suffix, task)


def description(project: str, version: str) -> str:
    """Given a project and the version of what converted it, return dataset_description.json."""
    made: dict[str, Any] = {
        "Name": project,
        "BIDSVersion": VERSION,
        "DatasetType": "raw",
        "GeneratedBy": [{"Name": "Headgate"}, {"Name": "dcm2niix", "Version": version}],
    }
    return json.dumps(made, ensure_ascii=False, indent=1) + "\n"


def participants(rows: Mapping[str, Mapping[str, str]]) -> str:
    """Given sex and age by participant's label, return participants.tsv."""
    lines = ["participant_id\tsex\tage"]
    for name, values in sorted(rows.items()):
        age = re.fullmatch(r"0*(\d+)Y", values.get("age", ""))
        told = age[1] if age and int(age[1]) < 90 else "n/a"
        lines.append(f"sub-{name}\t{SEXES.get(values.get('sex', ''), 'n/a')}\t{told}")
    return "\n".join(lines) + "\n"


def about_participants() -> str:
    """Return participants.json, which tells what the columns mean."""
    columns = {
        "sex": {"Description": "sex", "Levels": {"M": "male", "F": "female", "O": "other"}},
        "age": {"Description": "age at the first study, below 90", "Units": "year"},
    }
    return json.dumps(columns, indent=1) + "\n"
