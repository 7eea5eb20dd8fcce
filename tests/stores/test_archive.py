"""The archive keeps what it is given, once, whole, and announces it."""

import errno
import os

import factories
import pytest
from headgate.core.errors import Unavailable
from headgate.stores import straight
from headgate.stores.quarantine.archive import Archive, Kept

STUDY = factories.Study()


@pytest.fixture
def an_archive(a_layout):
    return Archive(a_layout)


def keep(archive, dataset, **changes):
    head, body = factories.encoded(dataset)
    study = changes.get("study", STUDY.uid)
    return archive.keep(study, changes.get("sop", dataset.SOPInstanceUID), head, memoryview(body))


def test_an_instance_is_kept_as_it_came_and_announced(an_archive, a_layout):
    dataset = STUDY.instance()
    head, body = factories.encoded(dataset)
    assert keep(an_archive, dataset) is Kept.NEW
    (path,) = an_archive.files_of(STUDY.uid)
    assert path.read_bytes() == head + body
    (link,) = a_layout.arrived.iterdir()
    assert link.samefile(path)
    assert an_archive.announced(link) == path
    assert not list(a_layout.temp.iterdir())


def test_the_same_bytes_again_are_not_doubled_and_announced_again(an_archive, a_layout):
    keep(an_archive, STUDY.instance())
    (link,) = a_layout.arrived.iterdir()
    link.unlink()
    assert keep(an_archive, STUDY.instance()) is Kept.SAME
    assert len(an_archive.files_of(STUDY.uid)) == 1
    assert len(list(a_layout.arrived.iterdir())) == 1


def test_the_same_data_set_from_another_sender_is_the_same(an_archive):
    dataset = STUDY.instance()
    keep(an_archive, dataset)
    dataset.file_meta.SourceApplicationEntityTitle = "OTHER"
    assert keep(an_archive, dataset) is Kept.SAME


def test_R18_other_bytes_under_the_same_uid_are_kept_beside_the_first(an_archive):
    first = STUDY.instance()
    keep(an_archive, first)
    assert keep(an_archive, STUDY.instance(StudyDescription="another")) is Kept.CONFLICT
    paths = an_archive.files_of(STUDY.uid)
    assert len(paths) == 2
    assert paths[0].read_bytes() == b"".join(factories.encoded(first))
    assert keep(an_archive, STUDY.instance(StudyDescription="another")) is Kept.CONFLICT
    assert len(an_archive.files_of(STUDY.uid)) == 2


@pytest.mark.parametrize("sop", ["../../evil", "/etc/passwd", "", "1.2.3/4", "a b"])
def test_R09_a_uid_that_is_none_never_becomes_a_path(an_archive, a_layout, sop):
    keep(an_archive, STUDY.instance(), sop=sop)
    (path,) = an_archive.files_of(STUDY.uid)
    assert path.parent == a_layout.study_archive(STUDY.uid)
    assert path.name.startswith("invalid-")


def test_an_instance_without_study_is_kept_too(an_archive, a_layout):
    keep(an_archive, STUDY.instance(), study=None)
    assert len(list((a_layout.archive / "scp_without_study").iterdir())) == 1
    assert len(list(a_layout.arrived.iterdir())) == 1


def test_R10_files_and_folders_are_closed_to_others(an_archive, a_layout):
    os.umask(0o022)
    keep(an_archive, STUDY.instance())
    (path,) = an_archive.files_of(STUDY.uid)
    assert path.stat().st_mode & 0o7777 == 0o640
    assert path.parent.stat().st_mode & 0o7777 == 0o750


def test_R11_a_temporary_file_lies_on_the_disk_of_its_target(an_archive, a_layout, monkeypatch):
    names = []
    link = os.link
    monkeypatch.setattr(os, "link", lambda old, new: (names.append(old), link(old, new))[1])
    keep(an_archive, STUDY.instance())
    assert names[0].parent == a_layout.temp
    assert names[0].name.startswith("storescpd-")


def test_half_written_files_of_a_dead_receiver_are_cleared_and_those_of_a_living_one_stay(
    an_archive, a_layout
):
    import socket

    host = socket.gethostname()
    dead = a_layout.temp / f"storescpd-{host}-999999999-0"
    living = a_layout.temp / f"storescpd-{host}-{os.getpid()}-0"
    elsewhere = a_layout.temp / "storescpd-otherhost-999999999-0"
    for path in (dead, living, elsewhere):
        path.write_bytes(b"half")
    assert an_archive.clear_temporary() == 1
    assert sorted(a_layout.temp.iterdir()) == sorted([living, elsewhere])


