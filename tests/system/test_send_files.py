"""send-files: what lies in the outbox is at the other site, whole and once, or waits."""

from __future__ import annotations

import hashlib
import json
import os
import random
import subprocess
import zipfile

import pytest
from headgate.demo.processes import script
from killing import KILLED, WITHOUT_RIGHTS
from sshserver import Cutting, a_key

NAME = "send-files"
DATA = random.Random(7).randbytes(3_000_000)


def run(gateway, *words, code=0):
    result = gateway.site.run(NAME, *words)
    assert result.code == code, result
    return result


def texts(result):
    return " ".join(line["text"] for line in result.lines)


def configure(gateway, *sections):
    gateway.context().prepare()
    text = gateway.site.config.read_text().partition("[destinations")[0]
    gateway.site.config.write_text("\n".join([text, *sections]))


def put(gateway, name, data=DATA, destination="site"):
    path = gateway.layout.outbox / destination / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def sums(data, name):
    return f"{hashlib.sha256(data).hexdigest()}  {name}\n".encode()


def forget_silence(gateway, name="site"):
    gateway.context().targets.forget(f"sftp {name}")


def sent(gateway, destination="site"):
    folder = gateway.layout.outbox / destination / "sent"
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_a_file_comes_whole_with_its_sum_and_moves_to_sent(a_tree, an_sshd):
    configure(a_tree, an_sshd.toml("site"))
    path = put(a_tree, "P-all.zip")
    assert [line["status"] for line in run(a_tree).lines] == ["ok"]
    assert an_sshd.files() == {"P-all.zip": DATA, "P-all.zip.sha256": sums(DATA, "P-all.zip")}
    assert not path.exists()
    assert sent(a_tree) == ["P-all.zip"]
    before = {path: path.stat().st_mtime_ns for path in an_sshd.place.iterdir()}
    assert run(a_tree).lines == []
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_an_empty_file_comes_too(a_tree, an_sshd):
    configure(a_tree, an_sshd.toml("site"))
    put(a_tree, "empty", b"")
    run(a_tree)
    assert an_sshd.files()["empty"] == b""


def test_a_folder_is_packed_and_the_same_bytes_each_time(a_tree, plain_sshd):
    configure(a_tree, plain_sshd.toml("site"))
    packed = []
    for _ in range(2):
        for name in ("b.txt", "a/deep.txt"):
            put(a_tree, f"results/{name}", name.encode())
        for path in (a_tree.layout.outbox / "site/results").rglob("*"):
            os.utime(path, (1, 1))
        run(a_tree)
        packed.append((plain_sshd.place / "results.zip").read_bytes())
        for path in plain_sshd.place.iterdir():
            path.unlink()
    assert packed[0] == packed[1]
    (plain_sshd.place / "again.zip").write_bytes(packed[0])
    with zipfile.ZipFile(plain_sshd.place / "again.zip") as archive:
        assert archive.namelist() == ["a/deep.txt", "b.txt"]
        assert archive.read("b.txt") == b"b.txt"
    assert sent(a_tree) == ["results", "results.2"]


def test_a_cut_connection_is_gone_on_with_where_it_was_cut(a_tree, an_sshd):
    way = Cutting(an_sshd.port, 1_500_000)
    an_sshd.known_hosts.write_text(
        an_sshd.known_hosts.read_text().replace(str(an_sshd.port), str(way.port))
        + an_sshd.known_hosts.read_text()
    )
    configure(a_tree, an_sshd.toml("site", port=way.port))
    path = put(a_tree, "large.bin")
    assert run(a_tree, code=69).lines[-1]["status"] == "deferred"
    there = (an_sshd.place / "large.bin.partial").stat().st_size
    assert 0 < there < len(DATA)
    assert path.exists()
    configure(a_tree, an_sshd.toml("site"))
    forget_silence(a_tree)
    assert f"sent from byte {there}" in texts(run(a_tree))
    assert an_sshd.files()["large.bin"] == DATA


def test_what_is_there_is_compared_and_not_believed(a_tree, an_sshd):
    configure(a_tree, an_sshd.toml("site"))
    put(a_tree, "large.bin")
    (an_sshd.place / "large.bin.partial").write_bytes(b"x" * 1_000_000)
    assert "from byte" not in texts(run(a_tree))
    assert an_sshd.files()["large.bin"] == DATA


