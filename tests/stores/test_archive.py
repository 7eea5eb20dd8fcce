"""The archive keeps what it is given, once, whole, and announces it."""

import errno
import os
from io import BytesIO
from pathlib import Path

import factories
import pydicom
import pytest
from headgate.core.dicom.filemeta import JOURNEY, TEXTS, read_meta
from headgate.core.errors import Unavailable
from headgate.stores import files, straight
from headgate.stores.layout import STUDY_PREFIX
from headgate.stores.quarantine.archive import Archive, Kept
from headgate.stores.quarantine.drafts import head_length
from headgate.stores.spool import Spool

STUDY = factories.Study()


@pytest.fixture
def an_archive(a_layout):
    return Archive(a_layout)


def keep(archive, dataset, **changes):
    head, body = factories.encoded(dataset)
    study = changes.get("study", STUDY.uid)
    return archive.keep(study, changes.get("sop", dataset.SOPInstanceUID), head, memoryview(body))


def holds(path, head, body):
    """A file of ours may be longer before its data set, so that it fills blocks."""
    data, start = path.read_bytes(), head_length(path)
    told, _ = read_meta(data, TEXTS | JOURNEY)
    return data[start:] == body and told == read_meta(head + body, TEXTS | JOURNEY)[0]


def test_what_other_scripts_take_away_while_it_is_looked_at_is_passed_over(
    an_archive, a_layout, monkeypatch
):
    keep(an_archive, STUDY.instance())
    spool = Spool(a_layout)
    spool.mark_changed(STUDY.uid, 5)
    folders = {a_layout.archive: STUDY_PREFIX, a_layout.changed: ""}
    monkeypatch.setattr(
        files, "names_in", lambda folder: [f"{folders[folder]}{one}" for one in (STUDY.uid, "1.2")]
    )
    assert [study for study, _ in an_archive.studies_by_age(0)] == [STUDY.uid]
    assert spool.changed() == {STUDY.uid: 5}


def test_an_instance_is_kept_as_it_came_and_announced(an_archive, a_layout):
    dataset = STUDY.instance()
    head, body = factories.encoded(dataset)
    assert keep(an_archive, dataset) is Kept.NEW
    (path,) = an_archive.files_of(STUDY.uid)
    assert holds(path, head, body)
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
    assert holds(paths[0], *factories.encoded(first))
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
    assert Path(names[0]).parent == a_layout.temp
    assert Path(names[0]).name.startswith("storescpd-")


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

    for name in ("mkdir", "write", "fsync", "link", "rename"):
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
            assert holds(path, head, body)
    assert failures == at - 1 > 5
    assert an_archive.files_of(study)


@pytest.fixture
def events(monkeypatch):
    """What is synced, by the name it has then, and the names that are given, in their order."""
    found = []

    def told(name, where):
        call = getattr(os, name)

        def wrapper(*arguments, **named):
            place = where(*arguments)
            result = call(*arguments, **named)
            found.append((name, place))  # once it is done: a name whose folder is missing is none
            return result

        monkeypatch.setattr(os, name, wrapper)

    told("fsync", lambda descriptor: os.readlink(f"/proc/self/fd/{descriptor}"))
    told("link", lambda _old, new: str(new))
    told("rename", lambda _old, new: str(new))
    return found


def names_of(layout, number=1):
    instance = STUDY.instance(number).SOPInstanceUID
    return (
        str(layout.study_archive(STUDY.uid) / instance),
        str(layout.arrived / f"{STUDY.uid}_{instance}"),
    )


def test_where_a_journal_keeps_the_order_one_sync_comes_after_the_names(
    an_archive, a_layout, events, monkeypatch
):
    """kill -9 cannot show a missing sync, as the kernel keeps the pages: so the order is looked at."""
    monkeypatch.setattr(straight, "is_ordered", lambda _folder: True)
    keep(an_archive, STUDY.instance())
    path, arrival = names_of(a_layout)
    linked = events.index(("link", path))
    assert ("fsync", str(a_layout.archive)) in events[:linked]
    assert events[linked:] == [("link", path), ("rename", arrival), ("fsync", arrival)]


