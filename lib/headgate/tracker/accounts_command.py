"""The command line of the accounts that sign in at the tracker's pages."""

import sys
from pathlib import Path

import click

from headgate.tracker.opening import DATABASE, opened
from headgate.tracker.pages.accounts import (
    add_account,
    all_accounts,
    remove_account,
    set_password,
)
from headgate.tracker.wire.answers import Refused


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
    with opened(database) as connection:
        add_account(connection, name, _password(), administrator)


@account.command()
@click.argument("name")
@click.option("--db", "database", **DATABASE)
def password(name: str, database: Path) -> None:
    """Give the account NAME a new password, and end its sessions."""
    with opened(database) as connection:
        _known(set_password(connection, name, _password()), name)


@account.command(name="list")
@click.option("--db", "database", **DATABASE)
def list_accounts(database: Path) -> None:
    """List the accounts, one a line."""
    with opened(database) as connection:
        for one in all_accounts(connection):
            click.echo(f"{one.username}\tadministrator" if one.administrator else one.username)


@account.command()
@click.argument("name")
@click.option("--db", "database", **DATABASE)
def remove(name: str, database: Path) -> None:
    """Remove the account NAME; what it may do in projects stays with the projects."""
    with opened(database) as connection:
        _known(remove_account(connection, name), name)


def _password() -> str:
    if sys.stdin.isatty():
        return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\r\n")


def _known(is_known: bool, name: str) -> None:
    if not is_known:
        raise Refused(f"There is no account {name}.")
