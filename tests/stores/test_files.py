"""Files as they are written: every part, in its order, whatever the system takes at once."""

import errno
import os

import pytest
from headgate.core.errors import Unavailable
from headgate.stores import files


@pytest.mark.parametrize("at_once", [1, 7, 64, 1 << 20])
@pytest.mark.parametrize("most", [1, 2, 1024])
def test_every_part_is_written_in_its_order(tmp_path, monkeypatch, at_once, most):
    monkeypatch.setattr(files, "MOST_AT_ONCE", at_once)
    monkeypatch.setattr(files, "MOST_PARTS", most)
    parts = [b"", b"header", memoryview(bytes(range(200))), b"", b"x" * 33, memoryview(b"end")]
    files.write_new(tmp_path / "file", *parts)
    assert (tmp_path / "file").read_bytes() == b"".join(parts)


def test_what_the_system_did_not_take_is_written_next(tmp_path, monkeypatch):
    writev = os.writev
    monkeypatch.setattr(os, "writev", lambda descriptor, parts: writev(descriptor, [parts[0][:5]]))
    files.write_new(tmp_path / "file", b"0123456789", b"abc")
    assert (tmp_path / "file").read_bytes() == b"0123456789abc"


@pytest.mark.parametrize("large", [1, 1 << 20])
def test_a_large_file_is_mapped_and_reads_the_same(tmp_path, monkeypatch, large):
    monkeypatch.setattr(files, "LARGE", large)
    monkeypatch.setattr(files, "MOST_AT_ONCE", 100)
    (tmp_path / "file").write_bytes(bytes(range(256)) * 4)
    found = memoryview(files.mapped(tmp_path / "file"))
    files.write_new(tmp_path / "copy", found[:300], found[300:])
    assert (tmp_path / "copy").read_bytes() == (tmp_path / "file").read_bytes()


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/data/site/participants/Nordmann/2020_1", "/data/site/participants"),
        ("/data/site/slides/Nordmann.svs", "/data/site/slides"),
        ("/media/out/file", "/media/out"),
    ],
)
def test_a_full_disk_is_told_of_without_names(path, told):
    with pytest.raises(Unavailable) as full, files.disk_errors(path):
        raise OSError(errno.ENOSPC, "No space left on device", path)
    assert f"the disk under {told} cannot" in str(full.value)
