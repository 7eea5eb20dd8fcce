"""Files of certificates: of authorities whose signatures are believed, and our own."""

import os
from datetime import datetime
from pathlib import Path

from headgate.core.errors import Misconfigured


def checked(setting: str, path: str) -> str:
    """Given a setting and the file, or folder, of authorities that it names, or '', return that.

    Raise Misconfigured where it cannot be used.
    """
    if not path:
        return path
    import ssl  # which takes long to load, and few scripts need

    check_is_there(setting, path)
    if not Path(path).is_dir():
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
        except (OSError, ssl.SSLError) as error:
            raise Misconfigured(f"{setting}: {path} holds no certificates in PEM") from error
    return path


def check_is_there(setting: str, path: str) -> None:
    """Given a setting and the file that it names, raise Misconfigured where it cannot be read."""
    if not os.access(path, os.R_OK):
        raise Misconfigured(f"{setting}: {path} is not there, or may not be read by this user")


def expiry(setting: str, path: str) -> datetime:
    """Given a setting and the file of our own certificate that it names, return when that expires.

    Raise Misconfigured where it holds none.
    """
    from cryptography import x509  # which takes long to load, and few scripts need

    check_is_there(setting, path)
    try:
        # RFC 8446 4.4.2: our own comes first, then those that sign it
        return x509.load_pem_x509_certificates(Path(path).read_bytes())[0].not_valid_after_utc
    except ValueError as error:
        raise Misconfigured(f"{setting}: {path} holds no certificate in PEM") from error
