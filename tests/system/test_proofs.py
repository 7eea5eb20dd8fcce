"""Storage commitment, C-FIND, QIDO-RS, or the PACS's word: what was given is written down."""

from __future__ import annotations

import json
import os
import threading
from collections import Counter
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import factories
import pytest
from headgate.core.errors import Unavailable
from headgate.core.model import Assignment, Fate, Proof, Request
from headgate.delivering import again, processed
from headgate.delivering.study import Delivering
from liars import STORAGE_COMMITMENT, STORAGE_COMMITMENT_INSTANCE, a_lying_pacs
from pydicom.dataset import Dataset
from pynetdicom import AE, build_role

TO = Assignment("P", "P-001", "E1")
STUDY = factories.Study("proven")


def configure(gateway, port, proof="commitment", demand="c-store", **values):
    """Let the gateway send to a PACS whose word is checked in this way."""
    text = gateway.site.config.read_text().replace("port = 9\n", f"port = {port}\n")
    lines = "".join(f"{name} = {json.dumps(value)}\n" for name, value in values.items())
    text = text.replace('proof = "c-find"\n', f'proof = "{proof}"\n{lines}')
    gateway.site.config.write_text(f'{text}\n[projects.P]\nproof = "{demand}"\n')
    gateway.receive(*STUDY.instances(3))
    gateway.site.run("process")


def run(gateway):
    return Delivering(
        gateway.context(), Request.wanted(STUDY.uid, 1, TO, "1"), {}, "research"
    ).run()


def levels(gateway):
    ledger = gateway.context().ledger.read(STUDY.uid, TO)
    return Counter((one.fate, one.proof) for one in ledger.values())


def test_a_pacs_that_commits_itself_at_once_is_the_best_proof(a_tree):
    with a_lying_pacs(commits="at once") as pacs:
        configure(a_tree, pacs.port, demand="commitment")
        run(a_tree)
        assert {one.ReferencedSOPClassUID for one in pacs.asked[0].ReferencedSOPSequence} == {
            factories.CT
        }
    assert levels(a_tree) == {(Fate.STORED, Proof.COMMITMENT): 3}
    assert "commitment" in str(a_tree.site.run("status", "--study", STUDY.uid).lines)
    assert not list(a_tree.layout.commitments.iterdir())


def test_what_a_pacs_does_not_commit_itself_to_is_sent_again(a_tree):
    with a_lying_pacs(commits="at once", drops=lambda number: number == 2) as pacs:
        configure(a_tree, pacs.port)
        with pytest.raises(Unavailable, match="does not hold"):
            run(a_tree)
        assert levels(a_tree) == {
            (Fate.STORED, Proof.COMMITMENT): 2,
            (Fate.MISSING, Proof.NONE): 1,
        }
        run(a_tree)
        assert sum(pacs.stored.values()) == 4
    assert levels(a_tree) == {(Fate.STORED, Proof.COMMITMENT): 3}


@pytest.mark.parametrize(
    "other", [Assignment("P", "P-002", "E1"), Assignment("Q", "Q-1", "E1"), TO]
)
def test_who_got_the_same_uids_before_is_told_of_where_the_pacs_lacks_some(a_tree, other):
    with a_lying_pacs(drops=lambda number: number == 2) as pacs:
        configure(a_tree, pacs.port, proof="c-find")
        processed.note(a_tree.context(), Request.wanted(STUDY.uid, 1, other, "1"))
        with pytest.raises(Unavailable, match="does not hold") as trouble:
            run(a_tree)
    is_told = "went to another participant or event of P" in str(trouble.value)
    assert is_told is (other.participant == "P-002")


@pytest.mark.parametrize("commits", ["", "refused", "never"])
def test_a_pacs_that_does_not_commit_itself_is_asked_by_query(a_tree, commits):
    with a_lying_pacs(commits=commits) as pacs:
        configure(a_tree, pacs.port, commitment_seconds=0.5)
        run(a_tree)
    assert levels(a_tree) == {(Fate.STORED, Proof.C_FIND): 3}


def test_what_a_pacs_says_that_it_keeps_and_does_not_keep_goes_again(a_tree, monkeypatch):
    with a_lying_pacs(commits="at once") as pacs:
        honest = pacs.report

        def both():
            told = honest()
            told.FailedSOPSequence = [Dataset()]
            told.FailedSOPSequence[0].update(told.ReferencedSOPSequence[0])
            told.FailedSOPSequence[0].FailureReason = 0x0112
            return told

        monkeypatch.setattr(pacs, "report", both)
        configure(a_tree, pacs.port)
        with pytest.raises(Unavailable, match="acknowledged 1 instances that it does not hold"):
            run(a_tree)
        monkeypatch.undo()
        run(a_tree)
    assert levels(a_tree) == {(Fate.STORED, Proof.COMMITMENT): 3}


def test_a_pacs_that_comes_to_no_end_with_a_query_holds_up_nobody(a_tree, monkeypatch):
    monkeypatch.setattr("headgate.stores.dicomnet.pacs.FIND_SECONDS", 0.5)
    with a_lying_pacs(answers_find="for ever") as pacs:
        configure(a_tree, pacs.port, proof="c-find")
        with pytest.raises(Unavailable, match="comes to no end with a C-FIND"):
            run(a_tree)


def send_to_one_that_commits_later(a_tree, pacs):
    configure(a_tree, pacs.port, demand="commitment", commitment_seconds=0.5)
    with pytest.raises(Unavailable, match="demands proof by commitment"):
        run(a_tree)


