"""clear-exports: what was never finished goes, the oldest zip files too, and nothing elsewhere."""

from __future__ import annotations

import os
import shutil
import time

import pytest

MINUTE, DAY = 60, 86400


@pytest.fixture
def exports(a_tree):
    a_tree.context().prepare()
    return a_tree.layout.exports


def with_settings(gateway, text):
    with gateway.site.config.open("a") as file:
        file.write(f"[exports]\n{text}\n")


def grow_old(path, seconds):
    then = time.time() - seconds
    for one in (*path.rglob("*"), path):
        os.utime(one, (then, then), follow_symlinks=False)


def a_zip(folder, name, days, size=1000):
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.zip"
    path.write_bytes(b"x" * size)
    beside = folder / f"{name}.zip.json"
    beside.write_text("{}")
    for one in (path, beside):
        grow_old(one, days * DAY)
    return path


def a_partial(exports, name, minutes):
    folder = exports / ".partial" / name
    (folder / "series").mkdir(parents=True)
    (folder / "series" / "IM1").write_bytes(b"x")
    grow_old(folder, minutes * MINUTE)
    return folder


def run(gateway, *words, code=0):
    result = gateway.site.run("clear-exports", *words)
    assert result.code == code, result
    return result


def names(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_what_was_never_finished_goes_and_what_is_being_made_stays(a_tree, exports):
    with_settings(a_tree, "free_percent = 0.0")
    left, made = a_partial(exports, "left", 1001), a_partial(exports, "made", 900)
    busy = a_partial(exports, "busy", 5000)
    (busy / "series" / "IM2").write_bytes(b"y")
    run(a_tree)
    assert not left.exists()
    assert made.exists()
    assert busy.exists()
    assert run(a_tree).lines == []


def test_the_oldest_zip_files_go_as_far_as_room_lacks(a_tree, exports, monkeypatch):
    from headgate.steps import clear_exports

    for days in (9, 3, 7, 5):
        a_zip(exports / "P", f"z{days}", days)
    context = a_tree.context()
    monkeypatch.setattr(type(context.exports), "lacking_bytes", lambda _self, _percent: 1500)
    for item in list(clear_exports.plan(context)):
        list(clear_exports.apply(context, item))
    assert names(exports) == ["P/z3.zip", "P/z3.zip.json", "P/z5.zip", "P/z5.zip.json"]


def test_where_room_is_nothing_goes_and_nought_keeps_all(a_tree, exports):
    with_settings(a_tree, "free_percent = 0.000001")
    a_zip(exports, "old", 500)
    assert run(a_tree).lines == []
    text = a_tree.site.config.read_text()
    a_tree.site.config.write_text(text.replace("0.000001", "0.0"))
    assert run(a_tree).lines == []
    assert names(exports) == ["old.zip", "old.zip.json"]


def test_where_room_lacks_a_young_one_and_what_is_no_zip_stay(a_tree, exports):
    with_settings(a_tree, "free_percent = 100.0")
    a_zip(exports, "old", 2)
    a_zip(exports, "young", 0.9)
    (exports / "README.txt").write_text("stay")
    run(a_tree)
    assert names(exports) == ["README.txt", "young.zip", "young.zip.json"]
    assert run(a_tree).lines == []


def test_nothing_outside_the_tree_is_touched(a_tree, exports, tmp_path):
    with_settings(a_tree, "free_percent = 100.0")
    outside = tmp_path / "outside"
    a_zip(outside, "theirs", 100)
    (exports / "linked").symlink_to(outside)
    (exports / "linked.zip").symlink_to(outside / "theirs.zip")
    (exports / ".partial" / "linked").symlink_to(outside)
    grow_old(exports / ".partial" / "linked", 5000 * MINUTE)
    folder = a_partial(exports, "left", 5000)
    (folder / "link").symlink_to(outside)
    grow_old(folder, 5000 * MINUTE)
    when = (outside / "theirs.zip").stat().st_mtime_ns
    os.utime(exports / "linked.zip", ns=(when, when), follow_symlinks=False)
    run(a_tree)
    assert not folder.exists()
    assert not (exports / ".partial" / "linked").is_symlink()
    assert (exports / "linked.zip").is_symlink()
    assert names(outside) == ["theirs.zip", "theirs.zip.json"]


def test_exports_that_are_a_link_are_refused(a_tree, exports, tmp_path):
    shutil.rmtree(exports)
    a_zip(tmp_path / "outside", "theirs", 100)
    exports.symlink_to(tmp_path / "outside")
    assert "is a link" in run(a_tree, code=78).lines[0]["text"]
    assert "theirs.zip" in names(tmp_path / "outside")


def test_one_that_was_written_anew_meanwhile_stays(a_tree, exports):
    path = a_zip(exports, "again", 9)
    store = a_tree.context().exports
    (export,) = store.zips()
    path.write_bytes(b"new")
    assert not store.remove(export)
    assert names(exports) == ["again.zip", "again.zip.json"]


def test_one_whose_name_begins_with_anothers_stays(a_tree, exports):
    a_zip(exports, "one", 9)
    a_zip(exports, "one.zip", 8)
    store = a_tree.context().exports
    assert store.remove(store.zips()[0])
    assert names(exports) == ["one.zip.zip"]


def test_the_dry_run_lists_and_deletes_nothing(a_tree, exports):
    with_settings(a_tree, "free_percent = 100.0")
    a_zip(exports, "old", 2)
    a_partial(exports, "left", 5000)
    before = names(exports)
    items = [line["item"] for line in run(a_tree, "--dry-run").lines]
    assert items == ["left", "old.zip"]
    assert names(exports) == before


def test_killed_at_any_step_the_next_run_ends_it(a_tree, exports, zygote):
    with_settings(a_tree, "free_percent = 100.0")
    at, code = 0, -9
    while code == -9:
        at += 1
        a_partial(exports, f"left{at}", 5000)
        a_zip(exports, f"old{at}", 9)
        kept = a_zip(exports, "young", 0.5)
        code = zygote.run(a_tree, "clear-exports", at=at).code
        assert zygote.run(a_tree, "clear-exports").code == 0
        assert names(exports) == [kept.name, f"{kept.name}.json"]
        assert not list((exports / ".partial").iterdir())
    assert code == 0
    assert at > 5
