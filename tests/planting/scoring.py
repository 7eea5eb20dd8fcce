"""The score of a corpus: every promise of its key checked in what left."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import warnings
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydicom.dataset import Dataset

from planting import keys, search, truth
from planting.keys import DIRECT, Answer

SCRIPT = Path(__file__).resolve().parents[2] / "bin" / "anonymize"
REFUSED = re.compile(r"rejected: (.*)")
# What tells one value from another in dciodvfy's lines; what is missing may be there and empty
VALUES = re.compile(r"= <[^>]*>|[\d.]+")
MISSING = "Missing attribute"
BIRTH_DATE = 8
# they say otherwise where text is looked for in pixels
DESCRIBING_PIXELS = frozenset({"BurnedInAnnotation", "PhotometricInterpretation"})


@dataclass
class Score:
    """Checks passed and failed by category, failures told by place, and what became of inputs."""

    passed: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    failures: list[tuple[str, str, str]] = field(default_factory=list)
    inputs: int = 0
    outputs: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    refused_rightly: int = 0
    excluded: int = 0
    dangling: int = 0

    def check(self, category: str, is_good: bool, file: str = "", what: str = "") -> None:
        """Count one check."""
        (self.passed if is_good else self.failed)[category] += 1
        if not is_good:
            self.failures.append((category, file, what))

    @property
    def share(self) -> float:
        """The percentage of all checks that passed."""
        passed, failed = self.passed.total(), self.failed.total()
        return 100 * passed / max(1, passed + failed)


def run(answers: list[Answer], folder: Path) -> Score:
    """Given a corpus, de-identify it with the whole command and return the score of what left."""
    told = anonymize(folder)
    score, output_of = Score(), {}
    for line in told:
        if "item" not in line:
            continue
        score.inputs += 1
        if line["status"] == "ok":
            score.outputs += 1
            output_of[line["item"]] = folder / "output" / line["text"]
        elif line["text"].startswith("excluded"):
            score.excluded += 1
        else:
            score.refused[line["text"].removeprefix("rejected: ")] += 1
    score.check("every input accounted for", score.inputs == len(answers))
    score.check("every output a file", score.outputs == len(list(folder.glob("output/**/*.dcm"))))
    _judge(answers, output_of, folder, score)
    return score


def anonymize(folder: Path) -> list[dict[str, Any]]:
    """Given a corpus, run bin/anonymize on it and return what it told, line by line."""
    key = folder / "site.key"
    key.write_text("6b" * 32)
    key.chmod(0o600)
    command = [
        *(sys.executable, str(SCRIPT), str(folder / "input"), str(folder / "output")),
        *("--project", "BENCH", "--coupling-list", str(folder / "couplings.csv")),
        *("--key-file", str(key), "--json"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    if not lines:
        raise RuntimeError(done.stderr[-2000:])
    return lines


def _judge(answers: list[Answer], output_of: dict[str, Path], folder: Path, score: Score) -> None:
    new_uids: dict[str, str] = {}
    read = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for answer in answers:
            if answer.file in output_of:
                output = search.read(output_of[answer.file], folder / "output")
                read[answer.file] = output
                new_uids[answer.instance] = str(output.dataset.SOPInstanceUID)
        shifts: dict[str, set[int]] = defaultdict(set)
        for answer in answers:
            if answer.file not in read:
                _count_refused(answer, score)
                continue
            output = read[answer.file]
            _leaks(answer, output, score)
            _kept(answer, output.dataset, score)
            _dates(answer, output.dataset, shifts, score)
            _references(answer, output.dataset, new_uids, score)
            before, after = folder / "plain" / answer.file, output_of[answer.file]
            new = new_errors(before, after)
            score.check("no new dciodvfy error", not new, answer.source, "; ".join(sorted(new)))
    for participant, days in sorted(shifts.items()):
        score.check("one shift per participant", len(days) == 1, participant)


def _count_refused(answer: Answer, score: Score) -> None:
    if answer.may_be_refused:
        score.refused_rightly += 1
    score.check("what can be judged is not refused", bool(answer.may_be_refused), answer.source)


def _leaks(answer: Answer, output: search.Output, score: Score) -> None:
    for planted in answer.planted:
        is_clean = not search.is_in(planted.text, output)
        score.check(planted.category, is_clean, answer.source, f"{planted.place}: {planted.text}")
    for word in answer.words:
        is_clean = not search.is_in(word, output)
        score.check(DIRECT, is_clean, answer.source, f"anywhere: {word}")


def _kept(answer: Answer, dataset: Dataset, score: Score) -> None:
    found = truth.clinical(dataset)
    are_cleaned = _has_cleaned_pixels(dataset)
    for path, value in answer.clinical.items():
        if are_cleaned and path in DESCRIBING_PIXELS:
            continue
        is_same = found.get(path) == value
        score.check("clinical value kept", is_same, answer.source, f"{path}: {found.get(path)}")
    for keyword, text in answer.phrases.items():
        kept = str(dataset.get(keyword, ""))
        score.check("clinical text kept", kept == text, answer.source, f"{text!r}: {kept!r}")
    if answer.pixels and not are_cleaned:
        is_same = truth.pixels(dataset) == answer.pixels
        score.check("pixels identical", is_same, answer.source)


def _has_cleaned_pixels(dataset: Dataset) -> bool:
    """PS3.16 CID 7050, Clean Pixel Data Option: text was looked for in them, and may be gone."""
    done = dataset.get("DeidentificationMethodCodeSequence", [])
    return any(one.get("CodeValue") == "113101" for one in done)


def _dates(answer: Answer, dataset: Dataset, shifts: dict[str, set[int]], score: Score) -> None:
    found = truth.dates(dataset)
    for path, text in answer.dates.items():
        day, moved = truth.day_of(text), truth.day_of(found.get(path, ""))
        if day is None or moved is None:
            score.check("date kept, moved", False, answer.source, f"{path}: {found.get(path)}")
            continue
        shifts[answer.participant].add((moved - day).days)
        is_same_time = found[path][8:] == text[8:] or "." in text[:8]
        score.check("date kept, moved", moved != day and is_same_time, answer.source, path)


def _references(answer: Answer, dataset: Dataset, new_uids: dict[str, str], score: Score) -> None:
    for path, target in answer.references.items():
        sequence, keyword = path.split("[0].")
        items = dataset.get(sequence) or [Dataset()]
        found = str(items[0].get(keyword, ""))
        if target not in new_uids:
            score.dangling += 1
            score.check("reference replaced", bool(found) and found != target, answer.source)
        else:
            score.check("reference resolves", found == new_uids[target], answer.source, path)


def new_errors(before: Path, after: Path) -> set[str]:
    """Given a file and what it became, return dciodvfy's errors that only the latter has."""
    if shutil.which("dciodvfy") is None:
        return set()
    return _errors(after) - _errors(before)


