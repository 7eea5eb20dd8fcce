"""What the tests share: a gateway's data tree, studies made up, real peers."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parent
for place in (CHECKOUT / "lib", HERE):
    if str(place) not in sys.path:
        sys.path.insert(0, str(place))
os.environ["PATH"] += os.pathsep + "/usr/sbin"
# who starts the tests in the background may have them ignore it, and their scripts after them
signal.signal(signal.SIGINT, signal.default_int_handler)

pytest_plugins = ["gateways", "imaging", "killing", "researchpacs", "sshserver"]
