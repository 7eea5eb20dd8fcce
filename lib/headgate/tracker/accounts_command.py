"""The command line of the accounts that sign in at the tracker's pages."""

import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from sqlite3 import Connection, OperationalError
from typing import Any, NoReturn

import click

from headgate.core.errors import Misconfigured, Unavailable
from headgate.tracker.pages.accounts import (
    add_account,
    all_accounts,
    remove_account,
    set_password,
)
from headgate.tracker.storage.database import connect, prepare
from headgate.tracker.wire.answers import Refused

REFUSED, UNAVAILABLE, MISCONFIGURED = 1, 69, 78
DATABASE: dict[str, Any] = {
    "type": click.Path(dir_okay=False, path_type=Path),
    "default": Path("tracker.sqlite"),
    "show_default": True,
    "help": "The database; made if absent.",
}


@click.group()
def account() -> None:
    """Make, change, list and remove the accounts that sign in at the pages.

    A password is asked for without an echo; where no terminal is, the first line of the input
    is it. It has at least 12 characters.

    Exit codes: 0 done; 1 refused, with the reason; 2 usage; 69 the database cannot be had;
    78 configuration.
    """


@account.command()
@click.argument("name")
@click.option("--db", "database", **DATABASE)
@click.option("--administrator", is_flag=True, help="One that sees every project.")
def add(name: str, database: Path, administrator: bool) -> None:
    """Make the account NAME."""
    with _opened(database) as connection:
        add_account(connection, name, _password(), administrator)


@account.command()
@click.argument("name")
@click.option("--db", "database", **DATABASE)
def password(name: str, database: Path) -> None:
    """Give the account NAME a new password, and end its sessions."""
    with _opened(database) as connection:
        _known(set_password(connection, name, _password()), name)


@account.command(name="list")
@click.option("--db", "database", **DATABASE)
def list_accounts(database: Path) -> None:
    """List the accounts, one a line."""
    with _opened(database) as connection:
        for one in all_accounts(connection):
            click.echo(f"{one.username}\tadministrator" if one.administrator else one.username)


@account.command()
@click.argument("name")
@click.option("--db", "database", **DATABASE)
def remove(name: str, database: Path) -> None:
    """Remove the account NAME; what it may do in projects stays with the projects."""
    with _opened(database) as connection:
        _known(remove_account(connection, name), name)


@contextmanager
def _opened(database: Path) -> Iterator[Connection]:
    try:
        prepare(database)
        with closing(connect(database)) as connection:
            yield connection
    except Refused as error:
        _stop(error.message, REFUSED)
    except Misconfigured as error:
        _stop(str(error), MISCONFIGURED)
    except (Unavailable, OperationalError) as error:
        _stop(str(error), UNAVAILABLE)


def _password() -> str:
    if sys.stdin.isatty():
        return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\r\n")


def _known(is_known: bool, name: str) -> None:
    if not is_known:
        raise Refused(f"There is no account {name}.")


def _stop(message: str, code: int) -> NoReturn:
    sys.stderr.write(f"{message if message.startswith('tracker:') else f'tracker: {message}'}\n")
    raise SystemExit(code)