def _errors(path: Path) -> set[str]:
    done = subprocess.run(["dciodvfy", str(path)], capture_output=True, check=False)
    lines = done.stderr.decode("latin-1").splitlines()
    return {_bare(line) for line in lines if line.startswith("Error")}


def _bare(line: str) -> str:
    return VALUES.sub("", line.replace("Empty attribute (no value)", MISSING))


def table(score: Score) -> str:
    """Given a score, return it as Markdown."""
    rows = ["| checks | passed | failed | % |", "|---|---:|---:|---:|"]
    for category in [*sorted({*score.passed, *score.failed}), "all"]:
        is_all = category == "all"
        passed = score.passed.total() if is_all else score.passed[category]
        failed = score.failed.total() if is_all else score.failed[category]
        share = 100 * passed / max(1, passed + failed)
        rows.append(f"| {category} | {passed} | {failed} | {share:.2f} |")
    refused = score.refused.total()
    rows += [
        "",
        (
            f"{score.inputs} inputs = {score.outputs} outputs + {refused} rejected "
            f"+ {score.excluded} excluded. Of the rejected, {score.refused_rightly} hold what nobody "
            f"can judge. {score.dangling} references point to what did not leave."
        ),
    ]
    return "\n".join(rows)


__all__ = ["Score", "anonymize", "keys", "new_errors", "run", "table"]
