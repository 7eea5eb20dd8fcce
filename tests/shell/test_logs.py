"""What is logged names no patient: not by libraries, nor where the disk takes no line."""

import subprocess
import sys

from headgate.environment import CHECKOUT

SAY = (
    "import logging; logging.basicConfig(); "
    "from headgate.shell import logs; logs.set_up('process', '1', '', 0); "
    "import nibabel, pynetdicom, urllib3; from pydicom.misc import warn_and_log; "
    "warn_and_log('Invalid value for VR UI: Kari Nordmann'); "
    "[logging.getLogger(name).error('Kari Nordmann') for name in "
    "('pydicom', 'pynetdicom.acse', 'nibabel.global', 'urllib3.connectionpool')]"
)


def run(code, *words):
    return subprocess.run(
        [sys.executable, "-c", code, *words], env={"PYTHONPATH": str(CHECKOUT / "lib")},
        capture_output=True, text=True, check=True,
    )  # fmt: skip


def test_libraries_that_are_loaded_late_are_silent_too():
    done = run(SAY)
    assert (done.stdout, done.stderr) == ("", "")


STUMBLE = (
    "import asyncio, logging, threading; from headgate.shell import logs\n"
    "logs.set_up('process', '1', '', 0)\n"
    "def stumble(*_): raise ValueError('Kari Nordmann')\n"
    "loop = asyncio.new_event_loop(); loop.call_soon(stumble); loop.call_soon(loop.stop)\n"
    "loop.run_forever(); logging.getLogger('any.library').error('Kari Nordmann')\n"
    "thread = threading.Thread(target=stumble); thread.start(); thread.join()\n"
)


def test_what_nobody_listens_to_is_not_printed_and_a_thread_tells_where_it_died():
    done = run(STUMBLE)
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert " ERROR process 1 - a bug: ValueError at " in line
    assert "Nordmann" not in line


def test_a_disk_that_takes_no_line_is_told_once_and_without_a_trace(a_small_disk):
    say = (
        "import logging, sys\n"
        "from pathlib import Path\n"
        "from headgate.shell import logs\n"
        "folder = Path(sys.argv[1])\n"
        "log = logs.set_up('process', '1', sys.argv[1], 0)\n"
        "log.info('before')\n"
        "try:\n"
        "    (folder / 'fill').write_bytes(bytes(4 << 20))\n"
        "except OSError:\n"
        "    pass\n"
        "for _ in range(300):\n"
        "    try:\n"
        "        raise FileNotFoundError(2, 'none', '/data/site/participants/Nordmann')\n"
        "    except FileNotFoundError:\n"
        "        log.info('x' * 100)\n"
        "(folder / 'fill').unlink()\n"
        "log.info('after')\n"
    )
    done = run(say, a_small_disk)
    assert done.stderr.count("\n") == 1
    assert "process.log cannot be written ([Errno 28]" in done.stderr
    lines = (a_small_disk / "process.log").read_text().splitlines()
    assert lines[0].endswith("before")
    assert lines[-1].endswith("after")
