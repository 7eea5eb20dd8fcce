#!/usr/bin/env python3
"""Measure receive, index, de-identify, send and the whole way, beside DCMTK in the same run.

Prints Markdown; RESULTS.md holds what it printed last. Rounds of ours and theirs take turns, and
medians are told, as machines are noisy. All durability is on.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import contextmanager
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "lib"))
from headgate.environment import enter

enter(create=True, extras="test")

import click
from headgate import config
from headgate.context import Context
from headgate.demo import studies
from headgate.demo.processes import Running, free_port, is_listening, program, script
from headgate.demo.site import Site
from headgate.stores.tables import Tables
from headgate.tracker import server

DICTIONARIES = Path(__file__).resolve().parents[2] / "config" / "redcap"
FIONA = ["--fork", "--promiscuous", "--write-xfer-little", "--sort-on-study-uid", "scp"]
NODELAY = {**os.environ, "TCP_NODELAY": "1"}
AS_SHIPPED = {name: value for name, value in os.environ.items() if name != "TCP_NODELAY"}
Figures = dict[str, list[float]]


@click.command()
@click.option("--slices", default=200, show_default=True, help="Slices of the CT study.")
@click.option("--size", default=512, show_default=True, help="Their width in pixels.")
@click.option("--rounds", default=5, show_default=True)
@click.option("--idle-studies", default=10_000, show_default=True)
def main(slices: int, size: int, rounds: int, idle_studies: int) -> None:
    """Measure, and print the tables of RESULTS.md."""
    figures: Figures = defaultdict(list)
    with tempfile.TemporaryDirectory(prefix="headgate-bench-") as name:
        folder = Path(name)
        paths = make_corpus(folder / "corpus", slices, size)
        for number in range(rounds):
            for measure in (receive, chain):
                measure(folder / f"{measure.__name__}-{number}", paths, figures)
        show(figures, slices, size, rounds, sum(path.stat().st_size for path in paths))
        idle(folder / "idle", idle_studies)


def make_corpus(folder: Path, slices: int, size: int) -> list[Path]:
    folder.mkdir(parents=True)
    paths = []
    for number, dataset in enumerate(studies.ct_study(slices, size)):
        paths.append(folder / f"IM{number:05d}")
        dataset.save_as(paths[-1], enforce_file_format=True)
    return paths


@contextmanager
def storescp(folder: Path, environment=NODELAY):
    """DCMTK's receiver as FIONA runs it."""
    (folder / "scp").mkdir(parents=True)
    port = free_port()
    words = [program("storescp"), *FIONA, "--output-directory", str(folder / "scp"), str(port)]
    running = Running(words, folder / "storescp.out", env=environment)
    running.wait_until(lambda: is_listening(port), "storescp")
    yield port
    running.stop()


def timed(work: Callable[..., object], *arguments: object, **named: object) -> float:
    began = time.perf_counter()
    work(*arguments, **named)
    return time.perf_counter() - began


