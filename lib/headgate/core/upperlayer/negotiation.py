"""What a receiver takes of what a peer proposes: PS3.8 9.3.3.2, computed and not looked up."""

from headgate.core.grammar import is_uid
from headgate.core.upperlayer.pdus import Accepted, AssociateRequest, Proposal

# PS3.8 Table 9-18: results of a presentation context
ACCEPTANCE, NO_ABSTRACT_SYNTAX, NO_TRANSFER_SYNTAX = 0, 3, 4
IMPLICIT_LITTLE = "1.2.840.10008.1.2"
VERIFICATION = "1.2.840.10008.1.1"
STANDARD = "1.2.840.10008."
STORAGE = "1.2.840.10008.5.1.4.1.1."  # PS3.4 Annex B
# PS3.4 Annexes B and GG, and retired ones: classes that are stored and named otherwise
STORED_TOO = frozenset({
    "1.2.840.10008.5.1.4.34.7",  # RT Beams Delivery Instruction
    "1.2.840.10008.5.1.4.34.10",  # RT Brachy Application Setup Delivery Instructions
    "1.2.840.10008.5.1.4.38.1",  # Hanging Protocol
    "1.2.840.10008.5.1.4.39.1",  # Color Palette
    "1.2.840.10008.5.1.4.43.1",  # Generic Implant Template
    "1.2.840.10008.5.1.4.44.1",  # Implant Assembly Template
    "1.2.840.10008.5.1.4.45.1",  # Implant Template Group
    "1.2.840.10008.5.1.1.27",  # Stored Print
    "1.2.840.10008.5.1.1.29",  # Hardcopy Grayscale Image
    "1.2.840.10008.5.1.1.30",  # Hardcopy Color Image
})  # fmt: skip
# PS3.4 Annexes II and LL: queries whose names lie among those of storage
NOT_STORED = frozenset(
    STORAGE + last for last in ("200.4", "200.5", "200.6", "201.2", "201.3", "201.4", "201.6")
)


def answer(proposal: Proposal, services: frozenset[str]) -> Accepted:
    """Given a proposal and the classes of service that are offered beside storage, return the
    answer: whatever is stored is taken, known or private, in the syntax proposed first.
    """
    if not is_taken(proposal.abstract_syntax, services):
        return Accepted(proposal.number, NO_ABSTRACT_SYNTAX, IMPLICIT_LITTLE)
    syntax = next((one for one in proposal.transfer_syntaxes if is_uid(one)), None)
    if syntax is None:
        return Accepted(proposal.number, NO_TRANSFER_SYNTAX, IMPLICIT_LITTLE)
    return Accepted(proposal.number, ACCEPTANCE, syntax)


def answers(request: AssociateRequest, services: frozenset[str]) -> list[Accepted]:
    """Given a request, return the answers to all its proposals."""
    return [answer(proposal, services) for proposal in request.proposals]


def is_taken(abstract_syntax: str, services: frozenset[str]) -> bool:
    """Given an abstract syntax, return whether its instances are taken, or its service offered.

    What is not the standard's own is a vendor's class of objects: it is stored.
    """
    if abstract_syntax in services:
        return True
    if abstract_syntax.startswith(STANDARD):
        is_storage = abstract_syntax.startswith(STORAGE) and abstract_syntax not in NOT_STORED
        return is_storage or abstract_syntax in STORED_TOO
    return is_uid(abstract_syntax)
