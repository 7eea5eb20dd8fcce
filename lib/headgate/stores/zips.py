"""Zip files: the same content gives the same bytes, unless it is encrypted."""

import hashlib
import os
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from headgate.core.errors import Misconfigured

MANIFEST = "MANIFEST.sha256"
READ_AT_ONCE = 1 << 20
# the first time that a zip file can tell
LONG_AGO = (1980, 1, 1, 0, 0, 0)
PACKED = (".gz", ".png", ".jpg", ".zip")
REGULAR = 0o100640 << 16


def digest(path: Path) -> str:
    """Given a file, return its SHA-256 in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def files_in(folder: Path) -> list[str]:
    """Given a folder, return the paths of the files in it and below, sorted."""
    return sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
    )


def write_manifest(folder: Path) -> int:
    """Given a folder, write what sha256sum checks into it; return how many files it names."""
    names = [name for name in files_in(folder) if name != MANIFEST]
    lines = [f"{digest(folder / name)}  {name}\n" for name in names]
    (folder / MANIFEST).write_text("".join(lines))
    return len(names)


def pack(folder: Path, target: Path, password: str, tell: Callable[[int], None]) -> None:
    """Given a folder and a path that nobody else has, pack the one into the other durably.

    With a password it is encrypted by AES-256. `tell` is told of the bytes as they are packed.
    """
    with _opened(target, password) as archive:
        for name in files_in(folder):
            info = archive.zipinfo_cls(name, LONG_AGO) if password else zipfile.ZipInfo(
                name, LONG_AGO
            )  # fmt: skip
            info.external_attr = REGULAR
            is_packed = name.endswith(PACKED)
            info.compress_type = zipfile.ZIP_STORED if is_packed else zipfile.ZIP_DEFLATED
            info.file_size = (folder / name).stat().st_size
            with (folder / name).open("rb") as source, archive.open(info, "w") as inside:
                while data := source.read(READ_AT_ONCE):
                    inside.write(data)
                    tell(len(data))
    descriptor = os.open(target, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def empty(folder: Path) -> Path:
    """Given a folder, delete what is in it, and make it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _opened(target: Path, password: str) -> Any:
    words: dict[str, Any] = {"compression": zipfile.ZIP_DEFLATED, "compresslevel": 1}
    if not password:
        return zipfile.ZipFile(target, "w", **words)
    try:
        import pyzipper
    except ImportError as error:
        raise Misconfigured("encrypted exports need pyzipper: pip install pyzipper") from error
    archive = pyzipper.AESZipFile(target, "w", encryption=pyzipper.WZ_AES, **words)
    archive.setpassword(password.encode())
    return archive
