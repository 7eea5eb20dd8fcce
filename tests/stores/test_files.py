"""Files as they are written: every part, in its order, whatever the system takes at once."""

import errno
import itertools
import mmap
import multiprocessing
import os
import sys
from contextlib import contextmanager

import pytest
from headgate.core.errors import Unavailable
from headgate.stores import files, reading
from headgate.stores.mapped import Mapped, Origin


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


@pytest.mark.parametrize(("least", "kind"), [(1, mmap.mmap), (1 << 20, bytes)])
def test_a_large_file_is_mapped_and_reads_the_same(tmp_path, monkeypatch, least, kind):
    monkeypatch.setattr(files, "MOST_AT_ONCE", 100)
    (tmp_path / "file").write_bytes(bytes(range(256)) * 4)
    found = memoryview(reading.mapped(tmp_path / "file", least))
    assert isinstance(found.obj, kind)
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


@pytest.mark.parametrize("there", [None, b"the same", b"other bytes"])
def test_interrupted_at_any_line_it_leaves_no_part_of_a_file(tmp_path, there):
    """A line of its own module, that is: what the system does in between comes to an end first."""
    outcomes = set()
    for line in itertools.count():
        path = tmp_path / str(line) / "file"
        path.parent.mkdir()
        if there is not None:
            path.write_bytes(there)
        try:
            with interrupted_at(line):
                is_there = files.write_once(path, b"the ", b"same")
        except KeyboardInterrupt:
            is_there = None
        assert {*os.listdir(path.parent)} <= {"file"}
        outcomes.add(path.read_bytes() if path.exists() else None)
        if is_there is not None:
            break
    assert is_there == (there != b"other bytes")
    assert outcomes == {there, there or b"the same"}


@contextmanager
def interrupted_at(line):
    """Ctrl-C before so many lines of `files` were begun."""
    rest = itertools.count(line, -1)

    def trace(frame, event, _):
        if frame.f_code.co_filename != files.__file__:
            return None
        if event == "line" and next(rest) == 0:
            raise KeyboardInterrupt
        return trace

    sys.settrace(trace)
    try:
        yield
    finally:
        sys.settrace(None)


def test_of_several_that_write_at_once_each_writes_whole(tmp_path):
    """Each in a process of its own, as scripts are."""
    path = tmp_path / "file"
    texts = {letter * (1 << 16) for letter in "abcd"}

    def write(text):
        for _ in range(20):
            files.write_whole(path, text)
            assert path.read_text() in texts

    ends = [process.exitcode for process in at_once(write, texts)]
    assert ends == [0] * len(texts)
    assert [one.name for one in tmp_path.iterdir()] == ["file"]


def test_what_several_add_at_once_is_all_there(a_layout):
    a_layout.mapped.mkdir(exist_ok=True)
    mapped = Mapped(a_layout)
    origins = [Origin("1.2", number, "P", f"P-{number}", "E1") for number in range(4)]

    def note(origin):
        for study in range(20):
            assert mapped.note(f"1.3.{study}", origin)

    assert [process.exitcode for process in at_once(note, origins)] == [0] * len(origins)
    for study in range(20):
        assert {one.transfer for one in mapped.read(f"1.3.{study}")} == {0, 1, 2, 3}


def at_once(work, several):
    fork = multiprocessing.get_context("fork")
    processes = [fork.Process(target=work, args=(one,)) for one in several]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    return processes
