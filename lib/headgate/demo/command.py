"""The command line of the demonstration."""

import json
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import click

from headgate.core import fields
from headgate.core.errors import HeadgateError
from headgate.demo import archives, journey, sign_in, studies
from headgate.demo.outcome import Account, StudyRow, account
from headgate.demo.processes import Running, free_port, script
from headgate.demo.site import TITLES, Site
from headgate.environment import CHECKOUT
from headgate.settings.redcap import TokenFiles
from headgate.shell import exits, logs
from headgate.stores import files, secrets, walking
from headgate.stores.tables import Tables

DICTIONARIES = CHECKOUT / "config" / "redcap"


class Progress:
    """One line on a terminal that tells what is being done; silent elsewhere."""

    def __init__(self, is_shown: bool) -> None:
        self._is_shown = is_shown
        self._began = time.monotonic()

    def __call__(self, text: str) -> None:
        if self._is_shown:
            seconds = time.monotonic() - self._began
            sys.stderr.write(f"\r\x1b[K{seconds:5.1f} s  {text}" if text else "\r\x1b[K")
            sys.stderr.flush()


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--data", type=click.Path(exists=True, file_okay=False), help="Send these files.")
@click.option("--keep", type=click.Path(file_okay=False), help="Keep everything in this folder.")
@click.option("--serve", is_flag=True, help="Keep all running, and tell the addresses.")
@click.option("--json", "as_json", is_flag=True, help="Print the account as JSON, last.")
def main(data: str | None, keep: str | None, serve: bool, as_json: bool) -> None:
    """Carry real DICOM studies the whole way, from C-STORE to proven delivery, and show it.

    Exit code 0 only if every instance is proven delivered or accounted for with a reason, and no
    identifier of a patient is left in what was delivered.
    """
    files.keep_private()
    logs.set_up("demo", "-", "", -1)
    try:
        is_clean = _demonstrate(data, keep, serve, as_json)
    except HeadgateError as trouble:
        click.echo(f"demo: {trouble}", err=True)
        sys.exit(exits.code_of(trouble))
    except KeyboardInterrupt:
        sys.exit(exits.INTERRUPTED)
    sys.exit(exits.DONE if is_clean else exits.SOME_FAILED)


def _demonstrate(data: str | None, keep: str | None, serve: bool, as_json: bool) -> bool:
    say = Progress(sys.stderr.isatty() and not as_json)
    with ExitStack() as stack:
        folder = Path(keep) if keep else Path(stack.enter_context(_temporary()))
        folder = folder.absolute()
        files.make_folders(folder)
        say("starting the tracker, the receiver and a research PACS")
        site, tables, pacs, tracker = stack.enter_context(_started(folder))
        told = _carry(site, tables, pacs, _paths(data, folder), say)
        say("")
        _show(told, as_json)
        _tell_where(site, pacs, tracker, bool(keep), serve, as_json)
        if serve:
            _wait()
    return told.is_clean()


def _carry(
    site: Site, tables: Tables, pacs: archives.Pacs, paths: list[Path], say: journey.Say
) -> Account:
    say(f"sending {len(paths)} files by C-STORE")
    began, clock = time.time(), time.monotonic()
    sent = journey.send(site, paths)
    journey.carry(site, tables, say)
    seconds = time.monotonic() - clock
    say("searching what was delivered for identifiers")
    told = account(site, _listed(tables), pacs.instances(), began, seconds)
    told.unaccounted += [
        f"{path.name}: C-STORE status {status:#06x}"
        for path, status in sent.statuses.items()
        if status
    ]
    told.unsendable = sent.unsendable
    return told


def _listed(tables: Tables) -> dict[str, str]:
    """The studies that REDCap lists, with the project that each is assigned to."""
    rows = tables.incoming.export(
        fields=[fields.INCOMING_RECORD], forms=[fields.STUDY_FORM, fields.TRANSFERS_FORM]
    )
    found: dict[str, str] = {}
    for row in rows:
        study = str(row[fields.INCOMING_RECORD])
        found[study] = str(row.get(fields.TRANSFER_PROJECT) or "") or found.get(study, "")
    return found


