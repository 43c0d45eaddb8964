"""Delivery statuses: whatever the order, the copies and the losses, the message ends up where the carrier says it is."""

import random
from itertools import permutations

import pytest
from sqlalchemy import func, select, update

from bot import status
from bot.carriers.codes import lookup
from models import Contact, Message
from tests.house import ACCOUNT_SID, PARIS, House, sid

STATUS = "/webhooks/twilio/status"


def report(number: int, word: str, code: str = "") -> dict[str, str]:
    """The form of a status callback."""
    form = {
        "MessageSid": sid(number),
        "SmsSid": sid(number),
        "AccountSid": ACCOUNT_SID,
        "MessageStatus": word,
        "To": "+33612340002",
    }
    return {**form, "ErrorCode": code} if code else form


@pytest.fixture
def message_id(house: House) -> int:
    """A reply that was handed over in the answer to a text and of which nothing more is known."""
    house.post("/webhooks/twilio/inbound", house.inbound("Bo", "JOIN", sid(1)))
    return int(house.messages("Bo", "out")[0].id)


def test_every_order_of_statuses_ends_delivered(house: House) -> None:
    """All 24 permutations, with a copy thrown in."""
    for number, order in enumerate(permutations(("queued", "sending", "sent", "delivered")), start=100):
        house.post("/webhooks/twilio/inbound", house.inbound(f"+33612347{number}", "JOIN", sid(number)))
        message_id = house.messages(f"+33612347{number}", "out")[0].id
        for word in (*order, random.choice(order)):
            assert house.post(f"{STATUS}/{message_id}", report(number + 1000, word)).status_code == 200
            status.fold(house.runtime)
        row = house.messages(f"+33612347{number}", "out")[0]
        assert (row.state, row.status, row.rank, row.sid) == ("sent", "delivered", 7, sid(number + 1000)), order


def test_an_unknown_status_is_kept_and_still_tells_that_the_carrier_has_it(house: House, message_id: int) -> None:
    """Carriers add words."""
    assert house.post(f"{STATUS}/{message_id}", report(7, "teleported")).status_code == 200
    house.work()
    row = house.messages("Bo", "out")[0]
    assert (row.state, row.status, row.sid) == ("sent", "teleported", sid(7))


def test_a_status_without_our_id_finds_its_message_by_the_carriers(house: House, message_id: int) -> None:
    """Also when it came before we knew the carrier's id."""
    house.post(STATUS, report(7, "delivered"))
    house.work()
    assert house.messages("Bo", "out")[0].state == "answered"
    house.post(f"{STATUS}/{message_id}", report(7, "sent"))
    house.work()
    house.work()
    assert house.messages("Bo", "out")[0].status == "delivered"


@pytest.mark.parametrize("address", ["/0", "/99999999", f"/{2**63}", f"/{2**70}", ""])
def test_a_status_of_no_message_of_ours_changes_nothing(house: House, message_id: int, address: str) -> None:
    """Kept, answered, harmless."""
    assert house.post(STATUS + address, report(9, "delivered")).status_code == 200
    house.work()
    assert house.messages("Bo", "out")[0].state == "answered"


def test_a_status_cannot_move_a_message_that_has_another_id(house: House, message_id: int) -> None:
    """Our id in the address does not beat the carrier's own."""
    house.post(f"{STATUS}/{message_id}", report(7, "sent"))
    house.work()
    house.post(f"{STATUS}/{message_id}", report(8, "failed"))
    house.work()
    row = house.messages("Bo", "out")[0]
    assert (row.sid, row.status) == (sid(7), "sent")


def test_a_status_cannot_be_of_a_message_that_nobody_handed_over(house: House, message_id: int) -> None:
    """After a backup was put back, numbers are given away once more: what waits still leaves."""
    waits = {"state": "ready", "not_before": house.runtime.machine_now(), "marked_at": None, "lease_until": None}
    with house.runtime.begin() as connection:
        connection.execute(update(Message).where(Message.id == message_id).values(**waits))
    house.post(f"{STATUS}/{message_id}", report(7, "delivered"))
    status.fold(house.runtime)
    row = house.messages("Bo", "out")[0]
    assert (row.state, row.sid) == ("ready", None)


@pytest.mark.parametrize("code", ["21610", "30005", "30003", "30007", "99999", "abc"])
def test_error_codes_act_as_their_table_says(house: House, message_id: int, code: str) -> None:
    """An opt-out at the carrier is one with us, a dead number is marked, anything else is only noted."""
    house.post(f"{STATUS}/{message_id}", report(7, "failed", code))
    house.work()
    action = lookup(code).action
    assert ("* out" in house.story("Bo")) == (action == "stop_contact")
    assert (house.contact("Bo").unreachable_at is not None) == (action == "invalid_number")
    assert house.messages("Bo", "out")[0].error_code == code


def test_an_opt_out_that_the_carrier_reports_twice_is_recorded_once(house: House, message_id: int) -> None:
    """The ledger has one event."""
    for word in ("undelivered", "failed"):
        house.post(f"{STATUS}/{message_id}", report(7, word, "21610"))
        house.work()
    assert house.story("Bo") == ["* out"]
    assert house.text("Bo", "JOIN", to=PARIS) != []  # here we answer STOP ourselves: a joining keyword asks again


def test_dead_numbers_are_noted_some_at_a_time(house: House) -> None:
    """A campaign to an old list: each is a transaction, and people who text do not wait for all of them."""
    many = status.MOST_ACTS + 3
    for number in range(100, 100 + many):
        house.post("/webhooks/twilio/inbound", house.inbound(f"+33612347{number}", "JOIN", sid(number)))
        message_id = house.messages(f"+33612347{number}", "out")[0].id
        house.post(f"{STATUS}/{message_id}", report(number + 1000, "undelivered", "30005"))
    with house.runtime.read() as connection:
        dead = select(func.count()).where(Contact.unreachable_at.is_not(None))
        assert status.fold(house.runtime) == many
        assert connection.scalar(dead) == status.MOST_ACTS
    status.fold(house.runtime)
    with house.runtime.read() as connection:
        assert connection.scalar(dead) == many
    assert status.fold(house.runtime) == 0


def test_a_status_is_one_statement(house: House) -> None:
    """A storm of callbacks must stay cheap."""
    with house.statements() as seen:
        house.post(f"{STATUS}/1", report(7, "sent"))
    assert len(seen) == 1
