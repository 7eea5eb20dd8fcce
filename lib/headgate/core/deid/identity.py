"""Who a data set becomes: the project, the participant, the event, and the project's secret."""

import hashlib
import hmac
from dataclasses import dataclass

from headgate.core.deid.identifiers.telling import NOBODY, Identifiers
from headgate.core.deid.rules.profile import DEFAULT, Profile
from headgate.core.errors import Misconfigured
from headgate.core.hashed import hashed_once

UID_SCHEMES = ("uuid", "fiona")
KEY_LENGTH = 16
TEXT_LENGTH = 64  # PS3.5 Table 6.2-1: LO, and one component group of PN


@hashed_once
@dataclass(frozen=True)
class Recipe:
    """All that decides how a data set is de-identified: the same recipe gives the same bytes.

    `known` is what names the patient elsewhere: in other instances of the study, or behind a copy.
    `mapped` are UIDs that stand for others already, as a workstation made the data set of a copy
    that was de-identified: they stay, and so do its dates.
    """

    project: str
    participant: str
    event: str
    key: bytes
    uid_scheme: str = "uuid"
    uid_root: str | None = None
    date_shift_days: int | None = None
    profile: Profile = DEFAULT
    known: Identifiers = NOBODY
    mapped: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        """Raise Misconfigured where a text cannot be written or a secret cannot keep one."""
        for name in ("project", "participant", "event"):
            _check_text(name, getattr(self, name))
        if len(self.key) < KEY_LENGTH:
            raise Misconfigured(f"the project key has fewer than {KEY_LENGTH} bytes")
        if self.uid_scheme not in UID_SCHEMES:
            raise Misconfigured(f"uid_scheme {self.uid_scheme!r} is none of {UID_SCHEMES}")
        if self.date_shift_days == 0:
            raise Misconfigured("date_shift_days is 0: the dates would stay as they are")

    @property
    def is_in_ascii(self) -> bool:
        """Whether every character set can hold the texts that are written."""
        return (self.project + self.participant + self.event).isascii()

    def __repr__(self) -> str:
        """Return the recipe without its key, so that no log can hold it."""
        return f"Recipe({self.project!r}, {self.participant!r}, {self.event!r})"


def project_key(site_key: bytes, project: str) -> bytes:
    """Given the site's secret and a project, return the project's own secret of 32 bytes.

    No project's key tells another's, so identifiers of two projects cannot be matched.
    """
    if len(site_key) < KEY_LENGTH:
        raise Misconfigured(f"the site key has fewer than {KEY_LENGTH} bytes")
    return hmac.digest(site_key, b"project\0" + project.encode(), hashlib.sha256)


def _check_text(name: str, text: str) -> None:
    if not text.strip():
        raise Misconfigured(f"the {name} is empty")
    if len(text) > TEXT_LENGTH:
        raise Misconfigured(f"the {name} has more than {TEXT_LENGTH} characters")
    # PS3.5 6.2: the backslash parts values, ^ and = part names, controls are not allowed
    if any(mark in text for mark in "\\^=") or not text.isprintable():
        raise Misconfigured(f"the {name} has a character that DICOM does not allow there")
