"""The requests: one file each, in the folder of its state."""

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path

from headgate.core.errors import Rejected
from headgate.core.model import Request
from headgate.core.states import State, next_state
from headgate.stores import files
from headgate.stores.layout import Layout

SUFFIX = ".json"


class Queues:
    """The folders under `requests/`."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    def add(self, request: Request) -> bool:
        """Given a new request, queue it; return False when it is there already, in any state.

        Raise Unavailable when the disk cannot take it.
        """
        if self.state_of(request.id):
            return False
        files.write_whole(self._path(State.QUEUED, request.id), request.to_json())
        return True

    def take_over(self, request: Request) -> bool:
        """Given a request that another gateway did, keep it as done; return False when it is there
        already, in any state. Raise Unavailable when the disk cannot take it.
        """
        if self.state_of(request.id):
            return False
        files.write_whole(self._path(State.DONE, request.id), request.to_json())
        return True

    def state_of(self, request_id: str) -> State | None:
        """Given an id, return the state it is in, or None."""
        for state in State:
            if os.path.lexists(self._path(state, request_id)):
                return state
        return None

    def entered(self, state: State, request_id: str) -> float | None:
        """Given a state and an id, return when the request entered it, as a POSIX time; None where
        it is not in it.
        """
        try:
            return self._path(state, request_id).stat().st_mtime
        except FileNotFoundError:
            return None

    def ids(self, state: State) -> list[str]:
        """Given a state, return the ids of its requests, the one that entered it first leading."""
        return [request_id for _, request_id in self._entered(state)]

    def count(self, state: State, most: int) -> int:
        """Given a state, return how many requests are in it; `most` where there are so many or
        more, as what is done is never less.
        """
        with os.scandir(self._layout.requests / state) as entries:
            shown = (entry for entry in entries if not entry.name.startswith("."))
            return sum(1 for _ in islice(shown, most))

    def since(self, state: State, when: float) -> Iterator[Request]:
        """Given a state and a POSIX time, yield what entered it since, but for files that hold no
        request: others tell of them.
        """
        late = {request_id for entered, request_id in self._entered(state) if entered >= when}
        yield from (one for one in self.each(state, pass_over) if one.id in late)

    def oldest(self, state: State) -> float | None:
        """Given a state, return when its oldest request entered it, as a POSIX time, or None."""
        entered = self._entered(state)
        return entered[0][0] if entered else None

    def read(self, state: State, request_id: str) -> Request:
        """Given a state and an id, return the request. Raise Rejected when the file is none."""
        path = self._path(state, request_id)
        try:
            return Request.from_json(path.read_text())
        except (ValueError, FileNotFoundError, IsADirectoryError) as error:
            raise Rejected(
                f"the request {request_id} in requests/{state} cannot be read ({error}): look at "
                "the file, mend or remove it"
            ) from error

    def find(self, request_id: str) -> tuple[State, Request]:
        """Given an id, return the state and the request. Raise Rejected when there is none."""
        state = self.state_of(request_id)
        if state is None:
            raise Rejected(f"no request {request_id}: bin/status lists them")
        return state, self.read(state, request_id)

    def each(
        self, state: State, tell: Callable[[Rejected], object] | None = None
    ) -> Iterator[Request]:
        """Given a state, yield its requests, oldest first; one that moves on meanwhile is passed
        over. `tell` takes what is wrong with a file that holds none; without it, raise Rejected.
        """
        for request_id in self.ids(state):
            try:
                yield self.read(state, request_id)
            except Rejected as damage:
                if not os.path.lexists(self._path(state, request_id)):
                    continue
                if tell is None:
                    raise
                tell(damage)

    def move(self, request: Request, state: State, event: str) -> State:
        """Given a request and the state it lies in, write it and move it as the event says.

        To be called by those alone who may move what is in that state. Return the new state. Raise
        ImpossibleTransition, Unavailable.
        """
        target = next_state(state, event)
        files.write_whole(self._path(state, request.id), request.to_json())
        files.move(self._path(state, request.id), self._path(target, request.id))
        return target

    def take(self, request_id: str, state: State, event: str) -> State:
        """Given a request and the state it lies in, move it as it is: of several who want it, one
        gets it. Return the new state.

        Raise Rejected for the others, ImpossibleTransition, Unavailable.
        """
        target = next_state(state, event)
        try:
            files.move(self._path(state, request_id), self._path(target, request_id))
        except FileNotFoundError as gone:
            raise Rejected(f"the request {request_id} is {state} no more: look again") from gone
        with suppress(OSError):  # it moved on, or the disk is full: it is there all the same
            os.utime(self._path(target, request_id))
        return target

    def recover(self, request_id: str) -> None:
        """Given an active request, put it back into the queue.

        To be called under the lock of anonymize-and-send alone: what is active then is the trace
        of a run that died.
        """
        self.take(request_id, State.ACTIVE, "found")

    def withdraw(self, request_id: str, state: State) -> bool:
        """Given a request that nobody wants any more and the state it lies in, remove it; return
        False when it moved on meanwhile. Raise Unavailable.
        """
        return files.forget(self._path(state, request_id))

    def of_study(self, study: str, is_wanted: Callable[[State], bool]) -> Iterator[Request]:
        """Given a study UID, yield its requests in the states that are wanted; of a file that holds
        none nobody knows whose it is.
        """
        for state in filter(is_wanted, State):
            for request in self.each(state, pass_over):
                if request.study == study:
                    yield request

    def _entered(self, state: State) -> list[tuple[float, str]]:
        ages = []
        with os.scandir(self._layout.requests / state) as entries:
            for entry in entries:
                if entry.name.endswith(SUFFIX) and not entry.name.startswith("."):
                    with suppress(FileNotFoundError):
                        ages.append((entry.stat().st_mtime, entry.name.removesuffix(SUFFIX)))
        return sorted(ages)

    def _path(self, state: State, request_id: str) -> Path:
        return self._layout.requests / state / (request_id + SUFFIX)


def pass_over(_damage: Rejected) -> None:
    """Given a file that holds no request, leave it to bin/status, which tells of it."""
