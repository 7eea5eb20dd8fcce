"""The exports that are asked for: `exports/requests/<state>/<id>.json`, queued or failed."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from headgate.core.errors import Rejected
from headgate.core.exporting import ExportRequest, clean
from headgate.stores import files
from headgate.stores.layout import Layout

QUEUED, FAILED = "queued", "failed"
SUFFIX = ".json"


class ExportRequests:
    """The folders under `exports/requests/`; what is done has no file any more."""

    def __init__(self, layout: Layout) -> None:
        self._folder = layout.export_requests

    def add(self, request: ExportRequest) -> None:
        """Given a request, queue it in place of the same one. Raise Unavailable."""
        files.write_whole(self._path(QUEUED, request.id), request.to_json())
        files.remove(self._path(FAILED, request.id))

    def names(self, state: str = QUEUED) -> list[str]:
        """Given a state, return its files' names, the one that entered it first leading."""
        folder = self._folder / state
        found = []
        for name in files.names_in(folder):
            if name.endswith(SUFFIX):
                with suppress(FileNotFoundError):
                    found.append(((folder / name).stat().st_mtime, name.removesuffix(SUFFIX)))
        return [name for _, name in sorted(found)]

    def read(self, name: str) -> ExportRequest:
        """Given the name of a queued file, return the request. Raise Rejected when it is none."""
        if name != clean(name):
            raise Rejected("a request's file has a name of other than letters, digits and . _ + -")
        try:
            return ExportRequest.from_json(self._path(QUEUED, name).read_text(), name)
        except (ValueError, FileNotFoundError) as error:
            raise Rejected(
                f"the request {name} in exports/requests/queued cannot be read ({error}): look at "
                "the file, mend or remove it"
            ) from error

    def later(self, request: ExportRequest) -> None:
        """Given a request that waits, note why and until when. Raise Unavailable."""
        files.write_whole(self._path(QUEUED, request.id), request.to_json())

    def fail(self, request: ExportRequest) -> None:
        """Given a request that cannot go on, put it where people look. Raise Unavailable."""
        files.write_whole(self._path(QUEUED, request.id), request.to_json())
        files.move(self._path(QUEUED, request.id), self._path(FAILED, request.id))

    def forget(self, request: ExportRequest) -> None:
        """Given a request that is done, remove it."""
        files.remove(self._path(QUEUED, request.id))

    def each(self) -> Iterator[ExportRequest]:
        """Yield the queued requests, oldest first. Raise Rejected."""
        yield from map(self.read, self.names())

    def _path(self, state: str, name: str) -> Path:
        return self._folder / state / f"{name}{SUFFIX}"