def test_what_comes_again_while_it_is_discarded_stays(an_archive, a_layout):
    keep(an_archive, STUDY.instance())
    assert an_archive.discard(STUDY.uid) == 1
    assert len(an_archive.files_of(STUDY.uid)) == 1


def test_what_is_discarded_is_gone_with_its_folder(an_archive, a_layout):
    keep(an_archive, STUDY.instance())
    next(a_layout.arrived.iterdir()).unlink()
    assert an_archive.discard(STUDY.uid) == 0
    assert not a_layout.study_archive(STUDY.uid).exists()
    assert not list(a_layout.temp.iterdir())


def test_O06_a_disk_that_is_full_at_any_step_is_told_and_leaves_nothing_half_written(
    an_archive, a_layout, monkeypatch
):
    head, body = factories.encoded(STUDY.instance())
    count, at = 0, 0

    def failing(call):
        def wrapper(*arguments, **named):
            nonlocal count
            count += 1
            if count == at:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return call(*arguments, **named)

        return wrapper

    for name in ("mkdir", "write", "fsync", "link", "symlink"):
        monkeypatch.setattr(os, name, failing(getattr(os, name)))
    failures = 0
    while count >= at:
        at, count = at + 1, 0
        study = factories.uid("full", at)
        try:
            an_archive.keep(study, STUDY.instance().SOPInstanceUID, head, memoryview(body))
        except (OSError, Unavailable) as error:
            failures += 1
            cause = error if isinstance(error, OSError) else error.__cause__
            assert cause.errno == errno.ENOSPC
        assert not list(a_layout.temp.iterdir())
        for path in an_archive.files_of(study):
            assert path.read_bytes() == head + body
    assert failures == at - 1 > 5
    assert an_archive.files_of(study)


def test_success_comes_only_after_bytes_and_names_are_synced(an_archive, a_layout, monkeypatch):
    """kill -9 cannot show a missing sync, as the kernel keeps the pages: so the order is looked at."""
    events = []

    def told(name, where):
        call = getattr(os, name)

        def wrapper(*arguments, **named):
            place = where(*arguments)
            result = call(*arguments, **named)
            events.append((name, place))  # once it is done: a name whose folder is missing is none
            return result

        monkeypatch.setattr(os, name, wrapper)

    told("fsync", lambda descriptor: os.readlink(f"/proc/self/fd/{descriptor}"))
    told("link", lambda _old, new: str(new))
    keep(an_archive, STUDY.instance())
    folder = a_layout.study_archive(STUDY.uid)
    linked = events.index(("link", str(folder / STUDY.instance().SOPInstanceUID)))
    before, after = events[:linked], events[linked:]
    assert ("fsync", str(a_layout.archive)) in before
    is_ordered = straight.is_ordered(a_layout.arrived)
    assert [name for name, _ in after] == ["link", "link", *["fsync"] * (2 - is_ordered)]
    assert is_ordered or after[2][1].startswith(str(a_layout.temp))
    assert after[-1] == ("fsync", str(a_layout.arrived))


def test_where_bytes_do_not_go_straight_to_the_disk_they_are_synced_before_they_have_a_name(
    an_archive, monkeypatch
):
    events, real = [], os.open

    def refusing(path, flags, *more, **named):
        if flags & os.O_DIRECT:
            raise OSError(errno.EINVAL, "no O_DIRECT here")
        return real(path, flags, *more, **named)

    def told(name):
        call = getattr(os, name)

        def wrapper(*arguments, **named):
            events.append(name)
            return call(*arguments, **named)

        monkeypatch.setattr(os, name, wrapper)

    monkeypatch.setattr(os, "open", refusing)
    keep(an_archive, STUDY.instance())  # makes the folders
    for name in ("fsync", "link"):
        told(name)
    keep(an_archive, STUDY.instance(2))
    last = 2 - straight.is_ordered(next(an_archive.instances()))
    assert events == ["fsync", "link", "link", *["fsync"] * last]


@pytest.mark.parametrize(("kind", "ordered"), [("ext4", True), ("xfs", True), ("btrfs", False)])
def test_only_of_journals_that_are_known_is_it_taken_that_they_keep_the_order(
    tmp_path, monkeypatch, kind, ordered
):
    monkeypatch.setattr(straight, "_file_system", lambda _device: kind)
    assert straight.is_ordered(tmp_path) is ordered


def test_a_data_tree_that_lost_a_folder_is_told_and_not_tried_for_ever(an_archive, a_layout):
    a_layout.arrived.rmdir()
    with pytest.raises(FileNotFoundError):
        keep(an_archive, STUDY.instance())
    assert not list(a_layout.temp.iterdir())
