"""Find the checkout's own Python environment; standard library only, as nothing else is there yet.

A script started by cron or by hand runs under whatever python3 the machine has. `enter` hands it
over to the checkout's `.venv`, so that no activation is ever needed.
"""

import importlib.util
import os
import sys
from pathlib import Path
from types import TracebackType
from typing import NoReturn

CHECKOUT = Path(__file__).resolve().parents[2]
INSTALLED = "headgate.installed"


def enter(create: bool = False, extras: str = "") -> None:
    """Given a script that just started, continue it under the checkout's `.venv`.

    With `create`, the environment is made first where it is missing or older than setup.cfg.
    A package that pip installed elsewhere has no checkout: then nothing is done. Exit with 78 and
    a message that names the missing package if there is no environment to enter.
    """
    _fill_streams()
    sys.excepthook = _tell
    if not (CHECKOUT / "setup.cfg").exists():
        return
    python = CHECKOUT / ".venv" / "bin" / "python"
    if create and not _is_current(extras):
        _make(python, extras)
    is_inside = Path(sys.prefix).resolve() == (CHECKOUT / ".venv").resolve()
    if is_inside and sys.getfilesystemencoding() == "utf-8":
        if create:
            _compile()
        return
    if _is_there(python):
        # our files are UTF-8, whatever the locale of who starts it
        words = [str(python), "-X", "utf8", *sys.argv]
        os.execv(python, words)  # noqa: S606 (no shell is wanted)
    if importlib.util.find_spec("pynetdicom") is None:
        _stop(f"no Python environment in {CHECKOUT}: run bin/demo once, which makes it")


def _fill_streams() -> None:
    """What is told where a standard stream was closed goes nowhere; else it would go into the next
    file that is opened, which gets its number.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
            setattr(sys, name, os.fdopen(number, "w" if number else "r", closefd=False))


def _tell(kind: type[BaseException], trouble: BaseException, trace: TracebackType | None) -> None:
    """Who interrupts a script that only loads needs to see no line of it."""
    if issubclass(kind, KeyboardInterrupt):
        sys.stderr.write(f"{Path(sys.argv[0]).name}: interrupted\n")
    else:
        sys.__excepthook__(kind, trouble, trace)


def _is_there(python: Path) -> bool:
    try:
        return python.exists()
    except PermissionError:
        _stop(
            f"{python} may not be read by the user who runs this: chmod -R a+rX {CHECKOUT}; where "
            "it leads into another's home, remove .venv and run bin/demo with the system's python3"
        )


def _is_current(extras: str) -> bool:
    stamp = CHECKOUT / ".venv" / (INSTALLED + extras)
    settings = CHECKOUT / "setup.cfg"
    return stamp.exists() and stamp.stat().st_mtime >= settings.stat().st_mtime


def _make(python: Path, extras: str) -> None:
    if importlib.util.find_spec("ensurepip") is None:
        _install("python3-venv")
    sys.stderr.write("Setting up the Python environment in .venv (once, about a minute)\n")
    if not python.exists():
        _run([sys.executable, "-m", "venv", str(CHECKOUT / ".venv")])
    requirements = f"{CHECKOUT}[{extras}]" if extras else str(CHECKOUT)
    _run([str(python), "-m", "pip", "install", "--quiet", "--editable", requirements])
    (CHECKOUT / ".venv" / (INSTALLED + extras)).touch()


def _compile() -> None:
    """Who runs scripts may not write here: else each run would compile anew what has changed."""
    import compileall  # which takes long to load, and is needed once

    compileall.compile_dir(str(CHECKOUT / "lib"), quiet=2)


def _install(package: str) -> None:
    """Install what Python lacks, where we may; else say what it is."""
    import shutil  # which takes long to load, and is needed once

    if os.geteuid() or not shutil.which("apt-get"):
        _stop(f"this machine's Python cannot make environments: apt install {package}")
    _run(["apt-get", "update", "-qq"])
    _run(["apt-get", "install", "-y", "-qq", package])


def _run(command: list[str]) -> None:
    import subprocess  # which takes long to load, and is needed once

    result = subprocess.run(command, check=False)
    if result.returncode:
        _stop(
            f"setting up the environment failed: {' '.join(command)} ended with "
            f"{result.returncode}; read the lines above, mend it, and start again"
        )


def _stop(message: str) -> NoReturn:
    sys.stderr.write(f"headgate: {message}\n")
    raise SystemExit(78)


def shipped(name: str) -> Path:
    """Given a file or folder of the checkout, return where it lies, also where pip installed it."""
    places = [CHECKOUT / name, Path(sys.prefix) / "share" / "headgate" / name]
    return next((place for place in places if place.exists()), places[0])
