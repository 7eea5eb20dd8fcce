"""What peers answer, read in a process that has read no file before."""

import subprocess
import sys

from headgate.core.elements import Encoding, head
from headgate.environment import CHECKOUT

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
