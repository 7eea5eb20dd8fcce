"""How a script finds the checkout's Python environment, and what it says where it cannot."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from importlib.util import cache_from_source
from pathlib import Path

from headgate.demo.processes import script
from headgate.environment import CHECKOUT
from killing import WITHOUT_RIGHTS


def test_an_environment_that_our_user_may_not_enter_is_told(tmp_path):
    """Root made it, with a umask of its own, and cron runs the scripts as another."""
    for name in (
        "bin/status",
        "lib/headgate/__init__.py",
        "lib/headgate/environment.py",
        "setup.cfg",
    ):
        place = tmp_path / name
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(CHECKOUT / name, place)
    closed = tmp_path / ".venv"
    (closed / "bin").mkdir(parents=True)
    (closed / "bin" / "python").symlink_to(sys.executable)
    closed.chmod(0)
    python = Path(sys.base_prefix) / "bin" / "python3"
    done = subprocess.run(
        [*WITHOUT_RIGHTS, python, tmp_path / "bin" / "status"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    closed.chmod(0o755)
    assert done.returncode == 78
    assert f"chmod -R a+rX {tmp_path}" in done.stderr
    assert "Traceback" not in done.stderr


def test_who_interrupts_it_while_it_loads_sees_no_traceback(tmp_path):
    """What it loads reads a pipe into which nothing is written: who opens it knows that it loads."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    (tmp_path / "click.py").write_text(f"open({str(pipe)!r}).read()\n")
    process = subprocess.Popen(
        script("status"), env=os.environ | {"PYTHONPATH": str(tmp_path)}, stderr=subprocess.PIPE
    )
    with pipe.open("w"):
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=30)[1]
    assert said == b"status: interrupted\n"
    assert process.returncode == -signal.SIGINT


def test_who_sets_up_compiles_for_those_who_may_not_write_here(tmp_path):
    for name in ("__init__.py", "environment.py"):
        place = tmp_path / "lib" / "headgate" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(CHECKOUT / "lib" / "headgate" / name, place)
    module = tmp_path / "lib" / "headgate" / "changed.py"
    module.write_text("CHANGED = True\n")
    (tmp_path / "setup.cfg").touch()
    os.utime(tmp_path / "setup.cfg", (1, 1))
    (tmp_path / ".venv").symlink_to(sys.prefix)
    (tmp_path / "lib" / "start.py").write_text(
        "from headgate.environment import enter\nenter(create=True, extras='test')\n"
    )
    subprocess.run([sys.executable, "-X", "utf8", tmp_path / "lib" / "start.py"], check=True)
    compiled = Path(cache_from_source(module))
    assert compiled.stat().st_mtime >= module.stat().st_mtime
