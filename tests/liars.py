"""Peers that cannot be had for real: a PACS that lies or stalls, a REDCap that talks nonsense."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any

from pydicom.dataset import Dataset
from pynetdicom import AE, _config, evt

STUDY_ROOT_FIND = "1.2.840.10008.5.1.4.1.2.2.1"
STORAGE_COMMITMENT, STORAGE_COMMITMENT_INSTANCE = (
    "1.2.840.10008.1.20.1",
    "1.2.840.10008.1.20.1.1",
)
SUCCESS, PENDING = 0x0000, 0xFF00


class LyingPacs:
    """A PACS in memory. `status_of(event, number)` decides on each C-STORE; None drops it silently.

    What is answered with success is held, unless `drops(number)` says otherwise.
    """

    def __init__(
        self,
        status_of: Callable[[Any, int], int] = lambda _event, _number: SUCCESS,
        drops: Callable[[int], bool] = lambda _number: False,
        answers_find: bool | str = True,
        calling: tuple[str, ...] = (),
        takes_any_class: bool = True,
        maximum_associations: int = 10,
        answers_about: Callable[[int], str | None] = lambda _number: None,
        commits: str = "",
    ) -> None:
        self.held: dict[str, tuple[str, str]] = {}
        self.stored: Counter[str] = Counter()
        self.number = self._reported = 0
        self._status_of, self._drops, self._answers_about = status_of, drops, answers_about
        _config.UNRESTRICTED_STORAGE_SERVICE = takes_any_class
        entity = AE(ae_title="RESEARCH")
        entity.require_calling_aet = list(calling)
        entity.maximum_associations = maximum_associations
        entity.add_supported_context("1.2.840.10008.1.1")
        if answers_find:
            entity.add_supported_context(STUDY_ROOT_FIND)
        find = self._find_for_ever if answers_find == "for ever" else self._find
        handlers = [(evt.EVT_C_STORE, self._store), (evt.EVT_C_FIND, find)]
        self._commits = commits
        self.asked: list[Dataset] = []
        if commits:
            entity.add_supported_context(STORAGE_COMMITMENT)
            handlers += [(evt.EVT_N_ACTION, self._commit), (evt.EVT_PDU_SENT, self._report)]
        self._server = entity.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers)
        self._entity = entity
        self.port = self._server.server_address[1]

    def stop(self) -> None:
        _config.UNRESTRICTED_STORAGE_SERVICE = True
        self._entity.shutdown()

    def _store(self, event: Any) -> int | Dataset:
        self.number += 1
        status = self._status_of(event, self.number)
        name = str(event.request.AffectedSOPInstanceUID)
        if status == SUCCESS:
            self.stored[name] += 1
            if not self._drops(self.number):
                dataset = event.dataset
                self.held[name] = (str(dataset.StudyInstanceUID), str(dataset.SeriesInstanceUID))
        if (other := self._answers_about(self.number)) is not None:
            answer = Dataset()
            answer.Status, answer.AffectedSOPInstanceUID = status, other
            return answer
        return status

    def _commit(self, event: Any) -> tuple[int, None]:
        self.asked.append(event.action_information)
        return 0x0110 if self._commits == "refused" else SUCCESS, None

    def report(self) -> Dataset:
        """What is told of the last transaction."""
        asked, told = self.asked[-1], Dataset()
        told.TransactionUID = asked.TransactionUID
        told.ReferencedSOPSequence, told.FailedSOPSequence = [], []
        for one in asked.ReferencedSOPSequence:
            if one.ReferencedSOPInstanceUID in self.held:
                told.ReferencedSOPSequence.append(one)
            else:
                one.FailureReason = 0x0112  # no such object instance: PS3.3 C.14.1.1
                told.FailedSOPSequence.append(one)
        if not told.FailedSOPSequence:
            del told.FailedSOPSequence
        return told

    def _report(self, event: Any) -> None:
        """On the same association, once the request was answered."""
        is_answer = type(event.pdu).__name__ == "P_DATA_TF"
        if self._commits != "at once" or not is_answer or len(self.asked) <= self._reported:
            return
        self._reported += 1
        words = self.report(), 1 + ("FailedSOPSequence" in self.report())
        threading.Thread(
            target=event.assoc.send_n_event_report,
            args=(*words, STORAGE_COMMITMENT, STORAGE_COMMITMENT_INSTANCE),
        ).start()

    def _find(self, event: Any) -> Iterator[tuple[int, Dataset | None]]:
        query = event.identifier
        for name, (study, series) in sorted(self.held.items()):
            if (study, series) == (query.StudyInstanceUID, query.SeriesInstanceUID):
                answer = Dataset()
                answer.QueryRetrieveLevel = "IMAGE"
                answer.StudyInstanceUID, answer.SeriesInstanceUID = study, series
                answer.SOPInstanceUID = name
                yield PENDING, answer

    def _find_for_ever(self, event: Any) -> Iterator[tuple[int, Dataset | None]]:
        for number in count():
            if event.is_cancelled or not event.assoc.is_alive():
                return
            answer = Dataset()
            answer.QueryRetrieveLevel, answer.SOPInstanceUID = "IMAGE", f"1.2.{number}"
            yield PENDING, answer


@contextmanager
def a_lying_pacs(**arguments: Any) -> Iterator[LyingPacs]:
    """A lying PACS for the length of a test."""
    running = LyingPacs(**arguments)
    try:
        yield running
    finally:
        running.stop()


@contextmanager
def a_redcap_that_says(
    status: int,
    text: str,
    waits: threading.Event | None = None,
    points_to: str = "",
    heard: list[bytes] | None = None,
    lacks: int = 0,
) -> Iterator[str]:
    """A server that answers every call with the same, and breaks off when so many bytes are still
    to come; return its address, as an API's.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if heard is not None:
                heard.append(body)
            if waits:
                waits.wait(30)
            self.send_response(status)
            self.send_header("Content-Type", "text/html")
            if points_to:
                self.send_header("Location", points_to)
            if lacks:
                self.send_header("Content-Length", str(len(text.encode()) + lacks))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_arguments: Any) -> None:
            """Be silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/api/"
    finally:
        server.shutdown()
        server.server_close()
