"""PDUs and command sets, held against pynetdicom, which reads and writes them independently."""

import pytest
from headgate.core.upperlayer import commands, pdus
from headgate.core.upperlayer.negotiation import answer, answers, is_taken
from headgate.core.upperlayer.pdus import Proposal, ProtocolError, Role
from pynetdicom import pdu
from pynetdicom.dimse_messages import C_STORE_RQ
from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.pdu_primitives import (
    A_ASSOCIATE,
    ImplementationClassUIDNotification,
    ImplementationVersionNameNotification,
    MaximumLengthNotification,
    SCP_SCU_RoleSelectionNegotiation,
)
from pynetdicom.presentation import build_context

CT, ECHO, FIND = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.1.1", "1.2.840.10008.5.1.4.1.2.2.1"
EXPLICIT, IMPLICIT, JPEG = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2", "1.2.840.10008.1.2.4.70"
SERVICES = frozenset({ECHO})


def a_request(contexts):
    primitive = A_ASSOCIATE()
    primitive.application_context_name = "1.2.840.10008.3.1.1.1"
    primitive.calling_ae_title, primitive.called_ae_title = "SCANNER", "HEADGATE"
    built = [build_context(one, list(syntaxes)) for one, syntaxes in contexts]
    for number, one in enumerate(built):
        one.context_id = 2 * number + 1
    primitive.presentation_context_definition_list = built
    length, kind = MaximumLengthNotification(), ImplementationClassUIDNotification()
    length.maximum_length_received, kind.implementation_class_uid = 32768, "1.2.3"
    version, role = ImplementationVersionNameNotification(), SCP_SCU_RoleSelectionNegotiation()
    version.implementation_version_name = "ELSE_1"
    role.sop_class_uid, role.scu_role, role.scp_role = CT, True, False
    primitive.user_information = [length, kind, version, role]
    theirs = pdu.A_ASSOCIATE_RQ()
    theirs.from_primitive(primitive)
    return theirs.encode()


def test_a_request_of_another_library_is_read():
    data = a_request([(CT, [EXPLICIT, IMPLICIT]), (ECHO, [IMPLICIT])])
    assert pdus.read_head(data) == (pdus.ASSOCIATE_RQ, len(data) - 6)
    found = pdus.read_associate_request(data[6:])
    assert (found.calling, found.called, found.maximum_length) == ("SCANNER", "HEADGATE", 32768)
    assert found.proposals == (
        Proposal(1, CT, (EXPLICIT, IMPLICIT)),
        Proposal(3, ECHO, (IMPLICIT,)),
    )
    assert (found.class_uid, found.version_name) == ("1.2.3", "ELSE_1")
    assert found.roles == (Role(CT, True, False),)


def test_our_acceptance_is_read_by_another_library():
    data = a_request([(CT, [JPEG, IMPLICIT]), (FIND, [IMPLICIT]), (ECHO, [IMPLICIT])])
    request = pdus.read_associate_request(data[6:])
    roles = (Role(CT, True, False),)
    written = pdus.associate_accept(request, answers(request, SERVICES), 131072, roles)
    theirs = pdu.A_ASSOCIATE_AC()
    theirs.decode(written)
    primitive = theirs.to_primitive()
    results = primitive.presentation_context_definition_results_list
    assert [one.result for one in results] == [0, 3, 0]
    assert [str(one.transfer_syntax[0]) for one in results][::2] == [JPEG, IMPLICIT]
    assert primitive.maximum_length_received == 131072
    assert theirs.calling_ae_title.strip() == "SCANNER"


@pytest.mark.parametrize("written", [pdus.associate_reject(1, 1, 3), pdus.abort(2)])
def test_refusals_are_read_by_another_library(written):
    theirs = pdu.A_ASSOCIATE_RJ() if written[0] == pdus.ASSOCIATE_RJ else pdu.A_ABORT_RQ()
    theirs.decode(written)
    assert theirs.to_primitive()
    assert written[0] != pdus.ABORT or (theirs.source, theirs.reason_diagnostic) == (2, 2)
    assert written[0] == pdus.ABORT or (theirs.result, theirs.reason_diagnostic) == (1, 3)


def test_a_release_is_answered_as_another_library_writes_it():
    assert pdus.release_response() == pdu.A_RELEASE_RP().encode()


