"""A data tree of which a part lies elsewhere: links would lead astray, and nothing could be kept."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from headgate.core.errors import Misconfigured
from headgate.stores import disks


def test_a_tree_on_one_file_system_is_right_behind_a_link_too(a_layout, tmp_path):
    disks.check_together(a_layout)
    moved = tmp_path / "moved"
    a_layout.datadir.rename(moved)
    a_layout.datadir.symlink_to(moved)
    disks.check_together(a_layout)


@pytest.mark.parametrize(
    "name", ["archive", "spool", "spool/arrived", "temp", "raw", "participants", "unknown"]
)
def test_a_folder_that_leads_elsewhere_is_told(a_layout, tmp_path, name):
    folder, moved = a_layout.site / name, tmp_path / "moved"
    folder.rename(moved)
    folder.symlink_to(moved)
    with pytest.raises(Misconfigured, match=f"{name}.* leads to .*on one file system"):
        disks.check_together(a_layout)


@pytest.mark.parametrize("name", ["archive", "spool", "temp"])
def test_a_folder_with_a_file_system_of_its_own_is_told(a_layout, a_small_disk, name):
    folder = a_layout.site / name
    shutil.copytree(folder, a_small_disk, dirs_exist_ok=True)
    subprocess.run(["mount", "--bind", str(a_small_disk), str(folder)], check=True)
    try:
        with pytest.raises(Misconfigured, match="has a file system of its own"):
            disks.check_together(a_layout)
    finally:
        subprocess.run(["umount", str(folder)], check=True)
