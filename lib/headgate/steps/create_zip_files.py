"""Pull a project's studies from the research PACS, and pack them as a zip in a named layout."""

import random
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import click

from headgate.context import Context
from headgate.core.backoff import delay_seconds
from headgate.core.errors import Misconfigured, Rejected, Unavailable
from headgate.core.exporting import KINDS, ExportRequest, clean
from headgate.core.step import Outcome, Step, deferred, error, not_needed, ok
from headgate.settings.derived import LayoutSettings
from headgate.stores import secrets

NAME = "create-zip-files"
PULLED, TREE, WORK, MADE = "pulled", "tree", "work", "made.zip"


class Unreadable(NamedTuple):
    """A file among the requests that is none."""

    name: str
    reason: str

    def __str__(self) -> str:
        return self.name


def plan(context: Context) -> Iterator[ExportRequest | Unreadable]:
    """Yield the export that the command line names, else those that are queued and due."""
    context.exports.check()
    options = context.options
    if options.get("project"):
        password_file = options.get("password_file")
        yield ExportRequest.wanted(
            options["project"], options.get("participant") or "", options.get("layout") or "pure",
            password_file=str(Path(password_file).absolute()) if password_file else "",
            asked=datetime.fromtimestamp(context.now(), UTC).isoformat(),
        )  # fmt: skip
        return
    if options.get("participant"):
        raise click.UsageError("--participant is one of a project: say --project too")
    for name in context.export_requests.names():
        try:
            request = context.export_requests.read(name)
        except Rejected as reason:
            yield Unreadable(clean(name), str(reason))
            continue
        if request.not_before <= context.now():
            yield request


def apply(context: Context, item: ExportRequest | Unreadable) -> Iterator[Outcome]:
    """Make it; what keeps it from being made for now is tried again. Raise Misconfigured."""
    if isinstance(item, Unreadable):
        yield error(item, item.reason)
        return
    requests = context.export_requests
    if context.options.get("project"):
        requests.add(item)
    place = context.exports.place(clean(item.project), item.name)
    try:
        if context.exports.told(place).get("asked") != item.asked or not item.asked:
            told = _made(context, item, place)
            yield ok(item, f"exported {told['instances']} instances to {_shown(context, place)}")
        else:
            yield not_needed(item, f"was exported already: {_shown(context, place)}")
    except Unavailable as reason:
        again = item.with_values(
            attempts=item.attempts + 1, reason=str(reason), not_before=context.now()
            + _delay(context, item.attempts + 1),
        )  # fmt: skip
        requests.later(again)
        yield deferred(item, str(reason))
        return
    except Rejected as reason:
        requests.fail(item.with_values(reason=str(reason)))
        context.exports.discard(item.id)
        yield error(item, f"{reason} (the request is in exports/requests/failed)")
        return
    context.exports.discard(item.id)
    requests.forget(item)


def _made(context: Context, request: ExportRequest, place: Path) -> dict[str, object]:
    """Return what is told of the export that was made. Raise Unavailable, Rejected."""
    from headgate.exporting import arranging, converting, pulling
    from headgate.stores import pulled, zips

    layout = _layout(context, request)
    password = secrets.read_password(request.password_file) if request.password_file else ""
    folder = context.exports.folder(request.id)
    pulled.clear_drafts(folder)
    clock = _Clock()
    several = pulling.listing(context, request, folder)
    if not any(one.instances for one in several):
        raise Rejected(f"the PACS has nothing of project {request.project} for this export")
    total = sum(len(one.instances) for one in several)
    with _bar(context, f"{request} pulling", total) as tell:
        for one in several:
            pulling.pull(context, one, folder / PULLED / one.study / one.uid)
            tell(len(one.instances))
    clock.lap("pulling")
    tree = zips.empty(folder / TREE)
    found = list(arranging.found(folder / PULLED, several, request))
    with _bar(context, f"{request} arranging", total) as tell:
        if layout.kind == "bids":
            converting.convert(context, layout, found, tree, folder / WORK, tell)
        else:
            arranging.arrange(context, layout, found, tree, tell)
    if layout.thumbnails:
        arranging.show(f"{request.project} {request.participant}".strip(), found, tree)
    clock.lap("arranging")
    zips.write_manifest(tree)
    size = sum((tree / name).stat().st_size for name in zips.files_in(tree))
    with _bar(context, f"{request} packing", size) as tell:
        zips.pack(tree, folder / MADE, password, tell)
    clock.lap("packing")
    told = {
        "request": request.id, "asked": request.asked, "project": request.project,
        "participant": request.participant, "layout": request.layout, "instances": total,
        "studies": len({one.study for one in several}), "series": len(several),
        "is_encrypted": bool(password), "sha256": zips.digest(folder / MADE),
        "seconds": clock.laps,
    }  # fmt: skip
    context.exports.publish(folder / MADE, place, told)
    context.exports.note_timing(clean(request.project), told)
    return told


def _layout(context: Context, request: ExportRequest) -> LayoutSettings:
    from headgate.exporting import changing

    known = {kind: LayoutSettings(kind=kind) for kind in KINDS} | context.settings.exports.layouts
    if request.layout not in known:
        raise Rejected(f"no layout of that name: known are {', '.join(sorted(known))}")
    try:
        changing.check(request.layout, known[request.layout])
    except Misconfigured as reason:
        raise Rejected(str(reason)) from reason
    return known[request.layout]


class _Clock:
    """How long each part took, in seconds."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._last = time.monotonic()

    def lap(self, name: str) -> None:
        now = time.monotonic()
        self.laps[name], self._last = round(now - self._last, 3), now


@contextmanager
def _bar(context: Context, label: str, length: int) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal, where people look."""
    if not sys.stderr.isatty() or context.options.get("json") or context.options.get("quiet"):
        yield lambda _count: None
        return
    with click.progressbar(length=length, label=label, file=sys.stderr) as bar:
        yield bar.update


def _delay(context: Context, attempts: int) -> float:
    sending = context.settings.sending
    dice = random.Random()  # noqa: S311 (no secret)
    return delay_seconds(attempts, sending.retry_first_seconds, sending.retry_longest_seconds, dice)


def _shown(context: Context, place: Path) -> str:
    return place.relative_to(context.layout.site).as_posix()


STEP = Step(
    NAME,
    __doc__,
    plan,
    apply,
    parameters=(
        click.Option(["--project"], metavar="NAME", help="Export this project now."),
        click.Option(["--participant"], metavar="ID", help="One of its participants alone."),
        click.Option(
            ["--layout"], metavar="NAME", help="pure, plain, bids, or one of the configuration."
        ),
        click.Option(
            ["--password-file"], type=click.Path(exists=True, dir_okay=False), metavar="FILE",
            help="Encrypt it by AES-256 with the password in this file.",
        ),
    ),
    locks=(NAME,),
)  # fmt: skip
