"""The database as the tracker's commands open it, and how they end when they cannot."""

import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from sqlite3 import Connection, OperationalError
from typing import Any, NoReturn

import click

from headgate.core.errors import Misconfigured, Unavailable
from headgate.tracker.storage.database import connect, prepare
from headgate.tracker.wire.answers import Refused

REFUSED, UNAVAILABLE, MISCONFIGURED = 1, 69, 78
DATABASE: dict[str, Any] = {
    "type": click.Path(dir_okay=False, path_type=Path),
    "default": Path("tracker.sqlite"),
    "show_default": True,
    "help": "The database; made if absent.",
}


@contextmanager
def opened(database: Path) -> Iterator[Connection]:
    """Given the database's file, open it; an error ends the command, told in one line."""
    try:
        prepare(database)
        with closing(connect(database)) as connection:
            yield connection
    except Refused as error:
        stop(error.message, REFUSED)
    except Misconfigured as error:
        stop(str(error), MISCONFIGURED)
    except (Unavailable, OperationalError) as error:
        stop(str(error), UNAVAILABLE)


def stop(message: str, code: int) -> NoReturn:
    """Given what went wrong and an exit code, tell it and end."""
    sys.stderr.write(f"{message if message.startswith('tracker:') else f'tracker: {message}'}\n")
    raise SystemExit(code)
