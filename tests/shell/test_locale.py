"""Files are UTF-8, whatever the locale of who starts a script."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from gateways import needs
from headgate.core.model import Assignment, Request
from headgate.core.states import State
from headgate.environment import CHECKOUT

NORWEGIAN = "nb_NO.ISO-8859-1"
TO = Assignment("P", "Bjørn-1", "Første")


@pytest.fixture(scope="module")
def locales(tmp_path_factory):
    folder = tmp_path_factory.mktemp("locales")
    words = [needs("localedef", "libc-bin"), "-i", "nb_NO", "-f", "ISO-8859-1"]
    if subprocess.run([*words, folder / NORWEGIAN], capture_output=True, check=False).returncode:
        pytest.skip("the sources of locales are missing: apt install locales")
    return folder


@pytest.mark.parametrize("activated", [False, True])
def test_names_stay_as_they_are_under_a_locale_of_single_bytes(a_tree, locales, activated):
    context = a_tree.context()
    context.prepare()
    request = Request.wanted("1.2.3", 1, TO, "version")
    context.queues.add(request)
    context.queues.move(request, State.QUEUED, "hold")
    python = Path(sys.executable if activated else sys.base_prefix + "/bin/python3")
    path = f"{python.parent}:/usr/bin:/bin"
    done = subprocess.run(
        [CHECKOUT / "bin" / "requeue", "-c", a_tree.site.config, request.id],
        env={"PATH": path, "LOCPATH": os.fspath(locales), "LC_ALL": NORWEGIAN},
        capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert context.queues.read(State.QUEUED, request.id).assignment == TO
