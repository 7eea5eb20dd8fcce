"""Secrets are files that only their owner may read."""

import os
import re
from pathlib import Path
from typing import TextIO

from headgate.core.errors import Misconfigured

KEY = re.compile(r"[0-9a-fA-F]{64,}")
TOKEN = re.compile(r"[0-9A-Fa-f]{32}")
SUPER_TOKEN = re.compile(r"[0-9A-Fa-f]{64}")
BEARER = re.compile(r"[A-Za-z0-9._~+/-]+=*")


def read_token_of(token_files: object, name: str) -> str:
    """Given the setting `redcap.token_files` and one of its names, return the token that the file
    holds. Raise Misconfigured, never with its content.
    """
    path = getattr(token_files, name)
    token = _read(path)
    if not TOKEN.fullmatch(token):
        why = "no REDCap token: 32 hexadecimal digits are one"
        if SUPER_TOKEN.fullmatch(token):
            why = "a super token, of 64 digits: put the token of that one project there"
        raise Misconfigured(f"redcap.token_files.{name}: {path} holds {why}")
    return token


def read_bearer(path: str) -> str:
    """Given a file, return the bearer token in it. Raise Misconfigured, never with its content."""
    token = _read(path)
    if not BEARER.fullmatch(token):
        raise Misconfigured(f"{path} holds no bearer token: RFC 6750 says what one is made of")
    return token


def read_password(path: str) -> str:
    """Given a file, return the password in it. Raise Misconfigured, never with its content."""
    password = _read(path)
    if not password or not password.isprintable():
        raise Misconfigured(f"{path} holds no password: one line of printable characters is one")
    return password


def read_key(path: str) -> bytes:
    """Given a file, return the site's key of 32 bytes or more. Raise Misconfigured."""
    text = _read(path)
    if not KEY.fullmatch(text):
        raise Misconfigured(
            f"{path} holds no key: 64 hexadecimal digits or more are one "
            "('openssl rand -hex 32' makes it; keep a copy, its loss cuts projects in two)"
        )
    return bytes.fromhex(text[: len(text) // 2 * 2])


def write_key(path: Path, key: str) -> None:
    """Given a path that is free and a key in hexadecimal, write it for its owner alone."""
    with new_file(path) as file:
        file.write(key + "\n")


def new_file(path: Path) -> TextIO:
    """Given a path that is free, open a file there that its owner alone may read."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    return os.fdopen(descriptor, "w", newline="", encoding="utf-8")


def check_closed(path: str) -> None:
    """Given a file with a secret, raise Misconfigured where it is not there or open to others."""
    _read(path)


def _read(path: str) -> str:
    try:
        mode = Path(path).stat().st_mode
        text = Path(path).read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"the secret {path} cannot be read: {error}") from error
    if mode & 0o077:
        raise Misconfigured(f"the secret {path} is open to others: chmod 600 {path}")
    return text
