"""Programs of others, run with limits, gone when we are: bare, walled off, or in a container."""

import os
import resource
import shutil
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from headgate.stores.isolation import ending_with_us

ENGINES = ("podman", "docker")
INSIDE = {"input": "/data/input", "output": "/data/output"}  # where ror's containers look
GRACE_SECONDS = 30.0
# the first process of each program: told to end, or left by its parent, it takes all with it
GUARD = """trap "$1"'; kill -s KILL 0' TERM; shift; "$@" & wait $!"""
# its own network, its own processes, its input read-only
WALLS = """mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && shift && exec "$@" """
NOT_THERE, CLOSED, KILLED = 127, 126, 128 + signal.SIGKILL


@dataclass(frozen=True)
class Program:
    """What is run: `names` are its environment beside PATH and HOME."""

    name: str
    command: Sequence[str]
    input: Path
    output: Path
    home: Path
    said: Path
    memory_bytes: int
    seconds: float
    container: str = ""
    has_network: bool = False
    names: Mapping[str, str] = field(default_factory=dict)


class TookTooLong(Exception):
    """The program did not end within its time, and was ended."""


def engine() -> str:
    """Return what runs containers here, or ''."""
    return next((name for name in ENGINES if shutil.which(name)), "")


def walls(place: Path, *, has_network: bool) -> list[str]:
    """Given a folder, return the words that run a program with it read-only, alone with itself, and
    without network unless it has one.
    """
    return [
        "unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc",
        *(() if has_network else ("--net",)),
        *(() if os.geteuid() == 0 else ("--map-root-user",)),
        "sh", "-c", WALLS, "sh", str(place),
    ]  # fmt: skip


def stand(words: Sequence[str]) -> bool:
    """Given the words of walls, return whether the kernel lets us raise them."""
    try:
        done = subprocess.run(
            [*words, "true"], capture_output=True, check=False, stdin=subprocess.DEVNULL
        )
    except OSError:
        return False
    return done.returncode == 0


def run(program: Program, before: Sequence[str] = ()) -> int:
    """Given a program and the words of its walls, run it; return its exit code.

    None of what it started is left then. Raise TookTooLong.
    """
    environment = {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(program.home)}
    environment |= {"TMPDIR": str(program.home), **program.names}
    at_end, words = ":", [*before, *program.command]
    if program.container:
        environment = {**os.environ, **program.names}
        at_end, words = _removal(program.name), _container(program)
    with program.said.open("wb") as said:
        process = subprocess.Popen(
            ["sh", "-c", GUARD, "sh", at_end, *words],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=said,
            env=environment, cwd=program.output, start_new_session=True,
            preexec_fn=_bounds(0 if program.container else program.memory_bytes),  # noqa: PLW1509
        )  # fmt: skip
    try:
        return process.wait(program.seconds)
    except subprocess.TimeoutExpired as error:
        raise TookTooLong from error
    finally:
        _end(process)


def remove_container(name: str) -> None:
    """Given the name of a program that may have run in a container, see that it no longer does."""
    if engine():
        subprocess.run(
            ["sh", "-c", _removal(name)], check=False, stdin=subprocess.DEVNULL,
            capture_output=True,
        )  # fmt: skip


def _container(program: Program) -> list[str]:
    """Names alone: what they stand for is in no list of processes."""
    mounts = (
        f"type=bind,src={program.input},dst={INSIDE['input']},ro",
        f"type=bind,src={program.output},dst={INSIDE['output']}",
    )
    runner = engine()
    is_mapped = runner == "podman" and os.geteuid() != 0
    return [
        runner, "run", "--rm", "--name", program.name, "--pull", "never",
        *(() if program.has_network else ("--network", "none")),
        "--memory", str(program.memory_bytes), "--cap-drop", "ALL",
        "--security-opt", "no-new-privileges",
        *(("--userns", "keep-id") if is_mapped else ()),
        "--user", f"{os.geteuid()}:{os.getegid()}",
        *(word for mount in mounts for word in ("--mount", mount)),
        *(word for name in program.names for word in ("--env", name)),
        program.container, *program.command,
    ]  # fmt: skip


def _removal(name: str) -> str:
    return f"{engine()} rm --force {name} >/dev/null 2>&1"


def _bounds(memory_bytes: int) -> Callable[[], None]:
    end_with_us = ending_with_us()

    def bind() -> None:
        end_with_us()
        if memory_bytes:
            resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))

    return bind


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(GRACE_SECONDS)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
