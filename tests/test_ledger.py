"""The ledger of consent: nothing can be changed or slipped in, a proof can be erased, and a START undoes a STOP."""

from typing import Any

import pytest
from sqlalchemy import Connection, delete, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from bot.catalogue import catalogue
from bot.consent import ledger
from bot.consent.ledger import Ledger, Proof
from bot.contacts import meet
from bot.effects import Scene, Text, bring_about
from bot.runtime import key_id
from dialogs.effects import OptIn
from models import ConsentEvent, ConsentProof, Subscription, Suppression
from tests.house import BOSTON, PARIS, PEOPLE, House

PROOF = Proof("Reply YES", "yes", "SM1", "text")
JOINED = ("JOIN", "OUI", "passer")


def texts(house: House, *bodies: str, to: str = PARIS) -> None:
    for body in bodies:
        house.text("Bo", body, to=to)


def subscriptions(house: House) -> list[Any]:
    with house.runtime.read() as connection:
        return list(connection.execute(select(Subscription.__table__).order_by(Subscription.topic)))


def book_of(house: House, connection: Connection, who: str = "Bo") -> tuple[Ledger, Any]:
    """Someone's ledger, their row locked, and the business time."""
    now = house.runtime.now(connection)
    return Ledger(connection, meet(connection, PEOPLE[who], now), house.runtime.suppression_key), now


def broken(house: House) -> int | None:
    with house.runtime.read() as connection:
        return ledger.broken_link(connection, house.contact("Bo").person)


def unguard(connection: Connection) -> None:
    """What only someone with all rights over the database could do: the triggers are gone."""
    if connection.dialect.name == "postgresql":
        for trigger in ("change", "truncate"):
            connection.execute(text(f"DROP TRIGGER consent_event_no_{trigger} ON consent_event"))
    else:
        for verb in ("update", "delete"):
            connection.execute(text(f"DROP TRIGGER consent_event_no_{verb}"))


# Append-only

CHANGES = {
    "update": "UPDATE consent_event SET change = 'in'",
    "update of nothing much": "UPDATE consent_event SET change = change",
    "delete": "DELETE FROM consent_event",
    "replace": "INSERT OR REPLACE INTO consent_event SELECT * FROM consent_event",
    "truncate": "TRUNCATE consent_event CASCADE",
}


@pytest.mark.parametrize("change", CHANGES)
def test_the_database_refuses_to_change_or_remove_an_event(house: House, change: str) -> None:
    """Each database, each way that it knows."""
    texts(house, *JOINED, "STOP")
    unknown = {"sqlite": "truncate", "postgresql": "replace"}[house.runtime.engine.dialect.name]
    known = "syntax error" if change == unknown else "consent_event is append-only"
    with house.runtime.begin() as connection:
        for table in (ConsentProof, Subscription, Suppression):  # what points to an event would hold it as well
            connection.execute(delete(table))
        with pytest.raises(DBAPIError, match=known):
            connection.execute(text(CHANGES[change]))
    assert house.story("Bo") == ["offers in", "* out"]


def test_the_same_link_cannot_be_written_twice(house: House) -> None:
    """Two writers who both saw the same last link: the second one is refused."""
    with house.runtime.begin() as connection:
        book, now = book_of(house, connection)
        book.append("offers", "in", PROOF, now)
        behind = Ledger(connection, book.contact, book.key, (0, ledger.START_OF_CHAIN))
        with pytest.raises(IntegrityError):
            behind.append("offers", "out", PROOF, now)


# The chain

TAMPERED: dict[str, dict[str, Any]] = {
    "topic": {"topic": "offers"},
    "change": {"change": "in"},
    "source": {"source": "paper"},
    "proof": {"proof_hash": "0" * 64},
    "predecessor": {"prev_hash": "f" * 64},
    "place": {"seq": 9},
    "hash": {"hash": "0" * 64},
}


@pytest.mark.parametrize("what", TAMPERED)
def test_an_event_that_was_tampered_with_is_named(house: House, what: str) -> None:
    """The second of three events; the number is its place in the chain."""
    texts(house, *JOINED, "STOP", "START")
    assert broken(house) is None
    with house.runtime.begin() as connection:
        unguard(connection)
        connection.execute(update(ConsentEvent).where(ConsentEvent.seq == 2).values(**TAMPERED[what]))
    assert broken(house) == 2


def test_an_event_that_was_taken_out_is_missed(house: House) -> None:
    """Even when nobody altered the others."""
    texts(house, *JOINED, "STOP", "START")
    with house.runtime.begin() as connection:
        unguard(connection)
        second = connection.scalars(select(ConsentEvent.id).where(ConsentEvent.seq == 2)).one()
        for table in (ConsentProof, Suppression):
            connection.execute(delete(table).where(table.event_id == second))
        connection.execute(delete(ConsentEvent).where(ConsentEvent.id == second))
    assert broken(house) == 2