def test_elsewhere_bytes_are_synced_before_they_have_a_name_and_the_names_before_success(
    an_archive, a_layout, events, monkeypatch
):
    monkeypatch.setattr(straight, "is_ordered", lambda _folder: False)
    keep(an_archive, STUDY.instance())  # makes the folders
    events.clear()
    keep(an_archive, STUDY.instance(2))
    path, arrival = names_of(a_layout, 2)
    (first, synced), *rest = events
    assert (first, str(Path(synced).parent)) == ("fsync", str(a_layout.temp))
    assert rest == [("link", path), ("rename", arrival), ("fsync", str(a_layout.arrived))]


def test_where_bytes_do_not_go_straight_to_the_disk_they_are_synced_before_they_have_a_name(
    an_archive, events, monkeypatch
):
    real = os.open

    def refusing(path, flags, *more, **named):
        if flags & os.O_DIRECT:
            raise OSError(errno.EINVAL, "no O_DIRECT here")
        return real(path, flags, *more, **named)

    monkeypatch.setattr(os, "open", refusing)
    monkeypatch.setattr(straight, "is_ordered", lambda _folder: True)
    keep(an_archive, STUDY.instance())  # makes the folders
    events.clear()
    keep(an_archive, STUDY.instance(2))
    assert [name for name, _ in events] == ["fsync", "link", "rename", "fsync"]


@pytest.mark.parametrize(
    ("kind", "has_journal", "ordered"),
    [("ext4", True, True), ("ext4", False, False), ("xfs", False, True), ("btrfs", True, False)],
)
def test_only_of_journals_that_are_known_is_it_taken_that_they_keep_the_order(
    tmp_path, monkeypatch, kind, has_journal, ordered
):
    straight._keeps_order.cache_clear()
    monkeypatch.setattr(straight, "_file_system", lambda _device: kind)
    monkeypatch.setattr(straight, "_has_journal", lambda _device: has_journal)
    assert straight.is_ordered(tmp_path) is ordered
    straight._keeps_order.cache_clear()


@pytest.mark.parametrize("more", [0, 2, 1000, 3000, 3300, 4000, 3 << 20])
def test_a_file_is_as_long_as_its_head_and_its_data_set_tell(an_archive, more):
    """Small ones fill blocks, as to cut the last one off has the disk read it again."""
    dataset = STUDY.instance(ImageComments="x" * min(more, 9000))
    if more > 9000:
        dataset.PixelData = bytes(more)
    keep(an_archive, dataset)
    (path,) = an_archive.files_of(STUDY.uid)
    assert holds(path, *factories.encoded(dataset))
    assert more > 9000 or path.stat().st_size % straight.BLOCK == 0
    assert pydicom.dcmread(BytesIO(path.read_bytes())) == dataset


def test_what_cannot_fill_blocks_with_elements_of_even_length_is_cut(an_archive):
    head, body = factories.encoded(STUDY.instance())
    uid = STUDY.instance().SOPInstanceUID
    an_archive.keep(STUDY.uid, uid, head, memoryview(body + b"x"))
    (path,) = an_archive.files_of(STUDY.uid)
    assert path.read_bytes() == head + body + b"x"


@pytest.mark.parametrize("lacking", [0, 2, 10, 60, 100, 200, 4096, 4098])
def test_what_all_but_fills_the_room_is_kept_whole(an_archive, lacking):
    head, _ = factories.encoded(STUDY.instance())
    body = os.urandom(straight.ROOM - lacking - len(head))
    uid = STUDY.instance().SOPInstanceUID
    assert an_archive.keep(STUDY.uid, uid, head, memoryview(body)) is Kept.NEW
    (path,) = an_archive.files_of(STUDY.uid)
    assert path.read_bytes()[head_length(path) :] == body


def test_an_arrival_that_is_announced_already_leaves_nothing_aside(an_archive, a_layout):
    """Two names of one file: to rename one into the other does nothing."""
    head, body = factories.encoded(STUDY.instance())
    draft = an_archive.draft(head)
    draft.write(body)
    (aside,) = a_layout.temp.iterdir()
    path, arrival = names_of(a_layout)
    os.link(aside, arrival)
    assert draft.settle(STUDY.uid, STUDY.instance().SOPInstanceUID) is Kept.NEW
    draft.close()
    assert not list(a_layout.temp.iterdir())
    assert Path(path).samefile(arrival)


def test_a_data_tree_that_lost_a_folder_is_told_and_not_tried_for_ever(an_archive, a_layout):
    a_layout.arrived.rmdir()
    with pytest.raises(FileNotFoundError):
        keep(an_archive, STUDY.instance())
    assert not list(a_layout.temp.iterdir())
