"""A mail server that keeps what it gets, and may refuse, demand a password, or speak TLS."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from headgate.demo.processes import free_port


class PostOffice:
    """The server's handler: `answer` is what it says to a message."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.answer = "250 OK"
        self.knows_not = ""

    async def handle_RCPT(
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        if address == self.knows_not:
            return "550 who is that?"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        if self.answer.startswith("250"):
            self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        return self.answer

    def texts(self) -> list[str]:
        return [mail.get_content() for mail in self.mails]


@contextmanager
def a_post_office(password: str = "", **values: Any) -> Iterator[PostOffice]:
    """A mail server for the length of a test; its `port` is where it listens."""
    office = PostOffice()
    if password:
        values["authenticator"] = lambda *words: AuthResult(
            success=words[-1].password == password.encode(), handled=False
        )
        values |= {"auth_required": True, "auth_require_tls": "tls_context" in values}
    office.port = free_port()
    controller = Controller(office, hostname="127.0.0.1", port=office.port, **values)
    controller.start()
    try:
        yield office
    finally:
        controller.stop()
