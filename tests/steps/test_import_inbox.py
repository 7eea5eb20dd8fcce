"""Files copied into inbox/: filed once their writer has closed them, and deleted by nobody else."""

import json
import os
import subprocess
from contextlib import ExitStack
from pathlib import Path

import factories
import pytest
from headgate.demo.processes import script
from headgate.steps import import_inbox
from headgate.stores import walking
from headgate.stores.dicomfiles import read_header, read_instance
from headgate.stores.quarantine.archive import Archive
from killing import WITHOUT_RIGHTS

STUDY = factories.Study("inbox")


@pytest.fixture
def inbox(a_tree):
    folder = a_tree.context().layout.inbox / "some" / "disc"
    folder.mkdir(parents=True)
    return folder


def run(gateway, *words):
    return gateway.site.run("import-inbox", *words)


def test_files_are_filed_as_they_are_and_then_taken_out(a_tree, inbox):
    paths = factories.save(STUDY.instances(3), inbox)
    bodies = {read_instance(path).digest for path in paths}
    result = run(a_tree)
    assert result.code == 0
    assert not any(path.exists() for path in paths)
    filed = a_tree.context().archive.files_of(STUDY.uid)
    assert {read_instance(path).digest for path in filed} == bodies
    assert read_header(filed[0]).file_meta.SourceApplicationEntityTitle == "INBOX"
    assert len(a_tree.context().trees.arrivals()) == 3
    assert run(a_tree).lines == []


def test_what_somebody_still_writes_is_left_until_it_is_closed(a_tree, inbox):
    (whole,) = factories.save(STUDY.instances(1), inbox / "whole")
    data = whole.read_bytes()
    whole.unlink()
    with (inbox / "growing").open("wb") as file:
        file.write(data)
        file.flush()
        assert run(a_tree).lines == []
    assert [line["status"] for line in run(a_tree).lines] == ["ok"]


def test_a_file_put_in_its_place_while_it_is_filed_is_filed_too(a_tree, inbox, monkeypatch):
    """As rsync and resumed copies do."""
    (path,) = factories.save(STUDY.instances(1), inbox)
    (other,) = factories.save([STUDY.instance(2)], inbox.parent / "aside")
    keep = Archive.keep

    def kept(*arguments):
        if other.exists():
            other.replace(path)
        return keep(*arguments)

    monkeypatch.setattr(Archive, "keep", kept)
    context = a_tree.context()
    context.prepare()
    (item,) = [one for one in import_inbox.plan(context) if one.path == path]
    (outcome,) = import_inbox.apply(context, item)
    assert "stays for the next run" in outcome.text
    assert run(a_tree).code == 0
    assert not path.exists()
    assert len(a_tree.context().archive.files_of(STUDY.uid)) == 2


def test_a_file_that_is_written_on_while_it_is_filed_stays(a_tree, inbox, monkeypatch):
    (path,) = factories.save(STUDY.instances(1), inbox)
    context, keep = a_tree.context(), Archive.keep
    context.prepare()
    (item,) = import_inbox.plan(context)
    with ExitStack() as stack:

        def kept(*arguments):
            stack.enter_context(path.open("ab"))
            return keep(*arguments)

        monkeypatch.setattr(Archive, "keep", kept)
        (outcome,) = import_inbox.apply(context, item)
    assert outcome.status == "notneeded"
    assert path.exists()


@pytest.mark.parametrize("when", ["before", "amid"])
def test_a_file_that_is_moved_while_it_is_looked_at_is_no_trouble(a_tree, inbox, monkeypatch, when):
    (path,) = factories.save(STUDY.instances(1), inbox)
    context = a_tree.context()
    (item,) = import_inbox.plan(context)
    if when == "amid":
        monkeypatch.setattr(import_inbox, "_check_rights", Path.unlink)
    else:
        path.unlink()
    assert list(import_inbox.apply(context, item)) == []


@pytest.mark.parametrize(
    ("times", "is_closed"),
    [((0, 30), False), ((0, 90), True), ((9e9, 90), True), ((0, -9e5), True)],
)
def test_anothers_file_is_closed_once_the_kernel_saw_no_change_for_a_while(
    inbox, monkeypatch, times, is_closed
):
    """Whatever time of change somebody gave it, and whatever was done to the clock."""
    (path,) = factories.save(STUDY.instances(1), inbox)
    modified, passed = times
    os.utime(path, (modified, modified))

    def refused(*_arguments):
        raise PermissionError

    monkeypatch.setattr(walking.fcntl, "fcntl", refused)
    assert walking.is_closed(path, path.stat().st_ctime + passed) is is_closed


