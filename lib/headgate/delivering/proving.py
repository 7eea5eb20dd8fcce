"""How it is known that a PACS holds what was sent: the strongest way that it offers."""

import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from headgate.context import Context
from headgate.core.dicom.elements import Malformed
from headgate.core.errors import Rejected, Unavailable
from headgate.core.model import Delivery, Fate, Proof
from headgate.core.upperlayer.negotiation import IMPLICIT_LITTLE
from headgate.delivering.depositing import file_in
from headgate.stores import files
from headgate.stores.dicomfiles import read_instance
from headgate.stores.dicomnet import pacs
from headgate.stores.dicomnet.commitment import notice_of, request_of
from headgate.stores.dicomweb import qido

LOOK_SECONDS = 0.2
CLOCK_SECONDS = 1.0  # to which the ledger tells the time
Held = Mapping[str, bool]


@dataclass(frozen=True)
class Question:
    """What is asked of which PACS, by its name in the settings: `study` is the one as sent."""

    context: Context
    pacs: str
    study: str
    deliveries: Sequence[Delivery]

    @property
    def series(self) -> list[str]:
        return sorted({one.output_series for one in self.deliveries})

    @property
    def transaction(self) -> str:
        """The same question again is the same transaction, so that a late answer is found."""
        words = [self.pacs, self.study, *sorted(one.output_uid for one in self.deliveries)]
        return f"2.25.{uuid.uuid5(uuid.NAMESPACE_OID, ' '.join(words)).int}"

    @property
    def asked_since(self) -> float:
        """When an instance of it was last sent, or found to lack: what a PACS told before, or tells
        a second time, is no answer. A time ahead is the trace of a clock that was set back.
        """
        told = (one.time for one in self.deliveries if one.time)
        times = (datetime.fromisoformat(one).timestamp() for one in told)
        return max((one for one in times if one <= self.context.now()), default=0.0)


def proven(question: Question) -> Iterator[tuple[Delivery, Proof, bool]]:
    """Given what was sent, yield each with the strongest proof there is, and whether it is held.

    Raise Unavailable.
    """
    strongest = Proof(question.context.pacs(question.pacs).proof)
    left = list(question.deliveries)
    for proof, ask in WAYS.items():
        if left and (strongest.reaches(proof) or proof is Proof.READ_BACK):
            try:
                held = ask(Question(question.context, question.pacs, question.study, left))
            except pacs.Unsupported:
                continue
            yield from (
                (one, proof, held[one.output_uid]) for one in left if one.output_uid in held
            )
            left = [one for one in left if one.output_uid not in held]


def _read_back(question: Question) -> Held:
    """The bytes that lie there are those that were sent."""
    settings = question.context.pacs(question.pacs)
    if settings.kind != "folder":
        raise pacs.Unsupported("it is no folder")
    return {one.output_uid: _is_there(question, one) for one in question.deliveries}


def _is_there(question: Question, one: Delivery) -> bool:
    folder = Path(question.context.pacs(question.pacs).folder)
    path = file_in(folder, question.study, one.output_series, one.output_uid)
    try:
        digest = read_instance(path).digest
    except (OSError, Rejected, Malformed):
        return False
    return digest == one.sent


def _committed(question: Question) -> Held:
    """What it says nothing of within the time is not in the answer; it may tell our receiver."""
    told = _told(question)
    if question.context.pacs(question.pacs).kind != "dicom":
        raise pacs.Unsupported("it is no DICOM peer")
    if told is None and all(one.output_class for one in question.deliveries):
        _ask_commitment(question)
        told = _told(question)
    if told is None:
        raise pacs.Unsupported("it has not committed itself yet")
    kept, failed = told
    # one that is told as both is not known to be kept
    return {**dict.fromkeys(kept, True), **dict.fromkeys(failed, False)}


