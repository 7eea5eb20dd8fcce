"""Check the configuration; with --connect, that REDCap and the PACS answer."""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from headgate import projecttokens, sites, trusting
from headgate.context import Context
from headgate.core import bids, fields, selecting
from headgate.core.errors import Misconfigured
from headgate.core.step import Outcome, Step, error, ok
from headgate.deidentifying import examples
from headgate.exporting import changing, pulling
from headgate.fiona import configuration
from headgate.stores import ocr, programs, secrets, sftp, straight
from headgate.stores.dicomnet import pacs
from headgate.stores.dicomweb import qido

if TYPE_CHECKING:
    from headgate.stores.tables import Table


def plan(context: Context) -> Iterator[str]:
    """Yield what is to be checked."""
    if context.options["from_fiona"]:
        yield "from-fiona"
        return
    yield from CHECKS
    if context.options["connect"]:
        yield "redcap"
        yield "projects"
        yield from (f"pacs.{name}" for name in context.settings.pacs)
        yield from (f"destinations.{name}" for name in context.settings.destinations)


def apply(context: Context, item: str) -> Iterator[Outcome]:
    """Check one thing. Raise Misconfigured, Unavailable."""
    if item == "from-fiona":
        yield ok(item, "\n" + _translated(Path(context.options["from_fiona"])))
    elif item.startswith("pacs."):
        yield ok(item, _target(context, item.removeprefix("pacs.")))
    elif item.startswith("destinations."):
        with sftp.connected(sites.server(context, item.removeprefix("destinations."))):
            yield ok(item, "lets us in")
    elif item == "redcap":
        yield from _redcap(context)
    elif item == "projects":
        yield from projecttokens.checked(context)
    else:
        yield ok(item, CHECKS[item](context))


def _datadir(context: Context) -> str:
    if not Path(context.settings.datadir).is_dir():
        raise Misconfigured(f"datadir {context.settings.datadir} is no folder: make it")
    text = f"{context.settings.datadir} is there"
    if not straight.is_ordered(context.layout.datadir):
        text += (
            "; its file system has no journal that we know of, so that each instance is synced "
            "twice: an ext4 without one may lose names when the power fails, make it with one"
        )
    return text


def _logs(context: Context) -> str:
    folder = context.settings.log_directory
    if folder and not os.access(folder, os.W_OK | os.X_OK):
        raise Misconfigured(
            f"log_directory {folder} cannot be written: make it, owned by this user; until "
            "then log lines go to standard error, and cron mails them"
        )
    return f"{folder or 'standard error'} takes the logs"


def _rules(context: Context) -> str:
    return f"the classification rules can be used: {len(context.rules.rules)} of them"


def _key(context: Context) -> str:
    return f"{context.settings.deid.key_file} holds {len(context.site_key)} bytes"


def _tokens(context: Context) -> str:
    for name in ("incoming", "projects", "routing", "coupling_list", "what_is_in_pacs"):
        secrets.read_token_of(context.settings.redcap.token_files, name)
    return "every token file is readable, and by its owner alone"


def _receiver(context: Context) -> str:
    trusting.check_receiver(context)
    return "the receiver's certificate, key and token can be used, where they are set"


def _targets(context: Context) -> str:
    for name in context.settings.pacs:
        trusting.check_pacs(context, name)
    return "certificates, keys and tokens of each PACS can be used, where they are set"


def _certificates(context: Context) -> str:
    return f"{trusting.check_dates(context)} certificates of ours are good for two weeks and more"


def _others(context: Context) -> str:
    trusting.check_others(context)
    return "the files that other settings name are there"


def _reader(context: Context) -> str:
    names = {"default", *(own.profile for own in context.settings.projects.values())}
    if not any(context.profile(name).clean_pixels for name in names):
        return "no profile cleans pixels: what says that text is burned in is refused"
    ocr.check()
    return "the reader of text burned into pixels is there"


def _workflows(context: Context) -> str:
    for name, settings in context.settings.workflows.items():
        try:
            selecting.parsed(settings.select)
        except selecting.Unreadable as reason:
            raise Misconfigured(f"select of workflow {name!r} is no statement: {reason}") from None
        if not settings.command and not settings.container:
            raise Misconfigured(f"the workflow {name!r} has neither container nor command")
        if settings.container and not programs.engine():
            raise Misconfigured(f"the workflow {name!r} needs podman or docker: install one")
        if settings.output == "values" and not settings.fields:
            raise Misconfigured(f"the workflow {name!r} names no fields for its values")
    return f"{len(context.settings.workflows)} workflows can be used"


def _exports(context: Context) -> str:
    for name, layout in context.settings.exports.layouts.items():
        changing.check(name, layout)
        bids.rules_of(layout.images, f"exports.layouts.{name}.images")
    if not (context.settings.exports.pacs or context.settings.exports.layouts):
        return "exports have the layouts that are there anyway"
    return f"exports are pulled from {pulling.pacs_name(context)}"


def _destinations(context: Context) -> str:
    for name in context.settings.destinations:
        sites.server(context, name)
    return f"{len(context.settings.destinations)} destinations can be used"


def _target(context: Context, name: str) -> str:
    settings = context.pacs(name)
    if settings.kind == "folder":
        if not os.access(settings.folder, os.W_OK | os.X_OK):
            raise Misconfigured(f"the folder {settings.folder} of {name} cannot be written")
        return f"{settings.folder} takes files"
    if settings.kind == "stow-rs":
        token = context.web_token(name)
        qido.stored_instances(settings.url, token, settings.timeout_seconds, "2.25.0", ["2.25.0"])
        return f"{settings.url} answers"
    pacs.echo(context.peer(name))
    return f"{context.peer(name)} answers"


def _redcap(context: Context) -> Iterator[Outcome]:
    others = []
    for table in context.tables.all():
        try:
            yield _fields_of(table)
        except Misconfigured as reason:
            others.append(str(reason))
    if others:
        raise Misconfigured("; ".join(others))
    if any(str(one.get(fields.PROJECT_USE_AUTOID)) == "1" for one in context.projects.values()):
        if not context.tables.auto_id.numbers_records():
            text = "does not number its records by itself: turn on auto-numbering in its setup"
            yield error("redcap.AutoID", text)
        yield _fields_of(context.tables.auto_id)


def _fields_of(table: "Table") -> Outcome:
    item = f"redcap.{table.name}"
    if missing := table.missing_fields():
        what = f"lacks the fields {', '.join(missing)}"
        return error(item, f"{what}: upload config/redcap/{table.name}.csv")
    return ok(item, "answers, with every field")


def _translated(path: Path) -> str:
    try:
        values = json.loads(path.read_text())
    except (OSError, ValueError) as reason:
        raise Misconfigured(f"{path} cannot be read: {reason}") from reason
    return configuration.to_toml(values)


CHECKS: Mapping[str, Callable[[Context], str]] = {
    "datadir": _datadir,
    "logs": _logs,
    "rules": _rules,
    "key": _key,
    "tokens": _tokens,
    "receiver": _receiver,
    "targets": _targets,
    "certificates": _certificates,
    "files": _others,
    "profiles": examples.tried,
    "pixels": _reader,
    "workflows": _workflows,
    "exports": _exports,
    "destinations": _destinations,
}

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