@contextmanager
def _started(folder: Path) -> Iterator[tuple[Site, Tables, archives.Pacs, str]]:
    with ExitStack() as stack:
        tokens = folder / "tokens.json"
        port = free_port()
        words = ["--port", str(port), "--db", str(folder / "tracker.sqlite")]
        words += ["--load", str(DICTIONARIES), "--tokens", str(tokens)]
        tracker = Running([*script("tracker"), *words], folder / "tracker.out")
        stack.callback(tracker.stop)
        pacs = archives.start(folder / "pacs")
        stack.callback(pacs.stop)
        tracker.wait_until(lambda: "listening on" in tracker.said(), "the tracker")
        url = f"http://127.0.0.1:{port}/api/"
        site = Site(folder, url, json.loads(tokens.read_text()), pacs.port)
        site.start_receiver()
        stack.callback(site.stop_receiver)
        token_files = TokenFiles(**{name: str(folder / "secrets" / name) for name in TITLES})
        tables = Tables(
            url, lambda name: secrets.read_token_of(token_files, name), DICTIONARIES, 30, ""
        )
        yield site, tables, pacs, f"http://127.0.0.1:{port}/"


def _paths(data: str | None, folder: Path) -> list[Path]:
    if data:
        closed: list[Path] = []
        paths = [path for path in walking.tree(Path(data), closed.append) if path.suffix != ".csv"]
        if closed:
            raise click.UsageError(f"{closed[0]} is {walking.LOCKED}")
        return paths
    return [*studies.packaged(), *studies.generated(folder / "made")]


def _show(told: Account, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(told.as_json()))
        return
    click.echo(ROW.format("study", "modality", "received", "listed", "assigned", "sent", "proven",
                          "held back", "seconds"))  # fmt: skip
    for row in told.rows:
        click.echo(_line(row))
        for reason in row.reasons:
            click.echo(f"{'':{STUDY_WIDTH}}  held back: {reason}")
    for path, reason in told.unsendable.items():
        click.echo(f"not sent: {path.name}: {reason}")
    for text in (*told.unaccounted, *told.leaks):
        click.echo(click.style(f"wrong: {text}", fg="red"))
    click.echo(
        f"{told.received} received, {told.delivered} delivered, {told.proven} proven, "
        f"{told.rejected} held back with a reason, {len(told.leaks)} leaks, {told.seconds:.1f} s"
    )


ROW = "{:36}  {:24} {:>8} {:>6} {:>8} {:>5} {:>6} {:>9} {:>7}"
STUDY_WIDTH = 36


def _line(row: StudyRow) -> str:
    name = row.study if len(row.study) <= STUDY_WIDTH else f"…{row.study[1 - STUDY_WIDTH :]}"
    listed = "yes" if row.listed else "no"
    return ROW.format(
        name, row.modality, row.received, listed, row.assigned or "-", row.sent, row.proven,
        row.held_back, f"{row.seconds:.1f}",
    )  # fmt: skip


def _tell_where(
    site: Site, pacs: archives.Pacs, tracker: str, is_kept: bool, serve: bool, as_json: bool
) -> None:
    if as_json:
        return
    if serve:
        click.echo(f"tracker: {tracker}   research PACS: {pacs.where}   receiver: port {site.port}")
    if serve or is_kept:
        database = site.folder / "tracker.sqlite"
        if not serve:
            click.echo(f"tracker: bin/tracker --db {database}")
        click.echo(f"sign in as {sign_in.NAME} with the password {sign_in.make_account(database)}")
        click.echo(f"look around: {site.datadir}/site, {site.logs}")
        click.echo(f"             bin/status -c {site.config}")
    else:
        click.echo("look around: bin/demo --keep DIR keeps all files, --serve keeps all running")


def _wait() -> None:
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    click.echo("all is running; Ctrl-C ends it")
    ended.wait()


def _temporary() -> Any:
    return tempfile.TemporaryDirectory(prefix="headgate-demo-", ignore_cleanup_errors=True)