def test_what_came_otherwise_than_it_was_sent_never_gets_its_name(a_tree, an_sshd, monkeypatch):
    from headgate.steps import send_files
    from headgate.stores import sftp

    configure(a_tree, an_sshd.toml("site"))
    path = put(a_tree, "large.bin")
    upload = sftp.Remote._upload

    def spoiled(remote, source, partial, start):
        upload(remote, source, partial, start)
        with open(partial, "r+b") as file:
            file.seek(1000)
            file.write(b"spoiled")

    monkeypatch.setattr(sftp.Remote, "_upload", spoiled)
    context = a_tree.context()
    (item,) = send_files.plan(context)
    assert [one.status for one in send_files.apply(context, item)] == ["deferred"]
    assert an_sshd.files() == {}
    assert path.exists()
    forget_silence(a_tree)
    run(a_tree)
    assert an_sshd.files()["large.bin"] == DATA


def test_what_came_before_a_crash_is_not_sent_again(a_tree, an_sshd):
    configure(a_tree, an_sshd.toml("site"))
    put(a_tree, "file")
    (an_sshd.place / "file").write_bytes(DATA)
    assert "was there already" in texts(run(a_tree))
    assert an_sshd.files() == {"file": DATA, "file.sha256": sums(DATA, "file")}
    assert sent(a_tree) == ["file"]


def test_T1_only_what_was_sent_moves_to_sent(a_tree, plain_sshd):
    configure(a_tree, plain_sshd.toml("site"))
    put(a_tree, "study_1.2.3.zip", b"1")
    put(a_tree, "study_1.2.34.zip", b"2")
    (plain_sshd.place / "study_1.2.34.zip").write_bytes(b"theirs")
    run(a_tree, code=1)
    assert sent(a_tree) == ["study_1.2.3.zip"]
    assert (a_tree.layout.outbox / "site/study_1.2.34.zip").exists()


@pytest.mark.parametrize("kind", ["another key", "no key", "another host", "no file"])
def test_who_is_not_known_gets_nothing_and_is_not_added(a_tree, plain_sshd, tmp_path, kind):
    known = plain_sshd.known_hosts
    text = {
        "another key": f"[127.0.0.1]:{plain_sshd.port} {a_key(tmp_path / 'other')}\n",
        "no key": "",
        "another host": known.read_text().replace("127.0.0.1", "127.0.0.2"),
    }.get(kind)
    if text is None:
        known.unlink()
    else:
        known.write_text(text)
    configure(a_tree, plain_sshd.toml("site"))
    path = put(a_tree, "file")
    result = run(a_tree, code=1)
    assert "host key" in texts(result)
    assert plain_sshd.files() == {}
    assert path.exists()
    assert text is None or known.read_text() == text


def test_a_key_that_is_not_let_in_and_one_open_to_others_are_told(a_tree, plain_sshd, tmp_path):
    a_key(tmp_path / "other")
    configure(a_tree, plain_sshd.toml("site", key_file=str(tmp_path / "other")))
    put(a_tree, "file")
    assert "does not let" in texts(run(a_tree, code=1))
    (tmp_path / "other").write_text("no key")
    assert "cannot be read" in texts(run(a_tree, code=1))
    plain_sshd.key.chmod(0o644)
    configure(a_tree, plain_sshd.toml("site"))
    assert "open to others" in texts(run(a_tree, code=1))
    assert plain_sshd.files() == {}


def test_one_that_is_away_waits_and_the_others_get_theirs(a_tree, plain_sshd):
    configure(a_tree, plain_sshd.toml("away", port=9), plain_sshd.toml("site"))
    put(a_tree, "file", b"1", "away")
    put(a_tree, "file", b"2")
    result = run(a_tree, code=69)
    assert sorted(line["status"] for line in result.lines) == ["deferred", "ok"]
    silence = a_tree.context().targets.read("sftp away")
    assert silence.attempts == 1
    assert silence.not_before > 0
    configure(a_tree, plain_sshd.toml("away"), plain_sshd.toml("site"))
    assert a_tree.layout.outbox.joinpath("away/file").exists()
    forget_silence(a_tree, "away")
    plain_sshd.place.joinpath("file").unlink()
    run(a_tree)
    assert plain_sshd.files()["file"] == b"1"
    assert a_tree.context().targets.read("sftp away").attempts == 0


def test_another_file_of_the_same_name_is_not_replaced(a_tree, plain_sshd):
    configure(a_tree, plain_sshd.toml("site"))
    (plain_sshd.place / "file").write_bytes(b"theirs")
    path = put(a_tree, "file", b"ours..")
    put(a_tree, "next", b"2")
    result = run(a_tree, code=1)
    assert "another file of this name" in texts(result)
    assert plain_sshd.files()["file"] == b"theirs"
    assert plain_sshd.files()["next"] == b"2"
    assert path.exists()


