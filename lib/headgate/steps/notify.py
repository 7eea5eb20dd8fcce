"""Mail people what they asked to be told of: one mail a run and receiver, at least once."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime

from headgate.context import Context
from headgate.core import notices
from headgate.core.errors import Misconfigured
from headgate.core.model import Request
from headgate.core.notices import Notice, written
from headgate.core.states import State
from headgate.core.step import Outcome, Step, ok
from headgate.settings.mail import NotifySettings
from headgate.stores import disks, metrics
from headgate.stores.mail import send
from headgate.stores.queues import pass_over

NAME = "notify"
ANY_PROJECT = "*"
OVERLAP_MINUTES = 60  # by which what arrived is looked at again


@dataclass(frozen=True)
class Digest:
    """What one receiver is to be told now, and what is to be remembered then."""

    name: str
    news: list[Notice]
    told: Mapping[str, float]

    def __str__(self) -> str:
        return self.name


def plan(context: Context) -> Iterator[Digest]:
    """Yield for each receiver what is new to it."""
    for name, wants in context.settings.notify.items():
        _check(name, wants)
        present = [one for trigger in wants.triggers for one in NEWS[trigger](context, wants)]
        told, now, hours = context.notified.read(name), context.began, wants.repeat_hours
        if news := notices.untold(present, told, now, hours):
            yield Digest(name, news, notices.remembered(told, news, present, now, hours))


def apply(context: Context, digest: Digest) -> Iterator[Outcome]:
    """Mail it, then note that it was told: a run that dies between the two tells it twice."""
    send(context.mail_server, _message(context, digest))
    context.notified.write(digest.name, digest.told)
    yield ok(digest, f"told of {len(digest.news)} things")


def after(context: Context) -> None:
    """Note until when all that arrived was told."""
    context.watermarks.reached(NAME, context.began)


def _check(name: str, wants: NotifySettings) -> None:
    wrong = [one for one in wants.triggers if one not in NEWS]
    if wrong:
        raise Misconfigured(f"notify.{name}.triggers: {wrong[0]!r} is none of {', '.join(NEWS)}")
    if "@" not in wants.address or not wants.address.isprintable():
        raise Misconfigured(f"notify.{name}.address is no mail address")


def _line(text: str) -> str:
    if not text.isprintable():
        raise Misconfigured("mail.sender and mail.templates.subject are one line each")
    return text


def _message(context: Context, digest: Digest) -> EmailMessage:
    """The same news have the same Message-ID: who gets them twice may see that."""
    settings, wants = context.settings.mail, context.settings.notify[digest.name]
    keys = "\n".join([wants.address, *(one.key for one in digest.news)])
    identity = hashlib.sha256(keys.encode()).hexdigest()[:32]
    message = EmailMessage()
    message["From"], message["To"] = _line(settings.sender), wants.address
    subject = written(settings.templates.subject, {"count": len(digest.news)})
    message["Subject"] = _line(subject)
    message["Date"] = format_datetime(datetime.fromtimestamp(context.began).astimezone())
    message["Message-ID"] = f"<{identity}@{settings.sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    ends = {"count": len(digest.news), "hours": f"{wants.repeat_hours:g}"}
    lines = [f"- {one.text}" for one in digest.news]
    message.set_content("\n".join([*lines, "", written(settings.templates.end, ends), ""]))
    return message


def _arrived(context: Context, wants: NotifySettings) -> Iterator[Notice]:
    last = context.watermarks.since(NAME, context.began, OVERLAP_MINUTES)
    since = last.timestamp() if last else context.began - 60 * OVERLAP_MINUTES
    for request in context.queues.since(State.DONE, since):
        if _is_wanted(request, wants):
            yield _of_request(context, notices.ARRIVED, request)


def _failed(context: Context, wants: NotifySettings) -> Iterator[Notice]:
    for request in context.queues.each(State.FAILED, pass_over):
        if _is_wanted(request, wants):
            yield _of_request(context, notices.FAILED, request)


def _is_wanted(request: Request, wants: NotifySettings) -> bool:
    return bool({ANY_PROJECT, request.project} & set(wants.projects))


def _of_request(context: Context, trigger: str, request: Request) -> Notice:
    """By pseudonyms alone: the study's own UID stays here."""
    values = {
        "project": request.project,
        "participant": request.participant,
        "event": request.event,
        "study": request.mapped_study,
        "request": request.id,
        "summary": request.summary,
    }
    template = asdict(context.settings.mail.templates)[trigger]
    return Notice(trigger, f"{trigger} {request.id}", written(template, values))


def _disk(context: Context, wants: NotifySettings) -> Iterator[Notice]:
    free = disks.free_percent(context.layout.datadir)
    if free < wants.disk_free_percent:
        values = {"free": f"{free:.1f}", "wanted": f"{wants.disk_free_percent:g}"}
        text = written(context.settings.mail.templates.disk, values)
        yield Notice(notices.DISK, notices.DISK, text)


def _stale(context: Context, wants: NotifySettings) -> Iterator[Notice]:
    for step in wants.steps:
        values = metrics.read(context.layout.metrics, step)
        last = values.get("last_success_timestamp_seconds", 0.0)
        minutes = (context.began - last) / 60
        if values and minutes > wants.stale_minutes:
            age = f"{minutes:.0f} minutes ago" if last else "never"
            words = {"step": step, "age": age}
            text = written(context.settings.mail.templates.stale, words)
            yield Notice(notices.STALE, f"{notices.STALE} {step}", text)


NEWS = {
    notices.ARRIVED: _arrived,
    notices.FAILED: _failed,
    notices.DISK: _disk,
    notices.STALE: _stale,
}

STEP = Step(NAME, __doc__, plan, apply, after=after, locks=(NAME,))
