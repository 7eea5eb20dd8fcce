"""One study to one project: de-identify, send, prove, and write the ledger."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from headgate.cleaning import Clean, clean, may_leave_as
from headgate.context import Context
from headgate.core import fields, transfer
from headgate.core.deid.uids import replace_study_uid
from headgate.core.errors import Excluded, Rejected, Unavailable
from headgate.core.model import Delivery, Fate, Proof, Request
from headgate.stores.dicomfiles import Instance, read_instance, read_syntax
from headgate.stores.dicomnet import pacs

LINES_AT_ONCE = 100
Kind = tuple[str, str]  # SOP class and transfer syntax
REFUSED = "the PACS refused it with status 0x{:04X}"


class Delivering:
    """The delivery of one request; `run` can be done again and again, and sends what lacks."""

    def __init__(self, context: Context, request: Request, project: Mapping[str, Any]) -> None:
        self._context = context
        self._request = request
        self._project = project
        self._recipe = context.recipe(request.assignment, project)
        name = str(project.get(fields.PROJECT_PACS, ""))
        self._peer = context.peer(name)
        self._demand = context.pacs(name).proof
        self._ledger = context.ledger.read(request.study, request.assignment)
        self._unwritten: list[Delivery] = []
        self._references: set[str] = set()

    def run(self) -> list[Delivery]:
        """Return what became of every instance of the study that is on disk.

        Raise Rejected when there is none; Unavailable when the PACS cannot be had, or does not
        hold what it acknowledged: then the next run sends that again.
        """
        on_disk = self._context.trees.instances(self._request.study)
        if not on_disk:
            raise Rejected("no instance of the study is on disk: have it sent again")
        self._prove()
        try:
            self._send({name: on_disk[name] for name in transfer.lacking(on_disk, self._ledger)})
        finally:
            self._write()
        self._prove()
        missing = sum(one.fate is Fate.MISSING for one in self._ledger.values())
        if missing:
            raise Unavailable(
                f"{self._peer} acknowledged {missing} instances that it does not hold: "
                "they are sent again"
            )
        return [self._ledger[name] for name in on_disk]

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
            if reason_out := transfer.exclusion(sop_class, self._project):
                self._note(name, Fate.EXCLUDED, reason=reason_out)
            else:
                kinds[name] = sop_class, syntax
        for together, wanted in _contexts(set(kinds.values())):
            names = [name for name, kind in kinds.items() if kind in together]
            try:
                with pacs.kept_open(self._peer, wanted) as association:
                    for name in names:
                        self._send_one(association, name, lacking[name])
            except pacs.Unsupported as reason:
                for name in names:
                    self._note(name, Fate.REFUSED, reason=str(reason))

    def _send_one(self, association: Callable[[], pacs.Association], name: str, path: Path) -> None:
        try:
            instance = read_instance(path)
            output = clean(instance, self._recipe)
        except (Rejected, Excluded) as reason:
            fate = Fate.EXCLUDED if isinstance(reason, Excluded) else Fate.REJECTED
            self._note(name, fate, reason=str(reason))
            return
        self._references.update(output.header.references)
        try:
            status = association().store(
                output.sop_class, output.sop_instance, output.transfer_syntax, output.dataset
            )
        except pacs.Unsupported as reason:
            self._note(name, Fate.REFUSED, reason=str(reason))
            return
        self._note_answer(name, instance, output, status)

    def _note_answer(self, name: str, instance: Instance, output: Clean, status: int) -> None:
        is_stored = status == pacs.SUCCESS or status in pacs.WARNINGS
        self._note(
            name,
            Fate.STORED if is_stored else Fate.REFUSED,
            received=instance.digest,
            output_uid=output.sop_instance,
            output_series=output.series,
            sent=hashlib.sha256(output.dataset).hexdigest(),
            status=status,
            reason="" if is_stored else REFUSED.format(status),
        )

    def _prove(self) -> None:
        """Ask for what was sent and is not proven; what is not there is to be sent again."""
        unproven = transfer.unproven(self._ledger)
        if not unproven:
            return
        held: set[str] = set()
        level = Proof.C_STORE
        if self._demand == Proof.C_FIND:
            try:
                held = pacs.stored_instances(
                    self._peer,
                    replace_study_uid(self._request.study, self._recipe),
                    sorted({delivery.output_series for delivery in unproven}),
                )
                level = Proof.C_FIND
            except pacs.Unsupported:
                level = Proof.C_STORE  # it answers no queries: its word is all there is
        for delivery in unproven:
            is_held = delivery.output_uid in held if level is Proof.C_FIND else _is_new(delivery)
            fate, proof = (Fate.STORED, level) if is_held else (Fate.MISSING, Proof.NONE)
            if (delivery.fate, delivery.proof) != (fate, proof):
                self._keep(replace(delivery, fate=fate, proof=proof, time=_now()))
        self._write()

    def _note(self, name: str, fate: Fate, **values: Any) -> None:
        self._keep(
            Delivery(
                name, self._request.participant, self._request.event, fate, time=_now(), **values
            )
        )

    def _keep(self, delivery: Delivery) -> None:
        self._ledger[delivery.sop_instance] = delivery
        self._unwritten.append(delivery)
        if len(self._unwritten) >= LINES_AT_ONCE:
            self._write()

    def _write(self) -> None:
        if self._unwritten:
            lines, self._unwritten = self._unwritten, []
            self._context.ledger.write(self._request.study, self._request.project, lines)


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


def _is_new(delivery: Delivery) -> bool:
    return delivery.fate is Fate.STORED


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
