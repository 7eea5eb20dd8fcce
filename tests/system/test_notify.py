"""People are told by mail what they asked for: once, by pseudonyms, and not lost."""

from __future__ import annotations

import json
import os
import ssl
import subprocess
import time

import factories
import pytest
from gateways import needs
from headgate.core.model import Assignment, Request
from headgate.stores import metrics
from killing import KILLED
from postoffice import a_post_office


def configure(gateway, port, mail="", **receivers):
    """Write [mail] and a [notify.NAME] for each receiver; their values are TOML."""
    text = gateway.site.config.read_text().partition("[mail]")[0]
    text += f"[mail]\nport = {port}\ntimeout_seconds = 5.0\n{mail}\n"
    for name, values in receivers.items():
        text += f'[notify.{name}]\naddress = "{name}@example.org"\n{values}\n'
    gateway.site.config.write_text(text)


def request(gateway, state, number=1, project="P"):
    """A request in a state, that entered it now."""
    gateway.context().prepare()
    made = Request.wanted(
        factories.uid("mailed", number), 1, Assignment(project, f"{project}-00{number}", "E1"), "v"
    ).with_values(mapped_study=f"2.25.{number}", summary='{"rejected": "text in the pixels"}')
    (gateway.layout.requests / state / f"{made.id}.json").write_text(made.to_json())
    return made


def ran(gateway, step, hours_ago):
    gateway.context().prepare()
    when = {"last_success_timestamp_seconds": time.time() - 3600 * hours_ago}
    metrics.write(gateway.layout.metrics, step, when)


def age_what_was_told(gateway, name, hours):
    path = gateway.layout.notified / f"{name}.json"
    told = {key: when - hours * 3600 for key, when in json.loads(path.read_text()).items()}
    path.write_text(json.dumps(told))


def test_everyone_gets_one_mail_of_what_they_asked_for(a_tree):
    arrived = request(a_tree, "done", 1)
    other = request(a_tree, "done", 2, "Q")
    failed = request(a_tree, "failed", 3)
    ran(a_tree, "process", 9)
    ran(a_tree, "heartbeat", 0)
    with a_post_office() as office:
        configure(
            a_tree, office.port,
            ann='triggers = ["arrived", "failed"]\nprojects = ["P"]',
            ben='triggers = ["stale", "disk"]\ndisk_free_percent = 100.0',
            cid='triggers = ["disk"]\ndisk_free_percent = 0.0',
        )  # fmt: skip
        assert a_tree.site.run("notify").code == 0
        ann, ben = sorted(office.mails, key=lambda mail: mail["To"])
        assert (ann["To"], ben["To"]) == ("ann@example.org", "ben@example.org")
        assert ann["Subject"] == "Headgate: 2 to look at"
        assert ann["Auto-Submitted"] == "auto-generated"
        text = ann.get_content()
        assert "P: P-001 E1 has arrived, study 2.25.1" in text
        assert f"P-003 E1 failed: {failed.summary} ({failed.id})" in text
        assert "Q-002" not in text
        for one in (arrived, other, failed):
            assert one.study not in str(office.texts())
        assert "the script process had its last success 540 minutes ago" in ben.get_content()
        assert "heartbeat" not in ben.get_content()
        assert "% free, less than 100 %" in ben.get_content()
        assert a_tree.site.run("notify").lines == []
        assert len(office.mails) == 2


def test_a_trouble_that_lasts_is_told_again_after_a_while_and_an_arrival_is_not(a_tree):
    request(a_tree, "failed")
    request(a_tree, "done", 2)
    with a_post_office() as office:
        wants = 'triggers = ["arrived", "failed"]\nrepeat_hours = 5.0'
        configure(a_tree, office.port, ann=wants)
        for hours, mails in ((0, 1), (4, 1), (2, 2), (0, 2)):
            if hours:
                age_what_was_told(a_tree, "ann", hours)
            assert a_tree.site.run("notify").code == 0
            assert len(office.mails) == mails
        assert "arrived" not in office.texts()[1]
        new = request(a_tree, "failed", 3)
        assert a_tree.site.run("notify").code == 0
        assert office.texts()[2].count("- ") == 1
        assert new.id in office.texts()[2]


def test_a_trouble_that_comes_and_goes_is_not_told_each_time(a_tree):
    made = request(a_tree, "failed")
    with a_post_office() as office:
        configure(a_tree, office.port, ann="")
        a_tree.site.run("notify")
        path = a_tree.layout.requests / "failed" / f"{made.id}.json"
        path.unlink()
        request(a_tree, "failed", 2)
        a_tree.site.run("notify")
        path.write_text(made.to_json())
        a_tree.site.run("notify")
        assert len(office.mails) == 2


