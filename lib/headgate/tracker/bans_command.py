"""The command line of the addresses that are banned since they asked too often."""

from pathlib import Path

import click

from headgate.tracker import limits
from headgate.tracker.opening import DATABASE, opened
from headgate.tracker.wire.answers import Refused


@click.group()
def ban() -> None:
    """List and lift bans: who passes `--limit` is answered no more until somebody lifts its ban.

    Exit codes: 0 done; 1 refused, with the reason; 2 usage; 69 the database cannot be had;
    78 configuration.
    """


@ban.command(name="list")
@click.option("--db", "database", **DATABASE)
def list_bans(database: Path) -> None:
    """List the banned addresses, one a line, each with the time since when."""
    with opened(database) as connection:
        for address, since in limits.banned(connection).items():
            click.echo(f"{address}\t{since}")


@ban.command()
@click.argument("address")
@click.option("--db", "database", **DATABASE)
def lift(address: str, database: Path) -> None:
    """Answer ADDRESS again."""
    with opened(database) as connection:
        if not limits.pardon(connection, address):
            raise Refused(f"{address} is not banned.")
