"""Files that the disk is asked for before they are due."""

import os

from headgate.stores.readahead import WHOLE_AHEAD, asked_for


def test_files_are_asked_for_before_they_are_due_and_come_in_their_order(tmp_path, monkeypatch):
    asked = []

    def fadvise(descriptor, *_words):
        asked.append(os.readlink(f"/proc/self/fd/{descriptor}"))

    monkeypatch.setattr(os, "posix_fadvise", fadvise)
    paths = [tmp_path / f"{number:02d}" for number in range(3 * WHOLE_AHEAD)]
    for path in paths[1:]:  # the first one is gone, which whoever reads it will be told
        path.write_bytes(b"x")
    coming = asked_for(paths, lambda path: path)
    assert next(coming) == paths[0]
    assert asked == [str(path) for path in paths[1 : WHOLE_AHEAD + 1]]
    assert list(coming) == paths[1:]
    assert asked == [str(path) for path in paths[1:]]
