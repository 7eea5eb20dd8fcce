"""Watch over the receiver and the scripts: a receiver that is down or hung is started again."""

import subprocess
from collections.abc import Iterator

from headgate.context import Context
from headgate.core.errors import Unavailable
from headgate.core.step import Outcome, Step, error, not_needed, ok
from headgate.stores import files, metrics
from headgate.stores.dicomnet import pacs
from headgate.stores.dicomnet.pacs import Peer

NAME = "heartbeat"
RECEIVER, INTAKE = "receiver", "intake"
# scripts that cron runs each minute; the others may rest for longer
WATCHED = ("process", "detect-study-arrival", "populate-incoming", "create-transfer-requests",
           "anonymize-and-send", "populate-projects")  # fmt: skip
RESTART_SECONDS = 60
MOST_SAID = 200


def plan(context: Context) -> Iterator[str]:
    """Yield the receiver, unless it is switched off, and each script that ran before."""
    halts = [context.layout.enabled, *context.layout.halts("storescpd")]
    is_off = any(halt.exists() for halt in halts[1:])
    if not is_off and not (halts[0].exists() and halts[0].read_text()[:1] == "0"):
        yield RECEIVER
        yield INTAKE
    yield from (step for step in WATCHED if metrics.read(context.layout.metrics, step))


def apply(context: Context, item: str) -> Iterator[Outcome]:
    """Echo the receiver, restart it where that helps; tell of scripts whose success is too old."""
    if item == RECEIVER:
        yield from _watch_receiver(context)
    elif item == INTAKE:
        yield _watch_intake(context)
    else:
        yield _watch_step(context, item)


def _watch_receiver(context: Context) -> Iterator[Outcome]:
    settings = context.settings
    peer = Peer(
        settings.receiver.address or "127.0.0.1",
        settings.receiver.port,
        settings.receiver.ae_title,
        settings.heartbeat.calling_ae_title,
        settings.heartbeat.timeout_seconds,
    )
    try:
        pacs.echo(peer)
    except pacs.Refused:
        yield ok(RECEIVER, "alive: it refuses this association, so it is there")
    except Unavailable as reason:
        if _is_receiving(context):
            yield not_needed(RECEIVER, "does not answer, but receives: left alone")
        else:
            yield _restart(context, str(reason))
    else:
        yield ok(RECEIVER, "alive")


def _watch_intake(context: Context) -> Outcome:
    """Whether the disk can take what comes: the receiver answers an echo all the same."""
    floor = context.settings.receiver.free_floor_megabytes
    if not context.archive.has_room(0):
        return error(
            INTAKE,
            f"closed: less than {floor} MB are free, and senders are told 0xA700: free room, or "
            "see what clear-old-files says; it opens again by itself",
        )
    try:
        context.archive.probe()
    except OSError as reason:
        return error(
            INTAKE,
            f"closed: the disk takes no file ({reason.strerror}): see 'dmesg' and 'mount'; senders "
            "are told to come again",
        )
    return ok(INTAKE, "open")


def _is_receiving(context: Context) -> bool:
    """Whether an instance was written within the last minute."""
    newest = files.newest(context.layout.temp, context.layout.arrived)
    return context.now() - newest < RESTART_SECONDS


def _restart(context: Context, reason: str) -> Outcome:
    command = context.settings.heartbeat.restart_command
    if not command:
        return error(RECEIVER, f"{reason}; no heartbeat.restart_command is set: start it by hand")
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=RESTART_SECONDS)
    except (OSError, subprocess.SubprocessError) as trouble:
        return error(
            RECEIVER,
            f"{reason}; starting it again failed ({_said(trouble)}): see 'systemctl status "
            "headgate-storescpd', and whether systemd/50-headgate.rules is in place",
        )
    return error(RECEIVER, f"{reason}; it was started again: see its log for why it was down")


def _said(trouble: Exception) -> str:
    """Return what the command said last, or what became of it."""
    words = getattr(trouble, "stderr", None) or b""
    lines = words.decode(errors="replace").split("\n") if isinstance(words, bytes) else []
    told = [line.strip() for line in lines if line.strip()]
    return told[-1][:MOST_SAID] if told else type(trouble).__name__


def _watch_step(context: Context, step: str) -> Outcome:
    last = metrics.read(context.layout.metrics, step).get("last_success_timestamp_seconds", 0.0)
    if not last:
        return error(step, "it has had no success yet: see its log, and cron's mail")
    minutes = (context.now() - last) / 60
    if minutes > context.settings.heartbeat.stale_minutes:
        return error(
            step, f"its last success is {minutes:.0f} minutes old: see its log, and cron's mail"
        )
    return ok(step, "its last success is fresh")


STEP = Step(NAME, __doc__, plan, apply, locks=(NAME,))
