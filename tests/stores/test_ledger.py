from headgate.core.model import Assignment, Delivery, Fate, Proof
from headgate.stores.ledger import Ledger

TO = Assignment("P", "P-001", "E")


def line(sop="1.1", fate=Fate.STORED, proof=Proof.NONE, participant="P-001"):
    return Delivery(sop, participant, "E", fate, proof=proof)


def test_the_last_line_on_an_instance_counts(a_layout):
    ledger = Ledger(a_layout)
    ledger.write("1.2", "P", [line(), line("1.2")])
    ledger.write("1.2", "P", [line(proof=Proof.C_FIND)])
    assert ledger.read("1.2", TO)["1.1"].proof is Proof.C_FIND
    assert ledger.read("1.2", TO)["1.2"].proof is Proof.NONE


def test_a_line_torn_by_a_crash_hides_no_other(a_layout):
    ledger = Ledger(a_layout)
    ledger.write("1.2", "P", [line()])
    path = a_layout.ledger / "1.2" / "P.jsonl"
    with path.open("a") as file:
        file.write('{"sop_instance": "1.9", "fa')
    ledger.write("1.2", "P", [line("1.3")])
    assert set(ledger.read("1.2", TO)) == {"1.1", "1.3"}


def test_a_letter_torn_by_a_crash_hides_no_line(a_layout):
    ledger = Ledger(a_layout)
    ledger.write("1.2", "P", [line()])
    path = a_layout.ledger / "1.2" / "P.jsonl"
    torn = '{"sop_instance": "1.9", "participant": "Åse'.encode()
    for end in range(len(torn)):
        path.write_bytes(path.read_bytes() + torn[:end])
        ledger.write("1.2", "P", [line(f"1.3.{end}")])
    assert set(ledger.read("1.2", TO)) == {"1.1", *(f"1.3.{end}" for end in range(len(torn)))}


def test_who_got_it_is_told_apart(a_layout):
    ledger = Ledger(a_layout)
    ledger.write("1.2", "P", [line(participant="P-002")])
    ledger.write("1.2", "Q", [line()])
    assert ledger.read("1.2", TO) == {}
    assert len(ledger.of_study("1.2")["1.1"]) == 2


def test_a_project_with_a_slash_stays_in_its_folder(a_layout):
    Ledger(a_layout).write("1.2", "../../P", [line()])
    assert [path.parent.name for path in a_layout.ledger.rglob("*.jsonl")] == ["1.2"]
