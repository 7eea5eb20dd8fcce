"""DICOM TLS: PS3.15 B.12, which follows BCP 195 (RFC 9325)."""

import asyncio
import gc
import hashlib
import ssl
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from socket import socket

from headgate.core.errors import Misconfigured

# RFC 9325 4.2: forward secrecy and authenticated encryption; TLS 1.3 has nothing else
CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"
FAILED = "the handshake failed ({})"
LOOK_SECONDS = 1.0
BROKEN_OFF = "it hung up, or fell silent, amid the handshake"
UNLISTED = "its certificate is not among receiver.tls_fingerprints"


class Untrusted(Exception):
    """A peer did not show in a trusted way who it is; the text holds no value of its own."""


@dataclass(frozen=True)
class Security:
    """A certificate of ours, and which peers are let in by theirs.

    Where `trusted` names a file of certificates, a peer must have one that they sign; where there
    are `fingerprints` (SHA-256, hexadecimal), its own must be among them.
    """

    certificate: Path
    key: Path
    trusted: Path | None = None
    fingerprints: frozenset[str] = frozenset()

    def context(self) -> ssl.SSLContext:
        """Return how connections are secured. Raise Misconfigured."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(CIPHERS)
        context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
        try:
            context.load_cert_chain(self.certificate, self.key)
            if self.trusted:
                context.load_verify_locations(self.trusted)
                context.verify_mode = ssl.CERT_REQUIRED
        except (OSError, ssl.SSLError) as error:
            raise Misconfigured(
                f"receiver.tls_certificate, tls_key or tls_trusted cannot be used: {error.strerror}"
            ) from error
        if self.fingerprints and not self.trusted:
            raise Misconfigured("receiver.tls_fingerprints need receiver.tls_trusted")
        return context


@dataclass(frozen=True)
class Trust:
    """Whom we call: one with a certificate that `trusted` signs, or '' the system's authorities;
    `certificate` and `key` say who we are where it asks, or are ''.
    """

    trusted: str = ""
    certificate: str = ""
    key: str = ""

    def context(self, host: str) -> ssl.SSLContext:
        """Given what the peer is called, return how it is called. Raise Misconfigured."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(CIPHERS)
        try:
            if self.certificate:
                context.load_cert_chain(self.certificate, self.key)
            if self.trusted:
                context.load_verify_locations(self.trusted)
            else:
                context.load_default_certs()
        except (OSError, ssl.SSLError) as error:
            raise Misconfigured(
                f"tls_certificate, tls_key or tls_trusted of {host} cannot be used: "
                f"{error.strerror}"
            ) from error
        return context

    def secured(self, connection: socket, host: str) -> ssl.SSLSocket:
        """Given a connection that we opened to a host, return it secured.

        Raise Misconfigured, Untrusted, OSError.
        """
        context = self.context(host)
        try:
            return context.wrap_socket(connection, server_hostname=host)
        except ssl.SSLError as error:
            raise Untrusted(FAILED.format(error.reason or "no TLS")) from error


def handshaking(security: Security, refused: Callable[[str], None]) -> ssl.SSLContext:
    """Given how connections are secured, return it for a server that shakes hands itself; `refused`
    is told of each whom it does not let in, and why. Raise Misconfigured.
    """
    amid: weakref.WeakSet[ssl.SSLObject] = weakref.WeakSet()

    class Told(ssl.SSLObject):
        is_amid = False

        def __del__(self) -> None:
            if self.is_amid:
                refused(BROKEN_OFF)

        def do_handshake(self) -> None:
            self.is_amid = False
            amid.discard(self)
            try:
                super().do_handshake()
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                self.is_amid = True
                if not amid:
                    asyncio.get_running_loop().call_later(LOOK_SECONDS, look)
                amid.add(self)
                raise
            except ssl.SSLError as error:
                refused(FAILED.format(error.reason or "no TLS"))
                raise
            if not _is_listed(self, security):
                refused(UNLISTED)
                raise ssl.SSLError(UNLISTED)

    def look() -> None:
        # asyncio tells nobody of who hangs up or is silent: it drops what was begun, in a circle
        gc.collect()
        if amid:
            asyncio.get_running_loop().call_later(LOOK_SECONDS, look)

    context = security.context()
    context.sslobject_class = Told
    return context


def secured(connection: socket, context: ssl.SSLContext, security: Security) -> ssl.SSLSocket:
    """Given a connection that a peer opened, return it secured. Raise Untrusted, OSError."""
    try:
        found = context.wrap_socket(connection, server_side=True)
    except ssl.SSLWantReadError as error:
        raise Untrusted("it fell silent amid the handshake") from error
    except ssl.SSLError as error:
        raise Untrusted(FAILED.format(error.reason or "no TLS")) from error
    if not _is_listed(found, security):
        found.close()
        raise Untrusted(UNLISTED)
    return found


def _is_listed(connection: ssl.SSLSocket | ssl.SSLObject, security: Security) -> bool:
    certificate = connection.getpeercert(binary_form=True) or b""
    is_named = hashlib.sha256(certificate).hexdigest() in security.fingerprints
    return is_named or not security.fingerprints
