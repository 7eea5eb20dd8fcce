"""One SFTP server: a file goes there, or is gone on with, and is there when its sum agrees."""

import hashlib
import re
import shlex
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from headgate.core.errors import Misconfigured, Rejected, Unavailable

if TYPE_CHECKING:
    from paramiko import SFTPClient, SSHClient

PARTIAL, SUM = ".partial", ".sha256"
AT_ONCE = 1 << 18
SUM_LINE = re.compile(rb"\\?([0-9a-f]{64}) ")
MOST_ANSWER = 4096


@dataclass(frozen=True)
class Server:
    """Where it is, who we are there, and the file with the key by which it is known."""

    host: str
    port: int
    user: str
    folder: str
    host_keys: str
    key: str
    password: str
    timeout: float

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@contextmanager
def connected(server: Server) -> Iterator["Remote"]:
    """Given a server, hold a connection. Raise Misconfigured where it is not who it should be, or
    does not let us in; Unavailable.
    """
    import paramiko

    client = paramiko.SSHClient()
    try:
        client.load_host_keys(server.host_keys)
    except (OSError, paramiko.SSHException) as error:
        raise Misconfigured(
            f"{server.host_keys} cannot be read: it holds the host key of {server}, as ssh-keyscan "
            "prints it, once somebody has compared it with the server's own"
        ) from error
    client.set_missing_host_key_policy(_Refusing())
    try:
        with _troubles(server):
            _sign_in(client, server)
            remote = Remote(client, client.open_sftp(), server)
        yield remote
    finally:
        client.close()


class Remote:
    """An open connection."""

    def __init__(self, client: "SSHClient", sftp: "SFTPClient", server: Server) -> None:
        self._client, self._sftp, self._server = client, sftp, server
        sftp.get_channel().settimeout(server.timeout)

    def send(self, path: Path) -> str:
        """Given a file, bring it there under its name; return a word for what was done.

        Raise Rejected where another file has its name; Unavailable where it does not agree, or the
        connection is cut: what is there is gone on with.
        """
        with _troubles(self._server):
            return self._send(path, str(PurePosixPath(self._server.folder) / path.name))

    def _send(self, path: Path, place: str) -> str:
        size = path.stat().st_size
        there = self._size(place)
        whole = _digest(path, size)
        if there is not None:
            if there != size or self._digest(place, size) != whole:
                raise Rejected(
                    "the destination has another file of this name: rename ours, or ask there"
                )
            self._write_sum(place, whole)
            return "was there already"
        start = self._start(path, place + PARTIAL, size)
        self._upload(path, place + PARTIAL, start)
        if self._digest(place + PARTIAL, size) != whole:
            self._sftp.remove(place + PARTIAL)
            raise Unavailable("what came there is not what was sent: it is sent anew")
        self._write_sum(place, whole)
        self._sftp.posix_rename(place + PARTIAL, place)
        return f"sent from byte {start}" if start else "sent"

    def _start(self, path: Path, partial: str, size: int) -> int:
        """Return from where on it lacks; what is there is compared, not believed."""
        there = self._size(partial)
        if not there or there > size:
            return 0
        return there if self._digest(partial, there) == _digest(path, there) else 0

    def _upload(self, path: Path, partial: str, start: int) -> None:
        with path.open("rb") as source, self._sftp.open(partial, "r+" if start else "w") as target:
            source.seek(start)
            target.seek(start)
            target.set_pipelined(True)
            while data := source.read(AT_ONCE):
                target.write(data)

    def _write_sum(self, place: str, digest: str) -> None:
        name = PurePosixPath(place).name
        with self._sftp.open(place + SUM + PARTIAL, "w") as file:
            file.write(f"{digest}  {name}\n".encode())
        self._sftp.posix_rename(place + SUM + PARTIAL, place + SUM)

    def _size(self, place: str) -> int | None:
        try:
            return self._sftp.stat(place).st_size or 0
        except FileNotFoundError:
            return None

    def _digest(self, place: str, size: int) -> str:
        """What the server computes where it may; else what is read back."""
        return self._computed(place) or self._read_back(place, size)

    def _computed(self, place: str) -> str:
        import paramiko

        command = f"sha256sum -b -- {shlex.quote(place)}"
        with suppress(paramiko.SSHException, TimeoutError):
            _, output, _ = self._client.exec_command(command)
            found = SUM_LINE.match(output.read(MOST_ANSWER))
            if found and not output.channel.recv_exit_status():
                return found[1].decode()
        return ""

    def _read_back(self, place: str, size: int) -> str:
        found = hashlib.sha256()
        with self._sftp.open(place, "r") as file:
            file.prefetch(size)
            while data := file.read(AT_ONCE):
                found.update(data)
        return found.hexdigest()


class _Refusing:
    """Nobody is believed whose key is not in the file."""

    def missing_host_key(self, _client: Any, _host: str, _key: Any) -> None:
        raise _Unknown


class _Unknown(Exception):
    """The file has no key of this host."""


def _sign_in(client: "SSHClient", server: Server) -> None:
    words: dict[str, Any] = {"username": server.user, "timeout": server.timeout}
    if server.key:
        words |= {"pkey": _key(server)}
    else:
        words |= {"password": server.password}
    client.connect(
        server.host, server.port, allow_agent=False, look_for_keys=False,
        banner_timeout=server.timeout, auth_timeout=server.timeout, **words,
    )  # fmt: skip
    transport = client.get_transport()
    if transport:
        transport.set_keepalive(max(1, int(server.timeout)))


def _key(server: Server) -> Any:
    import paramiko

    passphrase = server.password.encode() if server.password else None
    try:
        return paramiko.PKey.from_path(server.key, passphrase)
    except (paramiko.SSHException, ValueError, TypeError, OSError) as error:
        raise Misconfigured(
            f"the key {server.key} cannot be read: see whether it is a private key, and whether "
            "password_file opens it"
        ) from error


@contextmanager
def _troubles(server: Server) -> Iterator[None]:
    """Turn what becomes of a connection into what happens next."""
    import paramiko

    try:
        yield
    except (_Unknown, paramiko.BadHostKeyException) as error:
        raise Misconfigured(
            f"{server} shows a host key that is not in {server.host_keys}: nothing was sent; "
            "compare it with what the other site says, and mend the file"
        ) from error
    except paramiko.AuthenticationException as error:
        raise Misconfigured(
            f"{server} does not let {server.user} in: see key_file, password_file and what the "
            "server has of them"
        ) from error
    except PermissionError as error:
        raise Misconfigured(
            f"{server} does not let us write into its folder: ask there, or set folder"
        ) from error
    except FileNotFoundError as error:
        raise Misconfigured(f"{server} has no such folder: ask there, or set folder") from error
    except (paramiko.SSHException, EOFError, OSError) as error:
        raise Unavailable(
            f"{server} is away or broke off ({type(error).__name__}): it is gone on with later"
        ) from error


def _digest(path: Path, size: int) -> str:
    """The SHA-256 of the first bytes of a file."""
    found = hashlib.sha256()
    with path.open("rb") as file:
        while size > 0 and (data := file.read(min(AT_ONCE, size))):
            found.update(data)
            size -= len(data)
    return found.hexdigest()
