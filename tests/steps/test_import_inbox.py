"""Files copied into inbox/: filed once their writer has closed them, and deleted by nobody else."""

import os

import factories
import pytest
from headgate.stores.dicomfiles import read_header, read_instance

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
