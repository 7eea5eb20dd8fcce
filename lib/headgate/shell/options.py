"""The options that every script has."""

from typing import Any

import click

from headgate.core.step import Step


def common(step: Step) -> list[click.Parameter]:
    """Given a step, return the options that it shares with all others."""
    options: list[Any] = [
        click.Option(["--json"], is_flag=True, help="Print one JSON object a line."),
        click.Option(["-v", "--verbose"], count=True, help="Tell more."),
        click.Option(["-q", "--quiet"], count=True, help="Tell errors alone."),
    ]
    if not step.is_alone:
        options += [
            click.Option(["-c", "--config"], metavar="FILE", help="The configuration file."),
            click.Option(["--limit"], type=click.IntRange(0), help="At most so many items."),
            click.Option(["--only"], multiple=True, metavar="ID", help="These items alone."),
            click.Option(
                ["--wait"], type=float, default=0.0, metavar="SECONDS", show_default=True,
                help="Wait for another run to end.",
            ),
        ]  # fmt: skip
    if step.changes:
        options.append(
            click.Option(["-n", "--dry-run"], is_flag=True, help="Tell what would be done.")
        )
    return options
