"""Runs any script: options, configuration, halt, lock, log, plan and apply, metrics, exit code."""

import logging
import os
import pwd
import secrets
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import click

from headgate import config
from headgate.context import Context
from headgate.core.bugs import described
from headgate.core.errors import Busy, HeadgateError, Misconfigured, Unavailable
from headgate.core.states import State
from headgate.core.step import Outcome, Status, Step, deferred, error
from headgate.shell import exits, logs
from headgate.shell.options import common
from headgate.shell.reminders import Reminders, repeat_seconds
from headgate.shell.report import Report
from headgate.stores import disks, files, metrics
from headgate.stores.layout import tellable
from headgate.stores.notified import Notified

INTERRUPTED = "interrupted: what was told of is done, the next run does the rest"

log = logging.getLogger("headgate")


def main(step: Step) -> None:
    """Given a step, run it as the command line says, and exit with one of the codes of `exits`."""
    files.keep_private()
    command(step)(prog_name=step.name)


def command(step: Step) -> click.Command:
    """Given a step, return its command."""

    def callback(**options: Any) -> None:
        sys.exit(_run(step, options))

    return click.Command(
        step.name,
        callback=callback,
        params=[*step.parameters, *common(step)],
        help=f"{step.summary}\n\n{exits.EXPLANATION}",
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    )


def _run(step: Step, options: dict[str, Any]) -> int:
    started = time.time()
    verbosity = options["verbose"] - options["quiet"]
    run = secrets.token_hex(4)
    # what is done alone is reported as it is done; only trouble is logged beside it
    logs.set_up(step.name, run, "", verbosity - step.is_alone)
    report = Report(step.name, options["json"], verbosity, step.by_hand)
    contexts: list[Context] = []

    def work() -> int:
        contexts.append(_context(step, options))
        if not step.is_alone:
            logs.set_up(step.name, run, contexts[0].settings.log_directory, verbosity)
            _keep_in_mind(step, contexts[0], report)
        return _guarded(step, contexts[0], report)

    try:
        code = _attempt(report, step.name, work)
    except KeyboardInterrupt:
        _say(report, deferred(step.name, INTERRUPTED))
        code = exits.INTERRUPTED
    report.close()
    if contexts and code != exits.BUSY and not step.is_alone and not options.get("dry_run"):
        _write_metrics(step, contexts[0], report, started, code)
    return code


def _attempt(report: Report, item: object, work: Callable[[], int]) -> int:
    """Given something to do for an item, do it; return its exit code, whatever goes wrong."""
    try:
        return work()
    except Busy as busy:
        log.debug("%s", busy)
        return exits.BUSY
    except Unavailable as trouble:
        _say(report, deferred(item, str(trouble)))
        return exits.UNREACHABLE
    except HeadgateError as trouble:
        _say(report, error(item, str(trouble)))
        return exits.code_of(trouble)
    except click.UsageError:
        raise
    except PermissionError as denied:
        _say(report, error(item, _of_permission(denied)))
        return exits.CONFIGURATION
    except Exception as bug:  # noqa: BLE001 (the one place: a bug leaves a trace and a code)
        _say(report, error(item, f"{described(bug)}; report it with this line"))
        return exits.BUG


def _context(step: Step, options: dict[str, Any]) -> Context:
    overrides = {
        setting: options[name]
        for name, setting in step.overrides.items()
        if options.get(name) is not None
    }
    path = None
    if not step.is_alone:
        path = config.find(options["config"])
        if path is None and "datadir" not in overrides:
            raise config.missing()
    context = Context(config.read(path, overrides), options)
    if not step.is_alone:
        _check_user(step, context.layout.datadir)
    return context


def _keep_in_mind(step: Step, context: Context, report: Report) -> None:
    """A rehearsal leaves no trace, and who sits there asked: they are told everything."""
    is_asked = step.by_hand or sys.stderr.isatty() or context.options.get("dry_run")
    if (repeat := repeat_seconds()) and not is_asked:
        report.remind(Reminders(Notified(context.layout.reminders), step.name, repeat))


