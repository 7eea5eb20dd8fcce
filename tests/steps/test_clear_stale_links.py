"""clear-stale-links: what points nowhere goes, what it leaves empty too, and nothing elsewhere."""

from __future__ import annotations

import shutil

import factories
import pytest

STUDY, GONE = factories.Study("kept"), factories.Study("gone", patient_id="11111111111")


@pytest.fixture
def filed(a_tree):
    a_tree.receive(*STUDY.instances(2), *GONE.instances(2), *GONE.instances(2, series=2))
    assert a_tree.site.run("process").code == 0
    return a_tree


def run(gateway, *words, code=0):
    result = gateway.site.run("clear-stale-links", *words)
    assert result.code == code, result
    return result


def everything(gateway):
    return sorted(map(str, gateway.layout.site.rglob("*")))


def test_what_is_whole_is_left_alone(filed):
    before = everything(filed)
    assert run(filed).lines == []
    assert everything(filed) == before


def test_a_study_whose_files_are_gone_leaves_nothing_behind(filed):
    layout = filed.layout
    kept = [
        path for path in everything(filed) if GONE.uid not in path and GONE.patient_id not in path
    ]
    shutil.rmtree(layout.study_archive(GONE.uid))
    result = run(filed)
    assert not layout.study_raw(GONE.uid).exists()
    assert not layout.participant(GONE.patient_id).exists()
    assert filed.context().trees.all_series(GONE.uid) == []
    changed = str(layout.changed / GONE.uid)
    assert [path for path in everything(filed) if path != changed] == kept
    assert GONE.patient_id not in str(result)
    assert run(filed).lines == []


def test_a_series_of_which_something_is_left_stays(filed):
    first, *rest = filed.context().archive.files_of(GONE.uid)
    for path in rest:
        path.unlink()
    run(filed)
    trees = filed.context().trees
    assert list(trees.instances(GONE.uid)) == [first.name]
    assert len(trees.all_series(GONE.uid)) == 1
    assert filed.layout.participant(GONE.patient_id).exists()


def test_nothing_outside_the_tree_is_touched(filed, tmp_path):
    outside = tmp_path / "outside"
    (outside / "empty").mkdir(parents=True)
    (outside / "dangling").symlink_to(tmp_path / "nowhere")
    layout = filed.layout
    (layout.raw / "1.2.3").symlink_to(outside)
    (layout.participants / "linked").symlink_to(outside)
    (layout.study_raw(STUDY.uid) / "1.2.4").symlink_to(outside)
    filed.context().archive.files_of(STUDY.uid)[0].unlink()
    assert run(filed).lines
    assert (outside / "empty").is_dir()
    assert (outside / "dangling").is_symlink()
    assert (layout.raw / "1.2.3").is_symlink()
    assert run(filed).lines == []


def test_an_archive_that_is_not_mounted_costs_no_index(filed):
    filed.layout.archive.rename(filed.layout.site / "elsewhere")
    before = everything(filed)
    result = run(filed, code=1)
    assert "is its disk mounted" in result.lines[0]["text"]
    assert [path for path in everything(filed) if not path.endswith("/archive")] == before


def test_the_dry_run_lists_and_removes_nothing(filed):
    shutil.rmtree(filed.layout.study_archive(GONE.uid))
    before = everything(filed)
    lines = run(filed, "--dry-run").lines
    assert lines[0] == {"item": GONE.uid, "status": "planned"}
    assert everything(filed) == before


def test_process_is_not_at_work_meanwhile(filed):
    from headgate.shell import locks

    shutil.rmtree(filed.layout.study_archive(GONE.uid))
    before = everything(filed)
    with locks.held(filed.layout.locks, ("process",), 0):
        run(filed, code=75)
    assert everything(filed) == before


def test_killed_at_any_step_the_next_run_ends_it(filed, zygote):
    at, code = 0, -9
    while code == -9:
        at += 1
        study = factories.Study(f"gone-{at}", patient_id=f"G{at}")
        filed.receive(*study.instances(2), *study.instances(1, series=2))
        assert zygote.run(filed, "process").code == 0
        shutil.rmtree(filed.layout.study_archive(study.uid))
        code = zygote.run(filed, "clear-stale-links", at=at).code
        assert zygote.run(filed, "clear-stale-links").code == 0
        assert not filed.layout.study_raw(study.uid).exists()
        assert not filed.layout.participant(f"G{at}").exists()
        assert len(filed.context().trees.instances(STUDY.uid)) == 2
    assert code == 0
    assert at > 8
