"""A mail server: messages handed to it by SMTP."""

import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass
from email.message import EmailMessage

from headgate.core.errors import HeadgateError, Misconfigured, Rejected, Unavailable

PERMANENT = 500  # RFC 5321 4.2.1: answers from here on will not change by themselves
TLS, STARTTLS = "tls", "starttls"


@dataclass(frozen=True)
class Server:
    """Where it is, how it is talked to, and who we are there."""

    host: str
    port: int
    security: str
    timeout: float
    certificates: str = ""
    user: str = ""
    password: str = ""

    def __repr__(self) -> str:
        """Return it without the password."""
        return f"Server({self.host!r}, {self.port}, {self.security!r})"


def send(server: Server, message: EmailMessage) -> None:
    """Given a server and a message, hand it over.

    Raise Unavailable when the server cannot take it now; Rejected when it will not; Misconfigured
    when it does not know us.
    """
    try:
        connection = _connected(server)
    except (smtplib.SMTPException, OSError) as trouble:
        raise _understood(trouble, server) from trouble
    try:
        connection.send_message(message)
    except (smtplib.SMTPException, OSError) as trouble:
        raise _understood(trouble, server) from trouble
    finally:
        with suppress(smtplib.SMTPException, OSError):
            connection.quit()


def _connected(server: Server) -> smtplib.SMTP:
    trust = ssl.create_default_context(cafile=server.certificates or None)
    if server.security == TLS:
        connection: smtplib.SMTP = smtplib.SMTP_SSL(
            server.host, server.port, timeout=server.timeout, context=trust
        )
    else:
        connection = smtplib.SMTP(server.host, server.port, timeout=server.timeout)
    try:
        if server.security == STARTTLS:
            connection.starttls(context=trust)
        if server.user:
            connection.login(server.user, server.password)
    except (smtplib.SMTPException, OSError):
        connection.close()
        raise
    return connection


def _understood(trouble: Exception, server: Server) -> HeadgateError:
    where = f"the mail server {server.host}:{server.port}"
    if isinstance(trouble, ssl.SSLCertVerificationError):
        return Misconfigured(f"{where} shows a certificate that nobody we believe has signed")
    if isinstance(trouble, smtplib.SMTPAuthenticationError):
        return Misconfigured(f"{where} refuses the user or password: mend [mail]")
    if isinstance(trouble, smtplib.SMTPNotSupportedError):
        return Misconfigured(f"{where} does not offer what [mail] demands: security, user")
    if (code := _code(trouble)) >= PERMANENT:
        return Rejected(f"{where} refuses the message ({code}): mend the addresses")
    name = type(trouble).__name__
    return Unavailable(f"{where} does not take it now ({name}): the next run tells it")


def _code(trouble: Exception) -> int:
    if isinstance(trouble, smtplib.SMTPRecipientsRefused):
        return max((code for code, _ in trouble.recipients.values()), default=0)
    return int(getattr(trouble, "smtp_code", 0))
