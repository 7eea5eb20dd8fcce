"""Other sites: OpenSSH's server on loopback, as the test's own user, with a host key of its own."""

from __future__ import annotations

import contextlib
import getpass
import socket
import threading
from pathlib import Path

import paramiko
import pytest
from gateways import needs
from headgate.demo.processes import Running, free_port, is_listening


def a_key(path: Path) -> str:
    """Make a key pair; return the public one."""
    key = paramiko.ECDSAKey.generate()
    key.write_private_key_file(str(path))
    path.chmod(0o600)
    return f"{key.get_name()} {key.get_base64()}"


class Sshd:
    """A server; `only_sftp` lets no command be run."""

    def __init__(self, folder: Path, only_sftp: bool = False) -> None:
        folder.mkdir()
        Path("/run/sshd").mkdir(exist_ok=True)  # sshd wants it to be there, empty
        self.folder, self.port, self.user = folder, free_port(), getpass.getuser()
        self.place = folder / "upload"
        self.place.mkdir()
        self.key = folder / "our.key"
        (folder / "authorized").write_text(a_key(self.key) + "\n")
        host_key = a_key(folder / "host.key")
        self.known_hosts = folder / "known_hosts"
        self.known_hosts.write_text(f"[127.0.0.1]:{self.port} {host_key}\n")
        forced = "ForceCommand internal-sftp\n" if only_sftp else ""
        (folder / "sshd_config").write_text(
            f"Port {self.port}\nListenAddress 127.0.0.1\nHostKey {folder}/host.key\n"
            f"AuthorizedKeysFile {folder}/authorized\nPidFile {folder}/pid\nStrictModes no\n"
            f"UsePAM no\nPasswordAuthentication no\nPermitRootLogin yes\n"
            f"Subsystem sftp internal-sftp\n{forced}"
        )
        self.start()

    def start(self) -> None:
        words = [
            needs("sshd", "openssh-server"),
            "-D",
            "-e",
            "-f",
            str(self.folder / "sshd_config"),
        ]
        self.running = Running(words, self.folder / "sshd.log")
        self.running.wait_until(lambda: is_listening(self.port), "sshd")

    def stop(self) -> None:
        self.running.stop()

    def toml(self, name: str, **values: object) -> str:
        """Return the section of a destination."""
        told = {
            "host": "127.0.0.1", "port": self.port, "user": self.user, "folder": str(self.place),
            "host_key_file": str(self.known_hosts), "key_file": str(self.key),
            "timeout_seconds": 10.0, **values,
        }  # fmt: skip
        lines = "".join(
            f"{key} = {value}\n" if not isinstance(value, str) else f'{key} = "{value}"\n'
            for key, value in told.items()
        )
        return f'[destinations."{name}"]\n{lines}'

    def files(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in sorted(self.place.iterdir())}


@pytest.fixture(params=["with commands", "sftp alone"])
def an_sshd(tmp_path: Path, request):
    server = Sshd(tmp_path / "sshd", request.param == "sftp alone")
    yield server
    server.stop()


@pytest.fixture
def plain_sshd(tmp_path: Path):
    server = Sshd(tmp_path / "sshd")
    yield server
    server.stop()


class Cutting:
    """A way to a server that is cut once so many bytes of ours, or of its, have passed."""

    def __init__(self, port: int, ours: int = 1 << 40, theirs: int = 1 << 40) -> None:
        self._target, self._left = port, {"ours": ours, "theirs": theirs}
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while min(self._left.values()) > 0:
            client, _ = self._listener.accept()
            server = socket.create_connection(("127.0.0.1", self._target))
            for way in ((client, server, "ours"), (server, client, "theirs")):
                threading.Thread(target=self._carry, args=way, daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket, whose: str) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(4096):
                self._left[whose] -= len(data)
                if self._left[whose] < 0:
                    break
                target.sendall(data)
        for one in (source, target):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