@pytest.mark.parametrize("kind", ["text", "cut", "empty"])
def test_R24_what_is_no_instance_stays_with_its_reason(a_tree, inbox, kind):
    (path,) = factories.save(STUDY.instances(1), inbox)
    data = path.read_bytes()
    path.write_bytes({"text": b"a letter", "cut": data[:-100], "empty": b""}[kind])
    before = path.read_bytes()
    result = run(a_tree)
    assert [line["status"] for line in result.lines] == ["error"]
    assert path.read_bytes() == before
    assert a_tree.context().archive.studies() == []


def test_R24_names_of_any_kind_do_no_harm_and_links_are_not_followed(a_tree, inbox, tmp_path):
    (path,) = factories.save(STUDY.instances(1), inbox)
    path.rename(inbox / "-rf * $(touch x); å")
    (outside,) = factories.save(STUDY.instances(1, series=2), tmp_path / "outside")
    (inbox / "link").symlink_to(outside)
    result = run(a_tree)
    assert [line["status"] for line in result.lines] == ["ok"]
    assert outside.exists()
    assert os.listdir(inbox) == ["link"]


def test_the_same_file_twice_is_there_once_and_other_bytes_are_kept_beside(a_tree, inbox):
    (path,) = factories.save(STUDY.instances(1), inbox)
    data = path.read_bytes()
    run(a_tree)
    path.write_bytes(data)
    assert run(a_tree).lines[0]["text"] == "filed (same)"
    other = STUDY.instance()
    other.SeriesDescription = "other"
    factories.save([other], inbox)
    assert run(a_tree).lines[0]["text"] == "filed (conflict)"
    assert len(a_tree.context().archive.files_of(STUDY.uid)) == 2


def test_a_file_that_nobody_here_may_read_or_delete_is_told_of_and_the_others_are_filed(
    a_tree, inbox
):
    first, second, third = factories.save(STUDY.instances(3), inbox)
    (inbox / "closed").mkdir()
    second.rename(inbox / "closed" / "IM")
    (inbox / "closed").chmod(0o555)
    first.chmod(0o200)
    command = [*WITHOUT_RIGHTS, *script("import-inbox"), "-c", str(a_tree.site.config), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert sorted(line["status"] for line in lines) == ["error", "error", "ok"]
    assert done.returncode == 1
    assert not third.exists()
    assert len(a_tree.context().archive.files_of(STUDY.uid)) == 1


@pytest.mark.parametrize("mode", [0, 0o444, 0o111])
def test_a_folder_that_may_not_be_entered_is_told_by_its_inode_and_the_others_are_filed(
    a_tree, inbox, mode
):
    closed = inbox / factories.PATIENT_NAME
    factories.save(STUDY.instances(2), closed)
    factories.save(STUDY.instances(1, series=2), inbox)
    closed.chmod(mode)
    command = [*WITHOUT_RIGHTS, *script("import-inbox"), "-c", str(a_tree.site.config), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert sorted(line["status"] for line in lines) == ["error", "ok"]
    assert done.returncode == 1
    (text,) = [line["text"] for line in lines if line["status"] == "error"]
    assert f"-inum {closed.stat().st_ino}" in text
    assert "chmod u+rx" in text
    log = (a_tree.site.logs / "import-inbox.log").read_text()
    assert "Nordmann" not in done.stdout + done.stderr + log


def test_a_pipe_is_not_waited_for(a_tree, inbox):
    os.mkfifo(inbox / "a pipe")
    factories.save(STUDY.instances(1), inbox)
    assert [line["status"] for line in run(a_tree).lines] == ["ok"]


def test_a_file_is_told_of_without_its_name_and_found_by_its_inode(a_tree, inbox):
    path = inbox / factories.PATIENT_NAME
    path.write_text("a letter")
    result = run(a_tree)
    log = (a_tree.site.logs / "import-inbox.log").read_text()
    assert "Nordmann" not in json.dumps(result.lines) + result.complaints + log
    assert f"-inum {path.stat().st_ino}" in result.lines[0]["text"]
