"""C-STORE as it is served: the data set goes to disk as it comes, and is acknowledged when safe."""

import errno
import logging
from collections.abc import Callable, Iterable
from typing import Protocol

from headgate.core.dicom.beginning import study_instance_uid
from headgate.core.dicom.filemeta import file_head, journey
from headgate.core.errors import HeadgateError
from headgate.core.grammar import is_uid
from headgate.core.upperlayer import commands
from headgate.core.upperlayer.commands import (
    CANNOT_UNDERSTAND,
    OUT_OF_RESOURCES,
    PROCESSING_FAILURE,
    SUCCESS,
    Command,
)
from headgate.stores.dicomnet.association import Peer, Presentation, Report, Roomy

NO_ROOM = {errno.ENOSPC, errno.EDQUOT}
CONFLICT = "conflict"
MOST_START = 4 << 20  # within so many bytes stands the Study Instance UID of any object
LONGEST_UID = 64  # PS3.5 9.1

log = logging.getLogger("headgate.receiver")


class Draft(Protocol):
    """An instance that is being written."""

    def room(self) -> memoryview:
        """Return where more of it can be put, of which `took` tells."""

    def took(self, part: memoryview) -> None:
        """Given what was put into the room, keep it."""

    def write(self, part: bytes | memoryview) -> None:
        """Given more of it, write it."""

    def settle(self, study: str | None, sop_instance: str) -> str:
        """Given what it is, make it durable; return a word for what was found."""

    def close(self) -> None:
        """Leave nothing half-written."""


class Quarantine(Protocol):
    """Where instances are kept."""

    def has_room(self, size: int) -> bool:
        """Given a size, return whether the disk may take so many bytes."""

    def draft(self, head: bytes) -> Draft:
        """Given how a file begins, return an instance that begins so."""

    def failures(self, references: Iterable[tuple[str, str]]) -> dict[str, int]:
        """Given SOP classes and instances, return why those fail that are not safe."""


class Storing(Roomy):
    """One instance on its way from a peer to the disk."""

    def __init__(
        self, quarantine: Quarantine, count: Callable[[str], None], sop_instance: str, head: bytes,
        transfer_syntax: str, most_bytes: int,
    ) -> None:  # fmt: skip
        self._quarantine, self._count = quarantine, count
        self._instance = sop_instance
        self._syntax, self._room = transfer_syntax, most_bytes
        self._has_data = False
        self._draft: Draft | None = None
        self._start, self._looked = bytearray(), 0
        self._study: str | None = None
        self._trouble = 0
        self._guarded(lambda: self._begin(head))

    @property
    def study(self) -> str | None:
        """The Study Instance UID, where it came."""
        if self._study is None and self._looked < len(self._start):
            self._look_at(self._start)
        return self._study

    def room(self) -> memoryview | None:
        """Return where more of the data set can be put; None after trouble."""
        return self._draft.room() if self._draft and not self._trouble else None

    def took(self, part: memoryview) -> None:
        """Given what was put into the room, keep it."""
        if self._draft and self._takes(part):
            draft = self._draft
            self._guarded(lambda: draft.took(part))

    def write(self, piece: memoryview) -> None:
        """Given more of the data set, write it; after trouble, let it pass."""
        if self._draft and self._takes(piece):
            draft = self._draft
            self._guarded(lambda: draft.write(piece))

    def _takes(self, piece: memoryview) -> bool:
        """Given more of the data set, look at it; return whether it can be kept."""
        if self._trouble:
            return False
        if self._study is None and len(self._start) < MOST_START:
            self._keep_start(piece)
        self._room -= len(piece)
        self._has_data = self._has_data or bool(piece)
        if self._room < 0:
            self._fail(OUT_OF_RESOURCES, "too_large", "it is larger than receiver.maximum_object")
        return not self._trouble

    def finish(self) -> int:
        """Return the status, when the instance is safe or has to be sent again."""
        if not self._trouble and not self._has_data:
            self._fail(
                CANNOT_UNDERSTAND, "no_data_set", "no data set came with it: look at its sender"
            )
        if not self._trouble:
            self._guarded(self._settle)
        return self._trouble or SUCCESS

    def report(self) -> Report | None:
        """There is nothing to tell beside the status."""

    def discard(self) -> None:
        """Leave nothing of it half-written."""
        if self._draft:
            self._draft.close()
            self._draft = None

    def _keep_start(self, piece: memoryview) -> None:
        """Look for the study in what came so far: most often the first piece tells. Else again each
        time that twice as much is here, as who sends by the byte would have us look at each.
        """
        if not self._start:
            self._look_at(piece)
            if self._study is not None:
                return
        self._start += piece
        if len(self._start) >= 2 * self._looked:
            self._look_at(self._start)

    def _look_at(self, start: memoryview | bytearray) -> None:
        self._looked = len(start)
        self._study = study_instance_uid(memoryview(start), self._syntax)

    def _begin(self, head: bytes) -> None:
        if not self._quarantine.has_room(len(head)):
            self._fail(OUT_OF_RESOURCES, "no_room", "the disk is nearly full")
            return
        self._draft = self._quarantine.draft(head)

    def _settle(self) -> None:
        if self._draft is None:
            return
        study = self.study if self.study and is_uid(self.study) else None
        kept = self._draft.settle(study, self._instance)
        self._count(kept)
        if kept == CONFLICT:
            log.warning(
                "%s: came again with other bytes; both are kept, the first one counts",
                self._instance,
            )

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except (OSError, HeadgateError) as error:
            cause = error if isinstance(error, OSError) else error.__cause__
            is_full = isinstance(cause, OSError) and cause.errno in NO_ROOM
            reason = getattr(cause, "strerror", None) or type(error).__name__
            if is_full:
                self._fail(OUT_OF_RESOURCES, "no_room", reason)
            else:
                self._fail(PROCESSING_FAILURE, "failed", reason)

    def _fail(self, status: int, word: str, reason: str) -> None:
        self._trouble = status
        self._count(word)
        # what is no UID may be anything, a name too: it is not shown
        shown = self._instance if is_uid(self._instance) else "an instance whose UID is none"
        log.error("%s: refused with 0x%04X: %s", shown, status, reason)


def storing(
    quarantine: Quarantine, count: Callable[[str], None], most_bytes: int
) -> Callable[[Command, Presentation, Peer], Storing]:
    """Given where instances go and what counts them, return what takes a C-STORE."""

    def opened(command: Command, presentation: Presentation, peer: Peer) -> Storing:
        instance = command.uid(commands.AFFECTED_INSTANCE)
        syntax = presentation.transfer_syntax
        head = file_head(
            command.uid(commands.AFFECTED_CLASS)[:LONGEST_UID],
            instance[:LONGEST_UID],
            syntax,
            journey(*peer),
        )
        return Storing(quarantine, count, instance, head, syntax, most_bytes)

    return opened
