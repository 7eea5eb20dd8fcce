"""One study to one project: de-identify, send, prove, and write the ledger."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from headgate.config import SendingSettings
from headgate.context import Context
from headgate.core import transfer
from headgate.core.deid.engine import beside_given
from headgate.core.deid.identifiers.patient import together
from headgate.core.deid.identity import Recipe
from headgate.core.deid.uids import replace_study_uid
from headgate.core.errors import Rejected, Unavailable
from headgate.core.model import Delivery, Fate, Proof, Request
from headgate.deidentifying.acquainting import named_in
from headgate.deidentifying.cleaning import may_leave_as
from headgate.delivering.depositing import Folder, Service, deposit
from headgate.delivering.processed import recipe_of
from headgate.delivering.proving import Question, proven
from headgate.delivering.sending import Job, Named, Sent, fated, now, transmit
from headgate.parallel import spread
from headgate.stores.dicomfiles import read_syntax
from headgate.stores.dicomnet import pacs

LINES_AT_ONCE, LINES_AFTER_SECONDS = 500, 2.0
WORTH_AN_ASSOCIATION = 16  # instances
TRIES_AT_MOST = 24  # of what a PACS fails to process: a day, with the longest wait of an hour
COPY = "the research copy itself, which was sent before"
Share = tuple[list[Named], int]  # what a process sends, and over how many associations
Kind = tuple[str, str]  # SOP class and transfer syntax


class Waiting(Unavailable):
    """A target did not answer lately, or broke off when it had taken some, and is not asked before
    so many seconds.
    """

    def __init__(self, text: str, seconds: float) -> None:
        super().__init__(text)
        self.seconds = seconds


class Unfinished(Waiting):
    """The turn of a study ended before its target had all of it."""


class Delivering:
    """The delivery of one request to one of its targets; `run` can be done again and again, and
    sends what lacks.
    """

    def __init__(
        self, context: Context, request: Request, project: Mapping[str, Any], target: str
    ) -> None:
        self._context = context
        self._request = request
        self._project = project
        self._recipe = recipe_of(context, request, project)
        self._pacs = target
        self._demand = Proof(context.project_settings(request.project).proof)
        self._ledger = context.ledger.read(request.study, request.assignment, target)
        self._unwritten: list[Delivery] = []
        self._written = time.monotonic()
        self._ends = self._written + context.settings.sending.turn_seconds
        self._references: set[str] = set()
        self.took = 0  # instances, in this run
        self._to_come = 0  # of which the turn left no time

    def run(self) -> list[Delivery]:
        """Return what became of every instance of the study that is on disk.

        Raise Rejected when there is none; Unavailable when the PACS cannot be had, fails to
        process some, or does not hold what it acknowledged: then the next run sends that again,
        or does not prove it as the project demands.
        """
        on_disk = self._context.trees.instances(self._request.study)
        if not on_disk:
            return self._as_the_ledger_tells()
        self._prove()
        lacking = {name: on_disk[name] for name in transfer.lacking(on_disk, self._ledger)}
        if lacking:
            self._recipe = self._knowing(list(on_disk.values()))
        try:
            self._send(lacking)
        finally:
            self._write()
        if self._to_come:
            raise Unfinished(
                f"{self._pacs} took {self.took} instances in its turn, {self._to_come} are to "
                "come: the others go first",
                0.0,
            )
        self._prove()
        self._check_failing(on_disk)
        missing = sum(one.fate is Fate.MISSING for one in self._ledger.values())
        if missing:
            raise Unavailable(
                f"{self._pacs} acknowledged {missing} instances that it does not hold: "
                f"{self._advice()}they are sent again"
            )
        weak = len(transfer.unproven(self._ledger, self._demand))
        if weak:
            raise Unavailable(
                f"the project demands proof by {self._demand}, which {self._pacs} has not given "
                f"for {weak} instances: it is asked again"
            )
        return [self._ledger[name] for name in on_disk]

    def _advice(self) -> str:
        """Within a project the UIDs are the same for whomever a study went to."""
        wanted = self._request.assignment
        study = replace_study_uid(self._request.study, self._recipe)
        went = {one.assignment for one in self._context.mapped.read(study)}
        if not any(one.project == wanted.project and one != wanted for one in went):
            return ""
        return (
            f"the study went to another participant or event of {wanted.project} before: remove "
            "what it has of that one; "
        )

    def _as_the_ledger_tells(self) -> list[Delivery]:
        """Where REDCap lost what it was told, what is no longer here may be delivered all the same:
        the PACS is asked once more.
        """
        sent = [one for one in self._ledger.values() if one.fate is Fate.STORED]
        self._ask(sent)
        if not sent or any(one.fate is Fate.MISSING for one in self._ledger.values()):
            raise Rejected("no instance of the study is on disk: have it sent again")
        return list(self._ledger.values())

    def _check_failing(self, names: Iterable[str]) -> None:
        """What fails each time for a day is told to a person, as what is refused for good; but not
        where the PACS has no room for any of a study.
        """
        told = [self._ledger[name] for name in names if name in self._ledger]
        several = [one for one in told if one.fate is Fate.REFUSED and pacs.is_for_now(one.status)]
        is_full = all(pacs.is_out_of_resources(one.status) for one in several) and not any(
            one.fate is Fate.STORED for one in told
        )
        if several and (is_full or self._request.attempts < TRIES_AT_MOST):
            raise Unavailable(
                f"{self._pacs} fails to process {len(several)} instances "
                f"(0x{several[0].status:04X}): they are sent again"
            )

    def _knowing(self, paths: list[Path]) -> Recipe:
        """Return the recipe with what names the patient anywhere in the study."""
        named = [beside_given(one, self._recipe) for one in set(named_in(paths))]
        return replace(self._recipe, known=together([self._recipe.known, *named]))

    def unresolved(self) -> int:
        """Return to how many instances or series what this run sent refers that were not sent."""
        sent = {uid for one in self._ledger.values() for uid in (one.output_uid, one.output_series)}
        return len(self._references - sent)

    def _send(self, lacking: Mapping[str, Path]) -> None:
        kinds: dict[str, tuple[str, str]] = {}
        for name, path in lacking.items():
            try:
                sop_class, syntax = read_syntax(path)
            except Rejected as reason:
                self._note(name, Fate.REJECTED, reason=str(reason))
                continue
            if name in self._recipe.mapped:
                self._note(name, Fate.EXCLUDED, reason=COPY)
            elif reason_out := transfer.exclusion(sop_class, self._project):
                self._note(name, Fate.EXCLUDED, reason=reason_out)
            else:
                kinds[name] = sop_class, syntax
        for some, wanted in _contexts(set(kinds.values())):
            names = [name for name, kind in kinds.items() if kind in some]
            self._transmit({name: lacking[name] for name in names}, wanted)

    def _transmit(self, paths: Mapping[str, Path], wanted: set[Kind]) -> None:
        sending = self._context.settings.sending
        left, work = dict(paths), self._work(wanted)
        try:
            try:
                self._share_out(left, work, sending)
            except pacs.Refused:  # one that takes a single association may refuse each of several
                self._share_out(left, work, replace(sending, associations=1))
        except pacs.Unsupported as reason:
            for name in left:
                self._note(name, Fate.REFUSED, reason=str(reason))
            return
        self._to_come += len(left)

    def _share_out(
        self,
        left: dict[str, Path],
        work: Callable[[Share], Iterator[Sent]],
        sending: SendingSettings,
    ) -> None:
        """Send what is left, and take out of it what became of something."""
        for several in spread(work, _shares(list(left.items()), sending)):
            for sent in several:
                left.pop(sent.delivery.sop_instance, None)
                self.took += sent.delivery.fate is Fate.STORED
                self._references.update(sent.references)
                self._keep(sent.delivery)

    def _work(self, wanted: set[Kind]) -> Callable[[Share], Iterator[Sent]]:
        target = target_of(self._context, self._pacs)
        if isinstance(target, pacs.Peer):
            job = Job(target, frozenset(wanted), self._recipe)
            return partial(_transmitted, job, self._ends)
        return partial(_deposited, target, self._recipe, self._ends)

    def _prove(self) -> None:
        """Ask for what was sent and is not proven; what is not there is to be sent again."""
        self._ask(transfer.unproven(self._ledger, self._demand))

    def _ask(self, deliveries: list[Delivery]) -> None:
        study = replace_study_uid(self._request.study, self._recipe)
        question = Question(self._context, self._pacs, study, deliveries)
        for delivery, level, is_held in proven(question):
            fate, proof = (Fate.STORED, level) if is_held else (Fate.MISSING, Proof.NONE)
            if (delivery.fate, delivery.proof) != (fate, proof):
                self._keep(replace(delivery, fate=fate, proof=proof, time=now()))
        self._write()
        self._context.commitments.forget(question.transaction)

    def _note(self, name: str, fate: Fate, **values: Any) -> None:
        self._keep(fated(name, self._recipe, fate, **values))

    def _keep(self, delivery: Delivery) -> None:
        delivery = replace(delivery, target=self._pacs)
        self._ledger[delivery.sop_instance] = delivery
        self._unwritten.append(delivery)
        is_late = time.monotonic() - self._written > LINES_AFTER_SECONDS
        if is_late or len(self._unwritten) >= LINES_AT_ONCE:
            self._write()

    def _write(self) -> None:
        if self._unwritten:
            lines, self._unwritten = self._unwritten, []
            self._written = time.monotonic()
            self._context.ledger.write(self._request.study, self._request.project, lines)


def _shares(instances: list[Named], sending: SendingSettings) -> Iterator[Share]:
    """Yield for each process its instances, and how many associations it holds."""
    worth = -(-len(instances) // WORTH_AN_ASSOCIATION)
    associations = max(1, min(sending.associations, worth))
    processes = min(max(1, sending.processes), associations)
    for number in range(processes):
        own = associations // processes + (number < associations % processes)
        yield instances[number::processes], own


def _transmitted(job: Job, ends: float, share: Share) -> Iterator[Sent]:
    instances, associations = share
    return transmit(job, _in_turn(instances, ends), associations)


def _deposited(
    target: Folder | Service, recipe: Recipe, ends: float, share: Share
) -> Iterator[Sent]:
    return deposit(target, recipe, _in_turn(share[0], ends))


def _in_turn(instances: list[Named], ends: float) -> Iterator[Named]:
    """Yield one at least, so that each turn gets on."""
    for one in instances:
        yield one
        if time.monotonic() > ends:
            return


def target_of(context: Context, name: str) -> pacs.Peer | Folder | Service:
    """Given a target by name, return how instances come there. Raise Misconfigured."""
    settings = context.pacs(name)
    if settings.kind == "folder":
        return Folder(Path(settings.folder))
    if settings.kind == "stow-rs":
        return Service(settings.url, context.web_token(name), settings.timeout_seconds)
    return context.peer(name)


def _contexts(kinds: set[Kind]) -> Iterator[tuple[set[Kind], set[Kind]]]:
    """PS3.8 9.3.2.2 has room for 128 contexts an association: more make more associations.

    Yield kinds that go together, with all the syntaxes in which they may leave.
    """
    together: set[Kind] = set()
    wanted: set[Kind] = set()
    for kind in sorted(kinds):
        more = may_leave_as(*kind)
        if len(wanted | more) > pacs.CONTEXTS_AT_MOST:
            yield together, wanted
            together, wanted = set(), set()
        together, wanted = together | {kind}, wanted | more
    if together:
        yield together, wanted
