"""A research PACS with studies of projects in it, to export from: Orthanc with DICOMweb."""

from __future__ import annotations

import re
from pathlib import Path

import factories
import numpy as np
import pytest
import requests
from gateways import needs
from headgate.demo import archives
from headgate.demo.processes import free_port

PLUGIN = "/usr/share/orthanc/plugins/libOrthancDicomWeb.so"
ROWS = COLUMNS = 32


def research(name, participant="P-001", event="E1", project="P", count=3, modality="MR", **values):
    """Return instances as anonymize-and-send writes them, of a project of the test's own."""
    study = factories.Study(name, modality)
    instances = []
    for number in range(1, count + 1):
        one = study.instance(number, **{
            "AccessionNumber": "", "Manufacturer": "SIEMENS", "InstitutionName": project,
            "ReferringPhysicianName": event, "PatientName": participant, "PatientID": participant,
            "PatientBirthDate": "", "PatientIdentityRemoved": "YES", "Rows": ROWS,
            "Columns": COLUMNS, "SeriesDescription": "t1_mprage sag", "SliceThickness": 1,
            "LongitudinalTemporalInformationModified": "MODIFIED", "EchoTime": 3,
            "RepetitionTime": 2000, "MagneticFieldStrength": 3, "MRAcquisitionType": "3D",
            "FlipAngle": 9, "ScanningSequence": "GR", "SequenceVariant": "SP",
            "ScanOptions": "", "PixelData": pixels(number), **values,
        })  # fmt: skip
        instances.append(one)
    return instances


def pixels(number):
    rows, columns = np.mgrid[0:ROWS, 0:COLUMNS]
    return ((rows * columns + number * 7) % 4096).astype("<u2").tobytes()


@pytest.fixture(scope="module")
def web_orthanc(tmp_path_factory):
    """A PACS of the module's own, with DICOMweb; it knows HEADGATE-EXPORT at `move_port`."""
    needs("Orthanc", "orthanc")
    port = free_port()
    running = archives.Orthanc(
        tmp_path_factory.mktemp("web"),
        {
            "Plugins": [PLUGIN],
            "DicomWeb": {"Enable": True},
            "DicomAlwaysAllowGet": True,
            "DicomAlwaysAllowMove": True,
            "DicomModalities": {"export": ["HEADGATE-EXPORT", "127.0.0.1", port]},
        },
    )
    running.move_port = port
    yield running
    running.stop()


@pytest.fixture
def pacs(web_orthanc):
    """The PACS with nothing in it."""
    for name in requests.get(f"{web_orthanc.where}patients", timeout=30).json():
        requests.delete(f"{web_orthanc.where}patients/{name}", timeout=30)
    return web_orthanc


def fill(pacs, folder: Path, *several):
    """Put instances into the PACS."""
    for path in factories.save(several, folder):
        requests.post(f"{pacs.where}instances", path.read_bytes(), timeout=30).raise_for_status()


def pull_from(gateway, pacs, **settings):
    """Point a gateway at the PACS; settings of the PACS come on top."""
    text = gateway.site.config.read_text()
    head, _, tail = text.partition("[pacs.research]\n")
    tail = re.sub(r"port = \d+", f"port = {pacs.port}", tail, count=1)
    lines = "".join(f"{name} = {value!r}\n" for name, value in settings.items()).replace("'", '"')
    gateway.site.config.write_text(f"{head}[pacs.research]\n{lines}{tail}")


@pytest.fixture
def an_exporter(a_tree, pacs):
    """A gateway without REDCap that pulls from the PACS by C-GET."""
    pull_from(a_tree, pacs)
    return a_tree
