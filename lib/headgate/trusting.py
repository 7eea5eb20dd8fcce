"""Certificates, keys and tokens that the settings name, for the receiver and for those we call."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from headgate.config import ReceiverSettings
from headgate.context import Context
from headgate.core.errors import Misconfigured
from headgate.stores import authorities, secrets
from headgate.stores.dicomnet.tls import Security

RENEWED_BEFORE = timedelta(days=14)


def security(settings: ReceiverSettings) -> Security | None:
    """Given the receiver's settings, return how its connections are secured, None where they are
    not. Raise Misconfigured where a file is not there.
    """
    if not settings.tls_certificate and not settings.tls_port:
        return None
    for name in ("tls_certificate", "tls_key", "tls_trusted"):
        path = getattr(settings, name)
        if path or name != "tls_trusted":
            authorities.check_is_there(f"receiver.{name}", path)
    return Security(
        Path(settings.tls_certificate),
        Path(settings.tls_key),
        Path(settings.tls_trusted) if settings.tls_trusted else None,
        frozenset(one.replace(":", "").lower() for one in settings.tls_fingerprints),
    )


def check_receiver(context: Context) -> None:
    """Raise Misconfigured where the receiver's certificate, key or token cannot be used."""
    settings = context.settings.receiver
    if found := security(settings):
        found.context()
    if settings.web_port and settings.web_token_file:
        secrets.read_bearer(settings.web_token_file)


def check_pacs(context: Context, name: str) -> None:
    """Given a PACS, raise Misconfigured where certificate, key or token for it cannot be used."""
    settings = context.pacs(name)
    for key in ("tls_trusted", "tls_certificate", "tls_key") if settings.tls else ():
        if path := getattr(settings, key):
            authorities.check_is_there(f"pacs.{name}.{key}", path)
    if trust := context.peer(name).trust:
        trust.context(name)
    context.web_token(name)


def check_others(context: Context) -> None:
    """Raise Misconfigured where the authorities of REDCap or the mail server cannot be used, or a
    file of slides or destinations is not there.
    """
    settings = context.settings
    authorities.checked("redcap.certificates", settings.redcap.certificates)
    authorities.checked("mail.certificates", settings.mail.certificates)
    if settings.notify and settings.mail.password_file:
        secrets.read_password(settings.mail.password_file)
    if path := settings.slides.coupling_list:
        authorities.check_is_there("slides.coupling_list", path)
    for name, one in settings.destinations.items():
        authorities.check_is_there(f"destinations.{name}.host_key_file", one.host_key_file)


def check_dates(context: Context) -> int:
    """Return how many certificates of ours are good for a while. Raise Misconfigured where some are
    not, or will not be soon.
    """
    now = datetime.fromtimestamp(context.now(), UTC)
    own = {name: authorities.expiry(name, path) for name, path in _own_certificates(context)}
    late = [
        f"{name} {'expires' if when > now else 'expired'} on {when:%Y-%m-%d %H:%M} UTC"
        for name, when in own.items()
        if when < now + RENEWED_BEFORE
    ]
    if late:
        raise Misconfigured(f"{'; '.join(late)}: renew it as the README's runbook says")
    return len(own)


def _own_certificates(context: Context) -> Iterator[tuple[str, str]]:
    """Yield the settings that name certificates of ours, and their files."""
    if path := context.settings.receiver.tls_certificate:
        yield "receiver.tls_certificate", path
    for name, one in context.settings.pacs.items():
        if one.tls and one.tls_certificate:
            yield f"pacs.{name}.tls_certificate", one.tls_certificate
