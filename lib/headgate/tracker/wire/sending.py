"""Answers that are read as they are sent."""

from collections.abc import Generator, Iterator, Mapping

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send


class LongResponse(StreamingResponse):
    """An answer that is read as it is sent; when the client leaves, reading ends as well."""

    def __init__(
        self, chunks: Iterator[str | bytes], status: int, headers: Mapping[str, str]
    ) -> None:
        super().__init__(chunks, status, headers)
        self._chunks = chunks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            if isinstance(self._chunks, Generator):
                self._chunks.close()
