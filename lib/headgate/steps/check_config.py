"""Check the configuration; with --connect, that REDCap and the PACS answer."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import click

from headgate import examples, fiona
from headgate.context import Context
from headgate.core.errors import Misconfigured
from headgate.core.step import Outcome, Step, error, ok
from headgate.stores import secrets
from headgate.stores.dicomnet import pacs

CHECKS = ("datadir", "logs", "rules", "key", "tokens", "profiles")


def plan(context: Context) -> Iterator[str]:
    """Yield what is to be checked."""
    if context.options["from_fiona"]:
        yield "from-fiona"
        return
    yield from CHECKS
    if context.options["connect"]:
        yield "redcap"
        yield from (f"pacs.{name}" for name in context.settings.pacs)


def apply(context: Context, item: str) -> Iterator[Outcome]:
    """Check one thing. Raise Misconfigured, Unavailable."""
    if item == "from-fiona":
        yield ok(item, "\n" + _translated(Path(context.options["from_fiona"])))
    elif item.startswith("pacs."):
        peer = context.peer(item.removeprefix("pacs."))
        pacs.echo(peer)
        yield ok(item, f"{peer} answers")
    elif item == "redcap":
        yield from _redcap(context)
    else:
        yield ok(item, _local(context, item))


def _local(context: Context, item: str) -> str:
    if item == "datadir":
        if not Path(context.settings.datadir).is_dir():
            raise Misconfigured(f"datadir {context.settings.datadir} is no folder: make it")
        return f"{context.settings.datadir} is there"
    if item == "logs":
        folder = context.settings.log_directory
        if folder and not os.access(folder, os.W_OK | os.X_OK):
            raise Misconfigured(
                f"log_directory {folder} cannot be written: make it, owned by this user; until "
                "then log lines go to standard error, and cron mails them"
            )
        return f"{folder or 'standard error'} takes the logs"
    if item == "rules":
        return f"the classification rules can be used: {len(context.rules.rules)} of them"
    if item == "key":
        return f"{context.settings.deid.key_file} holds {len(context.site_key)} bytes"
    if item == "profiles":
        return examples.tried(context)
    for name in ("incoming", "projects", "routing", "coupling_list"):
        secrets.read_token(getattr(context.settings.redcap.token_files, name))
    return "every token file is readable, and by its owner alone"


def _redcap(context: Context) -> Iterator[Outcome]:
    for table in context.tables.all():
        missing = table.missing_fields()
        if missing:
            yield error(
                f"redcap.{table.name}",
                f"lacks the fields {', '.join(missing)}: upload config/redcap/{table.name}.csv",
            )
        else:
            yield ok(f"redcap.{table.name}", "answers, with every field")


def _translated(path: Path) -> str:
    try:
        values = json.loads(path.read_text())
    except (OSError, ValueError) as reason:
        raise Misconfigured(f"{path} cannot be read: {reason}") from reason
    return fiona.to_toml(values)


STEP = Step(
    "check-config",
    __doc__,
    plan,
    apply,
    parameters=(
        click.Option(["--connect"], is_flag=True, help="Try REDCap and the PACS too."),
        click.Option(
            ["--from-fiona"], metavar="FILE", help="Print a FIONA config.json as our TOML."
        ),
    ),
    changes=False,
    by_hand=True,
)