def test_a_commitment_told_later_on_an_association_of_the_pacs_counts(a_tree):
    a_tree.site.start_receiver()
    try:
        with a_lying_pacs(commits="later") as pacs:
            send_to_one_that_commits_later(a_tree, pacs)
            assert levels(a_tree) == {(Fate.STORED, Proof.C_FIND): 3}
            tell(a_tree.site.port, pacs.report())
            run(a_tree)
            assert sum(pacs.stored.values()) == 3
        assert levels(a_tree) == {(Fate.STORED, Proof.COMMITMENT): 3}
    finally:
        a_tree.site.stop_receiver()


def test_a_commitment_that_is_told_twice_proves_nothing_that_is_sent_later(a_tree):
    a_tree.site.start_receiver()
    try:
        with a_lying_pacs(commits="later") as pacs:
            send_to_one_that_commits_later(a_tree, pacs)
            tell(a_tree.site.port, pacs.report())
            run(a_tree)
            tell(a_tree.site.port, pacs.report())
            (notice,) = a_tree.layout.commitments.iterdir()
            os.utime(notice, (notice.stat().st_mtime - 60,) * 2)
            pacs.held.clear()
            context = a_tree.context()
            deliveries = context.ledger.read(STUDY.uid, TO).values()
            request = Request.wanted(STUDY.uid, 1, TO, "1")
            again.unprove(context, request, list(deliveries), Fate.MISSING)
            with pytest.raises(Unavailable, match="demands proof by commitment"):
                run(a_tree)
            assert sum(pacs.stored.values()) == 6
            assert levels(a_tree) == {(Fate.STORED, Proof.C_FIND): 3}
    finally:
        a_tree.site.stop_receiver()


def tell(port, report):
    """Call the gateway's receiver as a PACS that commits itself does: as SCP of the service."""
    entity = AE(ae_title="RESEARCH")
    entity.add_requested_context(STORAGE_COMMITMENT)
    role = build_role(STORAGE_COMMITMENT, scp_role=True)
    association = entity.associate("127.0.0.1", port, ext_neg=[role])
    status, _ = association.send_n_event_report(
        report, 1, STORAGE_COMMITMENT, STORAGE_COMMITMENT_INSTANCE
    )
    association.release()
    assert status.Status == 0


@pytest.fixture
def a_token(tmp_path):
    """A file with the bearer token of the service."""
    path = tmp_path / "token"
    path.write_text("open.sesame\n")
    path.chmod(0o600)
    return path


@contextmanager
def a_dicomweb_service(held, pages=2, points_to="", knows_pages=True):
    """A service that tells of so many instances a page, and asks for its token."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            if points_to:
                self.send_response(302)
                self.send_header("Location", f"{points_to}{self.path}")
                self.end_headers()
                return
            assert self.headers["Authorization"] == "Bearer open.sesame"
            place = urlsplit(self.path)
            study, series = place.path.split("/")[3], place.path.split("/")[5]
            offset = int(parse_qs(place.query)["offset"][0])
            mine = sorted(name for name, where in held.items() if where == (study, series))
            rows = [{"00080018": {"vr": "UI", "Value": [name]}} for name in mine]
            page = rows[offset : offset + pages] if knows_pages else rows[:pages]
            body = json.dumps(page).encode()
            self.send_response(200)
            if not knows_pages:
                self.send_header("Warning", "299 there are more")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments):
            """Be silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/dicom-web"
    server.shutdown()
    server.server_close()


def test_a_dicomweb_service_is_asked_where_the_pacs_answers_no_queries(a_tree, a_token):
    with (
        a_lying_pacs(answers_find=False, drops=lambda number: number == 2) as pacs,
        a_dicomweb_service(pacs.held) as url,
    ):
        values = {"qido_url": url, "web_token_file": str(a_token)}
        configure(a_tree, pacs.port, demand="qido-rs", **values)
        with pytest.raises(Unavailable, match="does not hold"):
            run(a_tree)
        run(a_tree)
        assert sum(pacs.stored.values()) == 4
    assert levels(a_tree) == {(Fate.STORED, Proof.QIDO_RS): 3}


def test_a_service_without_pages_that_does_not_tell_all_proves_nothing(a_tree, a_token):
    with (
        a_lying_pacs(answers_find=False) as pacs,
        a_dicomweb_service(pacs.held, knows_pages=False) as url,
    ):
        configure(a_tree, pacs.port, demand="qido-rs", qido_url=url, web_token_file=str(a_token))
        for _ in "twice":
            with pytest.raises(Unavailable, match="does not tell all that it holds"):
                run(a_tree)
        assert sum(pacs.stored.values()) == 3


def test_a_service_that_points_elsewhere_is_not_followed_with_a_question(a_tree, a_token):
    with (
        a_lying_pacs(answers_find=False) as pacs,
        a_dicomweb_service({}) as elsewhere,
        a_dicomweb_service({}, points_to=elsewhere) as url,
    ):
        configure(a_tree, pacs.port, demand="qido-rs", qido_url=url, web_token_file=str(a_token))
        for _ in "twice":
            with pytest.raises(Unavailable, match="points elsewhere"):
                run(a_tree)
        assert sum(pacs.stored.values()) == 3


def test_the_word_of_a_pacs_is_not_enough_for_a_project_that_demands_more(a_tree):
    with a_lying_pacs(answers_find=False) as pacs:
        configure(a_tree, pacs.port, demand="c-find")
        with pytest.raises(Unavailable, match="demands proof by c-find"):
            run(a_tree)
        assert levels(a_tree) == {(Fate.STORED, Proof.C_STORE): 3}
        with pytest.raises(Unavailable, match="demands proof by c-find"):
            run(a_tree)
        assert sum(pacs.stored.values()) == 3
