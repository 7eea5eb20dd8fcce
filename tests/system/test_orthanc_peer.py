"""Orthanc on the other side of storage commitment, STOW-RS and QIDO-RS, as client and server."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import factories
import pytest
import requests
from gateways import needs
from headgate.core.errors import Unavailable
from headgate.core.model import Assignment, Fate, Proof, Request
from headgate.delivering.study import Delivering
from headgate.demo.archives import AE_TITLE, Orthanc

STUDY = factories.Study("orthanc")
TO = Assignment("P", "P-001", "E1")
DICOM_WEB = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")


@pytest.fixture
def an_orthanc(a_tree, tmp_path):
    """One that knows the gateway as a modality and has a DICOMweb service."""
    needs("Orthanc", "orthanc")
    modality = ["HEADGATE", "127.0.0.1", a_tree.site.port]
    more = {"DicomModalities": {"headgate": modality}, "Plugins": [str(DICOM_WEB)]}
    running = Orthanc(tmp_path / "orthanc", more)
    yield running
    running.stop()


def edit(gateway, before, after):
    text = gateway.site.config.read_text()
    assert before in text
    gateway.site.config.write_text(text.replace(before, after))


def run(gateway):
    request = Request.wanted(STUDY.uid, 1, TO, "1")
    return Delivering(gateway.context(), request, {}, "research").run()


def levels(gateway):
    ledger = gateway.context().ledger.read(STUDY.uid, TO)
    return Counter((one.fate, one.proof) for one in ledger.values())


def file(gateway, count=3):
    gateway.receive(*STUDY.instances(count))
    gateway.site.run("process")


def test_orthanc_commits_itself_on_an_association_of_its_own(a_tree, an_orthanc, request):
    edit(a_tree, "port = 9\n", f"port = {an_orthanc.port}\n")
    edit(a_tree, 'proof = "c-find"', 'proof = "commitment"\ncommitment_seconds = 20')
    a_tree.site.config.write_text(
        f'{a_tree.site.config.read_text()}\n[projects.P]\nproof = "commitment"\n'
    )
    request.addfinalizer(a_tree.site.stop_receiver)
    a_tree.site.start_receiver()
    file(a_tree)
    run(a_tree)
    assert levels(a_tree) == {(Fate.STORED, Proof.COMMITMENT): 3}
    assert an_orthanc.count() == 3


def test_orthanc_is_told_what_the_receiver_commits_itself_to(a_tree, an_orthanc, request):
    at = f'commitment_peers = {{ {AE_TITLE} = "127.0.0.1:{an_orthanc.port}" }}'
    edit(a_tree, "[receiver]\n", f"[receiver]\n{at}\n")
    request.addfinalizer(a_tree.site.stop_receiver)
    a_tree.site.start_receiver()
    here, absent = STUDY.instance(1), STUDY.instance(2)
    head, body = factories.encoded(here)
    kept = requests.post(f"{an_orthanc.where}instances", data=head + body, timeout=30).json()
    modality = f"{an_orthanc.where}modalities/headgate"
    assert requests.post(f"{modality}/store", json=[kept["ID"]], timeout=60).ok
    asked = [[str(one.SOPClassUID), str(one.SOPInstanceUID)] for one in (here, absent)]
    words = {"DicomInstances": asked}
    told = requests.post(f"{modality}/storage-commitment", json=words, timeout=60).json()
    report = {"Status": "Pending"}
    while report["Status"] == "Pending":
        report = requests.get(f"{an_orthanc.where[:-1]}{told['Path']}", timeout=30).json()
    assert [one["SOPInstanceUID"] for one in report["Success"]] == [str(here.SOPInstanceUID)]
    assert [one["SOPInstanceUID"] for one in report["Failures"]] == [str(absent.SOPInstanceUID)]


def test_a_dicomweb_service_takes_a_study_and_tells_what_it_has(a_tree, an_orthanc):
    url = f"{an_orthanc.where}dicom-web"
    edit(a_tree, "port = 9\n", f'port = 9\nkind = "stow-rs"\nurl = "{url}"\nqido_url = "{url}"\n')
    edit(a_tree, 'proof = "c-find"', 'proof = "qido-rs"')
    file(a_tree)
    run(a_tree)
    assert levels(a_tree) == {(Fate.STORED, Proof.QIDO_RS): 3}
    assert {str(one.PatientID) for one in an_orthanc.instances()} == {"P-001"}


def test_a_dicomweb_service_that_is_away_is_asked_later(a_tree, an_orthanc):
    url = f"{an_orthanc.where}dicom-web"
    edit(a_tree, "port = 9\n", f'port = 9\nkind = "stow-rs"\nurl = "{url}"\n')
    file(a_tree)
    an_orthanc.stop()
    with pytest.raises(Unavailable):
        run(a_tree)
