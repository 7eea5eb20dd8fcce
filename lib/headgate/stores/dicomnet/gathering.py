"""Messages whose data set is small and is taken whole, in memory."""

import logging

from headgate.core.errors import HeadgateError
from headgate.core.upperlayer import commands
from headgate.stores.dicomnet.association import Report

MOST_BYTES = 16 << 20

log = logging.getLogger("headgate.receiver")


class Gathering:
    """A message while it comes; `taken` tells what becomes of the whole data set."""

    def __init__(self) -> None:
        self._data = bytearray()

    def taken(self, data: bytes) -> int:
        """Given the encoded data set, return the status of the response. Raise HeadgateError."""
        raise NotImplementedError

    def write(self, piece: memoryview) -> None:
        """Given more of the data set, keep it, up to more than is taken."""
        if len(self._data) <= MOST_BYTES:
            self._data += piece

    def finish(self) -> int:
        """Return the status of the response."""
        if len(self._data) > MOST_BYTES:
            return commands.PROCESSING_FAILURE
        try:
            return self.taken(bytes(self._data))
        except (HeadgateError, ValueError, OSError) as trouble:
            log.error("a message could not be taken: %s", type(trouble).__name__)
            return commands.PROCESSING_FAILURE

    def report(self) -> Report | None:
        """There is nothing to tell beside the status."""
        return None

    def discard(self) -> None:
        """The rest does not come."""
        self._data.clear()