def test_a_mail_server_that_is_away_gets_it_with_the_next_run(a_tree):
    made = request(a_tree, "done")
    configure(a_tree, 9, ann='triggers = ["arrived"]')
    result = a_tree.site.run("notify")
    assert result.code == 69
    assert "the next run tells it" in result.lines[0]["text"]
    path = a_tree.layout.requests / "done" / f"{made.id}.json"
    hours_ago = time.time() - 1800
    os.utime(path, (hours_ago, hours_ago))
    with a_post_office() as office:
        configure(a_tree, office.port, ann='triggers = ["arrived"]')
        office.answer = "451 busy"
        assert a_tree.site.run("notify").code == 69
        office.answer = "550 who is that?"
        result = a_tree.site.run("notify")
        assert result.code == 1
        assert "mend the addresses" in result.lines[0]["text"]
        office.answer = "250 OK"
        assert a_tree.site.run("notify").code == 0
        assert len(office.mails) == 1


def test_one_receiver_that_is_refused_stops_no_other(a_tree):
    request(a_tree, "failed")
    with a_post_office() as office:
        configure(a_tree, office.port, ann="", ben="")
        office.knows_not = "ann@example.org"
        result = a_tree.site.run("notify")
        assert result.code == 1
        assert "mend the addresses" in result.lines[0]["text"]
        assert [mail["To"] for mail in office.mails] == ["ben@example.org"]


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_it_signs_in_over_tls_with_the_password_of_the_file(a_tree, tmp_path, security):
    request(a_tree, "failed")
    pem, key = tmp_path / "server.pem", tmp_path / "server.key"
    words = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost"]
    words += ["-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", pem]
    subprocess.run([needs("openssl", "openssl"), *words], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, key)
    password = tmp_path / "password"
    password.write_text("secret words\n")
    password.chmod(0o600)
    values = {"tls_context": context} if security == "starttls" else {"ssl_context": context}
    with a_post_office("secret words", **values) as office:
        mail = f'host = "localhost"\nsecurity = "{security}"\nuser = "gate"\n'
        mail += f'password_file = "{password}"\n'
        configure(a_tree, office.port, mail, ann="")
        assert a_tree.site.run("notify").code == 78  # nobody we believe has signed it
        mail += f'certificates = "{pem}"\n'
        configure(a_tree, office.port, mail, ann="")
        result = a_tree.site.run("notify")
        assert result.code == 0, result
        assert len(office.mails) == 1
        password.write_text("wrong words\n")
        request(a_tree, "failed", 2)
        result = a_tree.site.run("notify")
        assert result.code == 78
        assert "words" not in json.dumps(result.lines)


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ('triggers = ["rain"]', "none of arrived, failed, disk, stale"),
        ('address = "nobody"', "no mail address"),
    ],
)
def test_what_cannot_be_is_said(a_tree, values, why):
    configure(a_tree, 9)
    with a_tree.site.config.open("a") as file:
        address = "" if "address" in values else 'address = "a@example.org"\n'
        file.write(f"[notify.ann]\n{address}{values}\n")
    result = a_tree.site.run("notify")
    assert result.code == 78
    assert why in result.lines[0]["text"]


def test_a_template_that_names_what_there_is_not_is_said(a_tree):
    request(a_tree, "failed")
    configure(a_tree, 9, '[mail.templates]\nfailed = "$patient is ill"', ann="")
    result = a_tree.site.run("notify")
    assert result.code == 78
    assert "may name $event" in result.lines[0]["text"]


def test_a_dry_run_tells_nobody(a_tree):
    request(a_tree, "failed")
    with a_post_office() as office:
        configure(a_tree, office.port, ann="")
        assert a_tree.site.run("notify", "--dry-run").code == 0
        assert not office.mails
        assert a_tree.site.run("notify").code == 0
        assert len(office.mails) == 1


def test_killed_at_any_step_everything_is_told_and_a_copy_may_be_known(a_tree, zygote):
    with a_post_office() as office:
        configure(a_tree, office.port, ann="")
        at, code = 0, KILLED
        while code == KILLED:
            at += 2
            made = request(a_tree, "failed", at)
            office.mails.clear()
            code = zygote.run(a_tree, "notify", at=at).code
            assert a_tree.site.run("notify").code == 0
            told = [mail for mail in office.mails if made.id in mail.get_content()]
            assert told
            assert len({mail["Message-ID"] for mail in told}) == 1
            assert a_tree.site.run("notify").lines == []
        assert (code, at > 3) == (0, True)