def test_strange_names_and_links_stay_and_are_not_spelled_out(a_tree, plain_sshd, tmp_path):
    configure(a_tree, plain_sshd.toml("site"))
    put(a_tree, "Nordmann Kjersti; rm -rf.txt")
    put(a_tree, "folder/inside")
    (a_tree.layout.outbox / "site/folder/link").symlink_to("/etc/passwd")
    (a_tree.layout.outbox / "site/link").symlink_to("/etc/passwd")
    result = run(a_tree, code=1)
    assert [line["status"] for line in result.lines] == ["error"] * 3
    assert "Nordmann" not in str(result.lines) + result.complaints
    assert plain_sshd.files() == {}


def test_what_somebody_still_writes_is_left(a_tree, plain_sshd):
    configure(a_tree, plain_sshd.toml("site"))
    path = a_tree.layout.outbox / "site"
    path.mkdir()
    with (path / "growing").open("wb") as file:
        file.write(b"half")
        file.flush()
        assert run(a_tree).lines == []
    assert run(a_tree).lines[0]["status"] == "ok"


def test_a_destination_without_settings_is_told_of(a_tree, plain_sshd):
    configure(a_tree, plain_sshd.toml("site"))
    put(a_tree, "file", destination="nobody")
    put(a_tree, "file")
    result = run(a_tree, code=1)
    assert sorted(line["status"] for line in result.lines) == ["error", "ok"]


def test_check_config_tries_destinations(a_tree, plain_sshd):
    configure(a_tree, plain_sshd.toml("site"), plain_sshd.toml("away", port=9))
    told = {
        line["item"]: line["status"] for line in a_tree.site.run("check-config", "--connect").lines
    }
    assert (told["destinations.site"], told["destinations.away"]) == ("ok", "deferred")
    plain_sshd.key.chmod(0o644)
    told = {line["item"]: line["text"] for line in a_tree.site.run("check-config").lines}
    assert "open to others" in told["destinations"]


def test_the_dry_run_sends_nothing(a_tree, plain_sshd):
    configure(a_tree, plain_sshd.toml("site"))
    put(a_tree, "file")
    assert run(a_tree, "--dry-run").lines == [{"item": "site", "status": "planned"}]
    assert plain_sshd.files() == {}


def test_killed_at_any_step_the_next_run_ends_it(a_tree, plain_sshd, zygote):
    configure(a_tree, plain_sshd.toml("site"))
    at, code = 0, KILLED
    while code == KILLED:
        at += 1
        put(a_tree, f"folder{at}/one", b"1" * 5000)
        os.utime(a_tree.layout.outbox / f"site/folder{at}/one", (1, 1))
        put(a_tree, f"file{at}", b"2" * 5000)
        code = zygote.run(a_tree, NAME, at=at).code
        forget_silence(a_tree)
        ending = zygote.run(a_tree, NAME)
        assert ending.code == 0, ending
        there = plain_sshd.files()
        assert there[f"file{at}"] == b"2" * 5000
        assert there[f"folder{at}.zip.sha256"] == sums(there[f"folder{at}.zip"], f"folder{at}.zip")
        assert not [name for name in there if name.endswith(".partial")]
        assert f"folder{at}" in sent(a_tree)
        assert f"file{at}" in sent(a_tree)
    assert code == 0
    assert at > 5


def test_a_folder_with_a_part_that_may_not_be_entered_is_not_sent_without_it(a_tree, plain_sshd):
    configure(a_tree, plain_sshd.toml("site"))
    put(a_tree, "whole/one")
    put(a_tree, "folder/one")
    closed = put(a_tree, "folder/closed/two").parent
    for path in a_tree.layout.outbox.rglob("*"):
        os.utime(path, (1, 1))
    closed.chmod(0)
    command = [*WITHOUT_RIGHTS, *script(NAME), "-c", str(a_tree.site.config), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done
    lines = {line["item"]: line for line in map(json.loads, done.stdout.splitlines())}
    assert "may not be entered" in lines["site/folder"]["text"]
    assert lines["site/whole"]["status"] == "ok"
    assert not [name for name in plain_sshd.files() if name.startswith("folder")]
    closed.chmod(0o750)
    assert run(a_tree).code == 0
    assert "folder.zip" in plain_sshd.files()
