"""What a transfer comes to: which instances still go, which are left out, and what is reported."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from headgate.core import fields, listing
from headgate.core.model import Assignment, Delivery, Fate, Proof, Request

# what a project may drop whole: feature of DataTransferProjects: SOP classes, PS3.4 Table B.5-1
DROPPED = {
    fields.FEATURE_DROP_PRESENTATION_STATES: ("1.2.840.10008.5.1.4.1.1.11.", "presentation state"),
    fields.FEATURE_DROP_SECONDARY_CAPTURE: ("1.2.840.10008.5.1.4.1.1.7.", "secondary capture"),
}
DEIDENTIFICATION_FAILED, SENDING_FAILED = 1, 2
NAMED = (fields.TRANSFER_PROJECT, fields.TRANSFER_NAME)


def assignment_in(row: Mapping[str, Any]) -> Assignment:
    """Given a row of the transfers form, return to whom it says that the study goes."""
    names = (fields.TRANSFER_PROJECT, fields.TRANSFER_NAME, fields.TRANSFER_EVENT)
    return Assignment(*(str(row.get(name, "")).strip() for name in names))


def why_outdated(request: Request, rows: Sequence[dict[str, Any]]) -> str | None:
    """Given a request and the rows that REDCap has of its study, return why nobody wants it any
    more, or None. Rows from which we may not read all tell nothing, nor do none.
    """
    if not rows or not all(name in row for row in rows for name in NAMED):
        return None
    now = {int(row[fields.REPEAT_INSTANCE]): assignment_in(row) for row in listing.transfers(rows)}
    if request.transfer not in now:
        return "was deleted in REDCap since"
    if now[request.transfer] != request.assignment:
        return "was corrected in REDCap since"
    return None


def exclusion(sop_class: str, project: Mapping[str, Any]) -> str | None:
    """Given a SOP class and a project's row, return why the project leaves it out, or None."""
    for feature, (prefix, what) in DROPPED.items():
        is_on = str(project.get(f"{fields.PROJECT_FEATURES}___{feature}", "")) == "1"
        if is_on and f"{sop_class}.".startswith(prefix):
            return f"the project leaves out every {what}"
    return None


def lacking(on_disk: Iterable[str], ledger: Mapping[str, Delivery]) -> list[str]:
    """Given a study's instances and what became of them, return those that still have to go: last
    what was refused before, so that it holds up no others.
    """
    done = {Fate.STORED, Fate.EXCLUDED}
    several = [name for name in on_disk if name not in ledger or ledger[name].fate not in done]
    return sorted(several, key=lambda name: name in ledger and ledger[name].fate is Fate.REFUSED)


def unproven(ledger: Mapping[str, Delivery], demand: Proof) -> list[Delivery]:
    """Given what became of instances and the proof that is demanded, return those sent of which it
    is not known so well that they came, or that they did not.
    """
    sent = (Fate.STORED, Fate.MISSING)
    return [
        one
        for one in ledger.values()
        if one.fate in sent and (one.proof is Proof.NONE or not one.proof.reaches(demand))
    ]


def error_of(deliveries: Iterable[Delivery]) -> int:
    """Given what became of instances, return the code of transfer_error, 0 when all went well."""
    fates = {delivery.fate for delivery in deliveries}
    if Fate.REJECTED in fates:
        return DEIDENTIFICATION_FAILED
    return SENDING_FAILED if fates & {Fate.REFUSED, Fate.MISSING} else 0


def summary(deliveries: Iterable[Delivery]) -> str:
    """Given what became of a study's instances, return it as JSON for people and programs."""
    several = list(deliveries)
    told: dict[str, Any] = dict(Counter(str(delivery.fate) for delivery in several))
    stored = [delivery for delivery in several if delivery.fate is Fate.STORED]
    told["proof"] = dict(Counter(str(delivery.proof) for delivery in stored))
    reasons = Counter(delivery.reason for delivery in several if delivery.reason)
    if reasons:
        told["reasons"] = dict(reasons)
    return json.dumps(told, ensure_ascii=False)


def result_row(request: Request, when: datetime) -> dict[str, Any]:
    """Given a request that came to its end, return the row that tells REDCap."""
    errors = {
        f"{fields.TRANSFER_ERROR}___{code}": "1" if code == request.error else "0"
        for code in fields.TRANSFER_ERRORS
    }
    dated = {fields.TRANSFER_DATE: "" if request.error else when.strftime("%Y-%m-%d %H:%M")}
    if request.made_from and request.error:
        dated = {}  # the study itself has got there
    return {
        fields.INCOMING_RECORD: request.made_from or request.study,
        fields.REPEAT_FORM: fields.TRANSFERS_FORM,
        fields.REPEAT_INSTANCE: request.transfer,
        fields.TRANSFER_MAPPED: request.mapped_study,
        fields.TRANSFER_MESSAGE: request.summary,
        f"{fields.TRANSFERS_FORM}_complete": fields.COMPLETE,
        **dated,
        **errors,
    }