@pytest.mark.parametrize("cut", range(0, 200, 7))
def test_a_request_that_is_cut_short_is_no_request_or_a_shorter_one(cut):
    body = a_request([(CT, [EXPLICIT]), (ECHO, [IMPLICIT])])[6:]
    try:
        found = pdus.read_associate_request(body[: len(body) - cut])
    except ProtocolError:
        return
    assert len(found.proposals) <= 2


@pytest.mark.parametrize("length", [1, 4, 6])
def test_a_maximum_length_that_leaves_no_room_is_refused(length):
    body = a_request([(CT, [EXPLICIT])])[6:]
    wrong = body.replace((32768).to_bytes(4, "big"), length.to_bytes(4, "big"))
    with pytest.raises(ProtocolError):
        pdus.read_associate_request(wrong)


def test_a_command_of_another_library_is_read_and_answered():
    primitive = C_STORE()
    primitive.MessageID, primitive.Priority = 7, 0
    primitive.AffectedSOPClassUID, primitive.AffectedSOPInstanceUID = CT, "1.2.3"
    theirs = C_STORE_RQ()
    theirs.primitive_to_message(primitive)
    fragments = list(theirs.encode_msg(1, 16384))
    data = fragments[0].presentation_data_value_list[0][1][1:]
    found = commands.read_command(data)
    assert found.number(commands.FIELD) == commands.C_STORE_RQ
    assert found.uid(commands.AFFECTED_INSTANCE) == "1.2.3"
    response = commands.read_command(commands.response(found, commands.OUT_OF_RESOURCES))
    assert response.number(commands.FIELD) == commands.C_STORE_RQ | commands.RESPONSE
    assert response.number(commands.RESPONDED_ID) == 7
    assert response.number(commands.STATUS) == 0xA700
    assert response.uid(commands.AFFECTED_CLASS) == CT
    assert not response.has_data_set
    assert response.number(0x0000 + commands.DATA_SET_TYPE) == 0x0101


@pytest.mark.parametrize(
    "data",
    [b"\0\0", b"\x08\0\0\0\2\0\0\0ab", b"\0\0\0\0\xff\xff\xff\xff", b"\0\0\0\1\2\0\0\0a"],
)
def test_what_is_no_command_set_is_refused(data):
    with pytest.raises(ProtocolError):
        commands.read_command(data)


@pytest.mark.parametrize("length", [0, 1, 100, 122, 123, 500])
def test_a_message_is_parted_as_the_peer_takes_it(length):
    parts = list(pdus.data(5, bytes(length), is_command=True, maximum_length=128))
    lasts = []
    for one in parts:
        assert pdus.read_head(one) == (pdus.DATA, len(one) - 6)
        assert len(one) - 6 <= 128
        count, number, control = pdus.read_value_head(one[6:12])
        assert (number, count) == (5, len(one) - 12)
        assert control & pdus.IS_COMMAND
        lasts.append(bool(control & pdus.IS_LAST))
    assert lasts == [False] * (len(parts) - 1) + [True]
    assert sum(len(one) - 12 for one in parts) == length


@pytest.mark.parametrize(
    ("abstract", "is_stored"),
    [
        (CT, True), ("1.2.840.10008.5.1.4.1.1.999.1", True), ("1.3.12.2.1107.5.9.1", True),
        ("1.2.840.10008.5.1.4.38.1", True), ("1.2.840.10008.5.1.1.30", True), (ECHO, True),
        (FIND, False), ("1.2.840.10008.5.1.4.31", False), ("1.2.840.10008.1.20.1", False),
        ("1.2.840.10008.5.1.4.1.1.200.4", False), ("", False), ("no uid", False),
    ],
)  # fmt: skip
def test_what_is_stored_is_taken_and_no_other_service(abstract, is_stored):
    assert is_taken(abstract, SERVICES) is is_stored


def test_a_proposal_without_a_syntax_is_refused_for_that():
    assert answer(Proposal(1, CT, ()), SERVICES).result == 4
    assert answer(Proposal(1, CT, ("../etc", JPEG)), SERVICES).transfer_syntax == JPEG


def test_every_storage_class_of_another_library_is_taken():
    from pynetdicom.sop_class import _STORAGE_CLASSES

    assert all(is_taken(str(one), SERVICES) for one in _STORAGE_CLASSES.values())
