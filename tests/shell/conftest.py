"""A step made up, in a data tree of its own."""

import pytest
from click.testing import CliRunner
from headgate.core.step import Step
from headgate.shell.runner import command


@pytest.fixture
def run(tmp_path):
    """Run a step made up, in a data tree of its own."""
    config = tmp_path / "headgate.toml"
    logs = tmp_path / "logs"
    logs.mkdir()
    config.write_text(f'datadir = "{tmp_path / "data"}"\nlog_directory = "{logs}"\n')

    def call(apply, *words, items=("one", "two"), **values):
        step = Step("made-up", "A step made up.", lambda _context: iter(items), apply, **values)
        return CliRunner().invoke(command(step), ["-c", str(config), *words])

    call.folder = tmp_path
    return call
