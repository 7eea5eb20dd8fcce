"""The account that people look at the demonstration's tracker with."""

import secrets
import subprocess
from pathlib import Path

from headgate.core.errors import Unavailable
from headgate.demo.processes import script

NAME = "demo"


def make_account(database: Path) -> str:
    """Given the tracker's database, make an administrator; return the password, new each time.

    Raise Unavailable if the tracker refuses.
    """
    password = secrets.token_urlsafe(12)
    # In a folder that was kept, the account is there already.
    for words in (["add", NAME, "--administrator"], ["password", NAME]):
        command = [*script("tracker"), "account", *words, "--db", str(database)]
        done = subprocess.run(command, input=password, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return password
    raise Unavailable(f"the account {NAME} cannot be made: {done.stderr}")
