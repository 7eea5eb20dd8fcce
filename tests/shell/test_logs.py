"""What libraries log may quote a patient: it goes nowhere, whenever they are loaded."""

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


def test_libraries_that_are_loaded_late_are_silent_too():
    done = subprocess.run(
        [sys.executable, "-c", SAY], env={"PYTHONPATH": str(CHECKOUT / "lib")},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("", "")
