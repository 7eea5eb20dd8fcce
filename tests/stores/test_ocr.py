"""The reader of text burned into pixels stays on this machine."""

from __future__ import annotations

import os
import subprocess
import sys


def test_the_reader_of_text_tells_nobody_that_it_is_used(tmp_path):
    words = "from headgate.stores import ocr; ocr._reader()"
    environment = {**os.environ, "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    environment.pop("ORT_DISABLE_TELEMETRY", None)
    done = subprocess.run(
        [sys.executable, "-c", words], env=environment, capture_output=True, text=True, check=True
    )
    assert not done.stderr
    # where it does, it keeps a number of the machine and what is still to be told
    assert not [*tmp_path.iterdir()]
