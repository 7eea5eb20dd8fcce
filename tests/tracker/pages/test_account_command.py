"""The command line of the accounts."""

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from headgate.tracker.command import main

CHECKOUT = Path(__file__).resolve().parents[3]


@pytest.fixture
def run(tmp_path):
    def call(*words, text="", database="tracker.sqlite"):
        command = ["account", *words, "--db", str(tmp_path / database)]
        return CliRunner().invoke(main, command, input=text)

    return call


def test_the_life_of_an_account(run, tmp_path):
    assert run("add", "kari", "--administrator", text="a long password\n").exit_code == 0
    assert run("list").stdout == "kari\tadministrator\n"
    assert b"a long password" not in (tmp_path / "tracker.sqlite").read_bytes()
    assert run("password", "kari", text="another long one\n").exit_code == 0
    assert run("remove", "kari").exit_code == 0
    assert run("list").stdout == ""


@pytest.mark.parametrize(
    ("words", "text", "code", "said"),
    [
        (("add", "kari"), "a long password", 1, "already"),
        (("add", "ola"), "short", 1, "12 characters"),
        (("add", "o la"), "a long password", 1, "letters"),
        (("password", "ola"), "a long password", 1, "no account"),
        (("remove", "ola"), "", 1, "no account"),
        (("add",), "", 2, "Missing argument"),
    ],
)
def test_what_cannot_be_is_told(run, words, text, code, said):
    run("add", "kari", text="a long password")
    done = run(*words, text=text)
    assert done.exit_code == code
    assert said in done.stderr


def test_a_file_that_is_no_database_is_told(run, tmp_path):
    (tmp_path / "text").write_text("This is no database, however much one would like it to be.")
    done = run("list", database="text")
    assert done.exit_code == 78
    assert done.stderr.startswith("tracker: ")


def test_the_script_reads_the_password_from_its_input(tmp_path):
    command = [sys.executable, str(CHECKOUT / "bin" / "tracker"), "account", "add", "kari"]
    done = subprocess.run(
        [*command, "--db", str(tmp_path / "tracker.sqlite")],
        input="a long password",
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