def _told(question: Question) -> tuple[frozenset[str], dict[str, int]] | None:
    not_before = question.asked_since - CLOCK_SECONDS
    return question.context.commitments.read(question.transaction, not_before)


def _ask_commitment(question: Question) -> None:
    context, transaction = question.context, question.transaction
    silent: set[str] = context.once("PACSs that do not answer on commitment", set)
    seconds = context.pacs(question.pacs).commitment_seconds
    deadline = time.monotonic() + (LOOK_SECONDS if question.pacs in silent else seconds)
    references = [(one.output_class, one.output_uid) for one in question.deliveries]
    kinds = [(pacs.STORAGE_COMMITMENT, IMPLICIT_LITTLE)]
    with pacs.associated(context.peer(question.pacs), kinds) as association:
        association.ask_commitment(request_of(transaction, references))
        while _told(question) is None:
            if time.monotonic() > deadline:
                silent.add(question.pacs)
                return
            _keep_notices(context, association)


def _keep_notices(context: Context, association: pacs.Association) -> None:
    """It may end the association and tell on one of its own: then the receiver hears it."""
    try:
        for report in association.commitments(LOOK_SECONDS) if association.is_open else ():
            notice = notice_of(report)
            context.commitments.keep(notice.transaction, notice.kept, notice.failed)
    except (Unavailable, ValueError):
        association.abort()
    if not association.is_open:
        time.sleep(LOOK_SECONDS)


def held_in_series(context: Context, name: str, study: str, series: list[str]) -> set[str] | None:
    """Given a PACS by name, a study and its series, return the instances that it says it holds, or
    None where it answers no queries. Raise Unavailable.
    """
    for ask in (by_name, by_c_find, by_qido):
        try:
            return ask(context, name, study, series)
        except pacs.Unsupported:
            continue
    return None


def by_name(context: Context, name: str, study: str, series: list[str]) -> set[str]:
    """Given a folder by name, a study and its series, return the instances whose files it has.

    Raise Unsupported where it is none.
    """
    settings = context.pacs(name)
    if settings.kind != "folder":
        raise pacs.Unsupported("it is no folder")
    places = [Path(settings.folder) / study / one for one in series]
    found = [files_of for place in places for files_of in files.names_in(place)]
    return {one.removesuffix(".dcm") for one in found}


def by_c_find(context: Context, name: str, study: str, series: list[str]) -> set[str]:
    """Given a PACS by name, a study and its series, return the instances that C-FIND finds.

    Raise Unsupported, Unavailable.
    """
    if context.pacs(name).kind != "dicom":
        raise pacs.Unsupported("it is no DICOM peer")
    return pacs.stored_instances(context.peer(name), study, series)


def by_qido(context: Context, name: str, study: str, series: list[str]) -> set[str]:
    """Given a PACS by name, a study and its series, return the instances that QIDO-RS finds.

    Raise Unsupported, Unavailable.
    """
    settings = context.pacs(name)
    url = settings.qido_url or (settings.url if settings.kind == "stow-rs" else "")
    if not url:
        raise pacs.Unsupported("it has no DICOMweb service")
    token = context.web_token(name)
    return qido.stored_instances(url, token, settings.timeout_seconds, study, series)


def _asked(query: Callable[[Context, str, str, list[str]], set[str]], question: Question) -> Held:
    found = query(question.context, question.pacs, question.study, question.series)
    return {one.output_uid: one.output_uid in found for one in question.deliveries}


def _believed(question: Question) -> Held:
    """Its word is all there is; what it was found not to hold is not believed again."""
    return {one.output_uid: one.fate is Fate.STORED for one in question.deliveries}


WAYS: dict[Proof, Callable[[Question], Held]] = {  # the strongest first
    Proof.READ_BACK: _read_back,
    Proof.COMMITMENT: _committed,
    Proof.C_FIND: partial(_asked, by_c_find),
    Proof.QIDO_RS: partial(_asked, by_qido),
    Proof.C_STORE: _believed,
}