def test_an_erased_proof_leaves_the_chain_whole(house: House) -> None:
    """The words and the number go; what was agreed to, and when, stays."""
    texts(house, *JOINED, "STOP")
    with house.runtime.begin() as connection:
        connection.execute(delete(ConsentProof))
    assert house.story("Bo") == ["offers in", "* out"]
    texts(house, "START")
    assert house.story("Bo") == ["offers in", "* out", "* lifted"]


@pytest.mark.parametrize("what", ["wording", "text", "sid", "phone", "salt"])
def test_a_proof_that_was_altered_is_named(house: House, what: str) -> None:
    """A proof can be erased, and never be replaced by another one."""
    texts(house, *JOINED)
    with house.runtime.begin() as connection:
        connection.execute(update(ConsentProof).values({what: "something else"}))
    assert broken(house) == 1


def test_a_proof_is_what_we_asked_and_what_they_answered(house: House) -> None:
    """Word for word."""
    texts(house, *JOINED)
    with house.runtime.read() as connection:
        event = ledger.story(connection, house.contact("Bo"))[0]
    assert "répondez OUI pour recevoir nos offres" in event.wording
    assert (event.text, event.source) == ("OUI", "text")


# STOP and START


def test_a_stop_leaves_the_subscriptions_and_a_start_restores_them_and_nothing_else(house: House) -> None:
    """In for one topic, out of another: exactly so afterwards."""
    texts(house, *JOINED)
    with house.runtime.begin() as connection:
        book, now = book_of(house, connection)
        book.opt_in("orders", PROOF, now, "single")
        book.opt_out("orders", PROOF, now)
    before, truths = subscriptions(house), house.truths("Bo")
    texts(house, "STOP")
    assert subscriptions(house) == before
    assert house.truths("Bo") == truths | {"consent * out"}
    texts(house, "START")
    assert subscriptions(house) == before
    assert house.truths("Bo") == truths
    assert house.story("Bo") == ["offers in", "orders in", "orders out", "* out", "* lifted"]


def test_a_second_stop_and_a_start_of_who_never_stopped_are_no_events(house: House) -> None:
    """The story tells changes."""
    texts(house, "START", "STOP", "STOP", "START", "START")
    assert house.story("Bo") == ["* out", "* lifted"]


def opt_in(house: House, ours: str, proof: str, *, heard: bool) -> None:
    """A dialog opts Bo in: because of a text of theirs or by itself."""
    with house.runtime.begin() as connection:
        book, now = book_of(house, connection)
        stopped = connection.scalar(select(Suppression.digest)) is not None
        scene = Scene(house.runtime, connection, catalogue(connection), book.contact, now, ours, book, stopped)
        scene.asked = "yes or no?"
        scene.heard = Text(1, "oui", "SM1") if heard else None
        bring_about(OptIn("offers", proof), scene)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("ours", "proof", "heard", "story"),
    [
        (PARIS, "double", True, ["* out", "* lifted", "offers in"]),
        (PARIS, "single", True, ["* out", "offers refused"]),  # after a STOP only a double opt-in counts
        (BOSTON, "double", True, ["* out", "offers refused"]),  # here the carrier blocks us until their START
        (PARIS, "double", False, ["* out", "offers refused"]),  # nobody is opted in but by their own words
    ],
)
def test_an_opt_in_after_a_stop_counts_only_doubled_and_in_their_own_words(
    house: House, ours: str, proof: str, heard: bool, story: list[str]
) -> None:
    """Whatever does not count is in the story too, as refused."""
    texts(house, "STOP")
    opt_in(house, ours, proof, heard=heard)
    assert house.story("Bo") == story
    assert ("consent offers in (double)" in house.truths("Bo")) == (story[-1] == "offers in")


# Whose numbers it tells


def test_the_ledger_and_the_list_of_the_stopped_tell_nobodys_number(house: House) -> None:
    """Neither in the clear nor as a hash that could be found by trying all numbers: only with the key."""
    texts(house, *JOINED, "STOP")
    number = PEOPLE["Bo"]
    with house.runtime.read() as connection:
        rows = [*connection.execute(select(ConsentEvent.__table__)), *connection.execute(select(Suppression.__table__))]
        listed = connection.execute(select(Suppression.digest, Suppression.key_id)).one()
    written = " ".join(str(value) for row in rows for value in row)
    for shape in (number, number[1:], number[3:], "0" + number[3:]):
        assert shape not in written
    key = house.runtime.suppression_key
    assert listed == (ledger.digest(key, number), key_id(key))
    assert ledger.digest(b"another key", number) != listed.digest
    assert key.hex() not in written and house.runtime.settings.secret_key.get_secret_value() not in written


def test_whoever_stopped_is_known_by_the_number_alone(house: House) -> None:
    """The list has no need of the contact's row: it outlives an erasure."""
    texts(house, "STOP")
    with house.runtime.begin() as connection:
        connection.execute(text("DELETE FROM contact"))
    texts(house, "AVIS")
    assert "consent * out" in house.truths("Bo")
    assert house.received("Bo") == ["ACME : vous ne recevrez plus nos SMS. START pour revenir."]
