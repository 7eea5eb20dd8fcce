"""The command line of the tracker."""

import json
import signal
import sys
from pathlib import Path
from typing import NoReturn

import click
import uvicorn

from headgate.core.errors import Misconfigured, Unavailable
from headgate.tracker.accounts_command import account
from headgate.tracker.bans_command import ban
from headgate.tracker.loading import write_tokens
from headgate.tracker.server import address, listen, ready, server_for

EXITS = {Misconfigured: 78, Unavailable: 69}


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--port", type=click.IntRange(0, 65535), default=8765, show_default=True)
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option(
    "--db",
    "database",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("tracker.sqlite"),
    show_default=True,
    help="The database; made if absent.",
)
@click.option(
    "--load",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder of data dictionaries: each becomes a project, if it is not there yet.",
)
@click.option(
    "--tokens",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where to write the API tokens (JSON, readable by you alone); beside the database.",
)
@click.option(
    "--limit",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="Requests an address may make in a minute; one more bans it. 0: any number.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the address as JSON when ready.")
@click.pass_context
def main(
    context: click.Context,
    port: int,
    host: str,
    database: Path,
    load: Path | None,
    tokens: Path | None,
    limit: int,
    as_json: bool,
) -> None:
    """Serve the embedded REDCap: its API at /api/, pages for people at /.

    Exit codes: 0 ended as asked; 2 usage; 69 the database cannot be had; 78 configuration.
    """
    if context.invoked_subcommand is not None:
        return
    # uvicorn ends cleanly on these and then raises them again; before and after it they come here.
    ending = _Ending()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, ending.end)
    try:
        found = ready(database, load)
        if tokens is None and load is not None:
            tokens = database.with_name(f"{database.name}.tokens.json")
        if tokens is not None:
            _write(tokens, found)
        listener = listen(host, port)
    except (Misconfigured, Unavailable) as error:
        _stop(error)
    server = ending.of(server_for(database, limit))
    if as_json:
        click.echo(json.dumps({"url": address(listener), "tokens": str(tokens or "")}))
    sys.stderr.write(f"tracker: listening on {address(listener)}\n")
    sys.stderr.flush()
    server.run(sockets=[listener])


main.add_command(account)
main.add_command(ban)


class _Ending:
    """What a signal asks for; it is remembered, as an exception is lost where a signal comes while
    Python tidies up.
    """

    def __init__(self) -> None:
        self._is_asked = False
        self._server: uvicorn.Server | None = None

    def of(self, server: uvicorn.Server) -> uvicorn.Server:
        """Given a server, return it: it ends as soon as it runs where that was asked for before."""
        self._server = server
        server.should_exit = self._is_asked
        return server

    def end(self, *_: object) -> NoReturn:
        self._is_asked = True
        if self._server:
            self._server.should_exit = True
        raise SystemExit(0)


def _write(path: Path, tokens: dict[str, str]) -> None:
    try:
        write_tokens(path, tokens)
    except OSError as error:
        raise Misconfigured(f"tracker: the tokens cannot be written to {path}: {error}") from error


def _stop(error: Misconfigured | Unavailable) -> NoReturn:
    sys.stderr.write(f"{error}\n")
    raise SystemExit(EXITS[type(error)])