def _check_user(step: Step, datadir: Path) -> None:
    """What root makes in another's tree is what that user's scripts may not write from then on."""
    if os.geteuid() or not datadir.is_dir() or not (owner := datadir.stat().st_uid):
        return
    try:
        name = pwd.getpwuid(owner).pw_name
    except KeyError:
        name = f"#{owner}"
    raise Misconfigured(
        f"the data tree {datadir} belongs to {name}, whose scripts could not go on after what root "
        f"makes there: run it as that user, 'sudo -u {name} bin/{step.name} ...'"
    )


def _guarded(step: Step, context: Context, report: Report) -> int:
    if step.is_alone:
        return _work(step, context, report)
    from headgate.shell import locks  # which takes long to load, and what is alone needs none

    _prepare(context)
    halt = next((one for one in context.layout.halts(step.name) if one.exists()), None)
    if halt and step.changes:
        log.warning("halted by %s: remove it to go on", halt)
        return exits.DONE
    wait = context.options.get("wait", 0.0)
    is_dry = context.options.get("dry_run")
    try:
        with nullcontext() if is_dry else locks.held(context.layout.locks, step.locks, wait):
            return _work(step, context, report)
    except Busy as busy:
        if step.serves or step.by_hand or sys.stderr.isatty():  # cron is told by the exit code
            click.echo(f"{step.name}: {busy}", err=True)
        raise


def _prepare(context: Context) -> None:
    try:
        context.prepare()
    except (FileNotFoundError, NotADirectoryError) as trouble:
        place = context.settings.datadir
        raise Misconfigured(f"datadir {place} cannot be made: {trouble.strerror}") from trouble


def _work(step: Step, context: Context, report: Report) -> int:
    codes = [exits.DONE]
    absent = set(context.options.get("only") or ())
    for item in _limited(step, context):
        absent.difference_update(str(item).split(","))
        report.progress(item)
        if context.options.get("dry_run") and not step.rehearses:
            report.planned(item)
            continue
        codes.append(_attempt(report, item, partial(_apply, step, context, item, report)))
    if context.options.get("limit") is None:
        report.absent(absent)
    is_part = any(context.options.get(name) for name in ("dry_run", "only"))
    is_part = is_part or context.options.get("limit") is not None
    if step.after and not is_part and exits.worst(codes) == exits.DONE:
        step.after(context)
    if step.totals and (step.rehearses or not context.options.get("dry_run")):
        report.totals(step.totals(context))
    return exits.worst(codes)


def _apply(step: Step, context: Context, item: Any, report: Report) -> int:
    codes = [exits.DONE]
    for outcome in step.apply(context, item):
        _say(report, outcome)
        codes.append(exits.OUTCOMES.get(outcome.status, exits.DONE))
    return exits.worst(codes)


def _limited(step: Step, context: Context) -> Iterator[Any]:
    items = (item for item in step.plan(context) if context.is_asked_for(str(item)))
    return islice(items, context.options.get("limit"))


def _say(report: Report, outcome: Outcome) -> None:
    level = logging.ERROR if outcome.status is Status.ERROR else logging.INFO
    log.log(level, "%s %s", outcome.status, outcome.text, extra={"item": outcome.item})
    report.add(outcome)


def _of_permission(denied: PermissionError) -> str:
    top = tellable(str(denied.filename or ""))
    place = "a file" if top is None else f"what lies under {top}"
    return (
        f"{place} may not be read or written by the user who runs this: run scripts as one user, "
        "never as root, and give it the data tree with chown -R"
    )


def _write_metrics(step: Step, context: Context, report: Report, started: float, code: int) -> None:
    now = time.time()
    values = {
        "last_run_timestamp_seconds": now,
        "duration_seconds": now - started,
        "exit_code": float(code),
        **{f"items:{status}": float(report.counts[status]) for status in Status},
    }
    if code == exits.DONE:
        values["last_success_timestamp_seconds"] = now
    try:
        metrics.write(context.layout.metrics, step.name, {**values, **_depths(context, now)})
    except (Unavailable, OSError):
        log.warning("the metrics could not be written")


def _depths(context: Context, now: float) -> dict[str, float]:
    """How much waits, for how long, and how much room there is."""
    waiting = [state for state in State if state is not State.DONE]
    oldest = context.queues.oldest(State.QUEUED)
    return {
        **{f"queue_depth:{state}": float(len(context.queues.ids(state))) for state in waiting},
        "queue_oldest_seconds": now - oldest if oldest else 0.0,
        "disk_free_percent": disks.free_percent(context.layout.datadir),
    }