def send_with(tool: str, port: int, paths: list[Path], associations: int, environment) -> None:
    """Send with DCMTK's tool, the files shared by the associations."""
    parts = [paths[start::associations] for start in range(associations)]
    command = [program(tool), "-aec", "HEADGATE", "127.0.0.1", str(port)]
    running = [
        subprocess.Popen(
            [*command, *map(str, part)], env=environment,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        for part in parts
    ]  # fmt: skip
    if any(one.wait() for one in running):
        raise click.ClickException(f"{tool} failed")


def receive(folder: Path, paths: list[Path], figures: Figures) -> None:
    for associations in (1, 4):
        for label, environment in (("TCP_NODELAY", NODELAY), ("as shipped", AS_SHIPPED)):
            if label == "as shipped" and associations > 1:
                continue
            where = folder / f"{associations}-{label.replace(' ', '-')}"
            with storescp(where, environment) as port:
                seconds = timed(send_with, "dcmsend", port, paths, associations, environment)
            name = f"receive, dcmsend {label}, {associations} assoc."
            figures[f"{name}|storescp as FIONA runs it"].append(len(paths) / seconds)
            port = free_port()
            words = ["--port", str(port), "--datadir", str(where / "data")]
            running = Running([*script("storescpd"), *words], where / "storescpd.out")
            running.wait_until(partial(is_listening, port), "storescpd")
            seconds = timed(send_with, "dcmsend", port, paths, associations, environment)
            running.stop()
            figures[f"{name}|headgate"].append(len(paths) / seconds)
            shutil.rmtree(where)


def chain(folder: Path, paths: list[Path], figures: Figures) -> None:
    folder.mkdir(parents=True)
    count = len(paths)
    tracker = server.start(folder / "tracker.sqlite", 0, DICTIONARIES)
    with storescp(folder / "ours") as pacs_port, storescp(folder / "theirs") as their_pacs:
        site = Site(
            folder / "site", tracker.url, tracker.tokens, pacs_port, proof="c-store",
            quiet_seconds=0.0,
        )  # fmt: skip
        site.start_receiver()
        context = Context(config.read(site.config))
        context.tables.projects.write(
            [{"record_id": "1", "project_name": "P", "project_active": "1"}]
        )
        couple(context.tables)
        received = timed(send_with, "dcmsend", site.port, paths, 1, NODELAY)
        steps = {name: timed(run, site, name) for name in STEPS}
        site.stop_receiver()
        assert len(context.queues.ids("done")) == 1
        figures["index (process, with start-up)|headgate"].append(count / steps["process"])
        name = "de-identify and send, 1 assoc. (with start-up)"
        figures[f"{name}|headgate"].append(count / steps["anonymize-and-send"])
        figures["whole way to proven and recorded|headgate"].append(
            count / (received + sum(steps.values()))
        )
        for tool in ("dcmsend", "storescu"):
            seconds = timed(send_with, tool, their_pacs, paths, 1, NODELAY)
            figures[f"{name}|{tool}, no de-identification"].append(count / seconds)
    with storescp(folder / "fiona") as first, storescp(folder / "fiona-pacs") as second:
        seconds = timed(send_with, "dcmsend", first, paths, 1, NODELAY)
        filed = [path for path in (folder / "fiona" / "scp").rglob("*") if path.is_file()]
        seconds += timed(send_with, "storescu", second, filed, 1, NODELAY)
        name = "whole way to proven and recorded|storescp, then storescu: nothing else"
        figures[name].append(count / seconds)
    tracker.stop()
    deidentify(folder, paths, figures)
    shutil.rmtree(folder)


STEPS = ("process", "populate-incoming", "create-transfer-requests", "anonymize-and-send")


def run(site: Site, name: str) -> None:
    result = site.run(name)
    if result.code:
        raise click.ClickException(f"{name} ended with {result.code}: {result.lines[-1:]}")


def couple(tables: Tables) -> None:
    row = {"record_id": "0", "cl_accessionnumber": "HG20240000", "cl_projectname": "P"}
    tables.coupling_list.write([row | {"cl_subjectid": "P-1", "cl_eventname": "E"}])


def deidentify(folder: Path, paths: list[Path], figures: Figures) -> None:
    for jobs in (1, 2):
        command = [*script("anonymize"), str(paths[0].parent), str(folder / f"out-{jobs}")]
        command += ["--project", "P", "--participant", "P-1", "--event", "E", "--jobs", str(jobs)]
        seconds = timed(subprocess.run, command, check=True, capture_output=True)
        name = f"de-identify to files, {jobs} process (with start-up)"
        figures[f"{name}|headgate"].append(len(paths) / seconds)


def show(figures: Figures, slices: int, size: int, rounds: int, volume: int) -> None:
    click.echo(
        f"CT study of {slices} slices, {size}x{size}x16 bit, {volume / slices / 1000:.0f} kB each; "
        f"{os.cpu_count()} cores; medians of {rounds} rounds (lowest to highest), images/s; "
        "the ratio is to the first line of its group.\n"
    )
    click.echo("| what | who | images/s | ratio |\n|---|---|---|---|")
    first: dict[str, float] = {}
    for name, values in sorted(
        figures.items(), key=lambda one: (one[0].split("|")[0], "headgate" in one[0])
    ):
        what, who = name.split("|")
        median = statistics.median(values)
        ratio = f"{median / first.setdefault(what, median):.2f}"
        click.echo(
            f"| {what} | {who} | {median:.0f} ({min(values):.0f} to {max(values):.0f}) | {ratio} |"
        )


def idle(folder: Path, count: int) -> None:
    """Time a pass of each script that has nothing to do, with many studies on disk and in REDCap."""
    folder.mkdir()
    tracker = server.start(folder / "tracker.sqlite", 0, DICTIONARIES)
    settings = {"quiet_seconds": 0.0}
    site = Site(folder / "site", tracker.url, tracker.tokens, free_port(), **settings)
    context = Context(config.read(site.config))
    context.prepare()
    fill(context, count)
    click.echo(f"\nAn idle pass, {count} studies of two instances on disk and in REDCap:\n")
    click.echo("| script | seconds (with start-up) | REDCap calls |\n|---|---|---|")
    site.start_receiver()
    for name in (*STEPS, "clear-old-files", "heartbeat", "status"):
        run(site, name)
        seconds = statistics.median(timed(run, site, name) for _ in range(3))
        click.echo(f"| {name} | {seconds:.2f} | {calls(site, name)} |")
    site.stop_receiver()
    tracker.stop()


def fill(context: Context, count: int) -> None:
    layout = context.layout
    rows = []
    for number in range(count):
        study = f"1.2.826.0.1.3680043.10.1234.{number}"
        archive, raw = layout.study_archive(study), layout.study_raw(study) / f"{study}.1"
        archive.mkdir()
        raw.mkdir(parents=True)
        for instance in (1, 2):
            (archive / f"{study}.1.{instance}").write_bytes(b"x")
            (raw / f"{study}.1.{instance}").symlink_to(archive / f"{study}.1.{instance}")
        (raw.parent / f"{study}.1.json").write_text('{"NumFiles": 2}')
        (layout.requests / "done" / f"{number:024d}.json").write_text("{}")
        rows.append({"study_instance_uid": study, "study_description": "idle"})
        if len(rows) == 1000:
            context.tables.incoming.write(rows)
            rows = []
    context.tables.incoming.write(rows)
    for name in ("populate-incoming", "create-transfer-requests"):
        context.watermarks.reached(name, time.time() + 7200)


def calls(site: Site, name: str) -> int:
    """Count the calls of one pass, made in this process."""
    import importlib

    step = importlib.import_module(f"headgate.steps.{name.replace('-', '_')}").STEP
    options = {option.name: None for option in step.parameters}
    context = Context(config.read(site.config), options)
    for item in step.plan(context):
        list(step.apply(context, item))
    return len(context.tables.calls)


if __name__ == "__main__":
    main()
