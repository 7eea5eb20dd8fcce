"""What peers answer, read in a process that has read no file before."""

import subprocess
import sys

import pytest
from headgate.core.dicom import datasets
from headgate.core.dicom.elements import IMPLICIT, ITEM, Encoding, head
from headgate.core.upperlayer.pdus import ProtocolError
from headgate.environment import CHECKOUT
from headgate.stores.dicomnet.identifiers import decode, encode
from pydicom import Dataset

READ_AND_WRITE = (
    "import sys; from headgate.stores.dicomnet.identifiers import decode, encode; "
    "found = decode(bytes.fromhex(sys.argv[1])); "
    "sys.stdout.write(encode(found).hex())"
)


def test_a_value_that_breaks_the_standard_is_neither_quoted_nor_refused():
    value = b"Nordmann, Kari"
    study = head(0x0020000D, b"UI", len(value), Encoding(True, True)) + value
    done = subprocess.run(
        [sys.executable, "-W", "always", "-c", READ_AND_WRITE, study.hex()],
        env={"PYTHONPATH": str(CHECKOUT / "lib")}, capture_output=True, text=True,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert bytes.fromhex(done.stdout) == study


REPORT = {
    "TransactionUID": "2.25.7",
    "FailedSOPSequence": [
        {"ReferencedSOPInstanceUID": f"2.25.{one}", "FailureReason": 0x0112} for one in (1, 2)
    ],
    "ReferencedSOPSequence": [],
}


def test_what_is_written_is_what_pydicom_reads():
    read = datasets.decoded(encode(REPORT), IMPLICIT)
    assert read.TransactionUID == "2.25.7"
    told = [(one.ReferencedSOPInstanceUID, one.FailureReason) for one in read.FailedSOPSequence]
    assert told == [("2.25.1", 0x0112), ("2.25.2", 0x0112)]
    assert len(read.ReferencedSOPSequence) == 0


def test_what_pydicom_writes_is_read():
    answer, item = Dataset(), Dataset()
    answer.SpecificCharacterSet = "ISO 2022 IR 100"
    answer.PatientName, answer.ModalitiesInStudy = "Møller^Åse", ["CT", "SR"]
    answer.NumberOfStudyRelatedInstances = 12
    item.StudyInstanceUID = "2.25.3"
    answer.ScheduledStepAttributesSequence = [item]
    answer.add_new(0x00091001, "LO", "private")
    assert decode(datasets.encoded(answer, IMPLICIT)) == {
        "SpecificCharacterSet": "ISO 2022 IR 100",
        "PatientName": "Møller^Åse",
        "ModalitiesInStudy": "CT\\SR",
        "NumberOfStudyRelatedInstances": "12",
        "ScheduledStepAttributesSequence": [{"StudyInstanceUID": "2.25.3"}],
    }


def test_sequences_without_end_are_no_data_set():
    data = b""
    for _ in range(2000):
        inside = head(ITEM, b"", len(data), IMPLICIT) + data
        data = head(0x00400270, b"SQ", len(inside), IMPLICIT) + inside
    with pytest.raises(ProtocolError, match="nested deeper"):
        decode(data)


def test_a_keyword_that_the_standard_lacks_is_not_left_out_silently():
    with pytest.raises(KeyError):
        encode({"StudyInstanceUIDs": "2.25.1"})


def test_zeros_after_a_data_set_are_no_elements_and_zeros_amid_it_are_none_of_its():
    whole = head(0x0020000D, b"UI", 4, IMPLICIT) + b"1.2\0"
    assert decode(whole + bytes(4096))["StudyInstanceUID"] == "1.2"
    with pytest.raises(ProtocolError, match="without a tag"):
        decode(whole + bytes(8) + whole)
