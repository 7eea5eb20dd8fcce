"""Real files, as many as there are: each is filed or set aside, delivered or accounted for."""

from __future__ import annotations

import json
import random
import subprocess
from pathlib import Path

import factories
import pytest
from gateways import needs
from headgate.demo import scanner, studies
from headgate.demo.processes import script
from headgate.stores.quarantine.archive import Archive

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
DAMAGED = 150


def real_files():
    files = studies.packaged()
    if SHARED.is_dir():
        files += [path for path in SHARED.rglob("*") if path.is_file() and path.suffix != ".csv"]
    return files


def sendable(files):
    for path in files:
        try:
            yield scanner.load(path)
        except scanner.Rejected:
            continue


def test_every_real_file_goes_the_whole_way_or_is_accounted_for():
    """The demonstration checks every instance, and searches the PACS for every patient."""
    needs("Orthanc", "orthanc")
    words = ["--data", str(SHARED)] if SHARED.is_dir() else []
    command = [*script("demo"), "--json", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["leaks"] == 0
    assert told["received"] == told["delivered"] + told["rejected"]
    assert told["proven"] == told["delivered"] > 100
    assert len({one["modality"] for one in told["studies"]}) >= 4
    assert len([one for one in told["studies"] if one["proven"]]) >= 6
    assert all(one["reasons"] for one in told["studies"] if one["held_back"])


@pytest.mark.parametrize("seed", range(3))
def test_R02_R03_no_damaged_file_stops_the_indexer(a_tree, seed):
    dice = random.Random(seed)
    context = a_tree.context()
    context.prepare()
    shots = list(sendable(real_files()))
    for number in range(DAMAGED // 3):
        shot = dice.choice(shots)
        body = bytearray(shot.dataset[:50_000])
        for _ in range(dice.randint(1, 20)):
            body[dice.randrange(min(len(body), 3000))] = dice.randrange(256)
        head = factories.head(shot.sop_class, f"1.2.3.{seed}.{number}", shot.syntax)
        context.archive.keep("1.2.3", f"1.2.3.{seed}.{number}", head, memoryview(bytes(body)))
    result = a_tree.site.run("process")
    assert result.code in (0, 1), result
    assert not context.trees.arrivals()
    filed = sum(len(context.trees.instances(study)) for study in context.trees.studies())
    aside = len(list(context.trees.unknown()))
    assert filed + aside == len(list(Archive(a_tree.layout).instances())) == DAMAGED // 3
