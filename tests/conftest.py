"""What the tests share: a gateway's data tree, studies made up, real peers."""

from __future__ import annotations

import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parent
for place in (CHECKOUT / "lib", HERE):
    if str(place) not in sys.path:
        sys.path.insert(0, str(place))
os.environ["PATH"] += os.pathsep + "/usr/sbin"

pytest_plugins = ["gateways", "imaging", "killing", "researchpacs", "sshserver"]
