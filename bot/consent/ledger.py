"""The ledger of consent: what was agreed to, refused and taken back, in order, chained so that nothing can be slipped in.

A link's hash covers the hash before it and a canonical form of the row. The row holds a random person key and the hash of
a proof; the proof itself (wording, text, number) can be erased without touching the chain.
"""

import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select, update

from bot.runtime import key_id
from models import ConsentEvent, ConsentProof, Conversation, Message, Subscription, Suppression, Thread, insert

START_OF_CHAIN = "0" * 64
EVERYTHING = "*"
CARRIER = "carrier"  # the source of what the carrier has told us of a contact

STORY = (
    select(ConsentEvent.__table__, ConsentProof.wording, ConsentProof.text)
    .outerjoin(ConsentProof, ConsentProof.event_id == ConsentEvent.id)
    .where(ConsentEvent.person == bindparam("person"))
)
_head = select(ConsentEvent.seq, ConsentEvent.hash).order_by(ConsentEvent.seq.desc()).limit(1)


@dataclass(frozen=True, slots=True)
class Proof:
    """What was shown and what was answered, as it can be shown to an authority."""

    wording: str
    text: str
    sid: str | None
    source: str  # text | dialog | carrier | sample, or what `outside` was told


@lru_cache(maxsize=2_000)  # who is judged is judged again when their text leaves, a moment later
def digest(key: bytes, phone: str) -> str:
    """A number as it stands in the suppression list."""
    return hmac.digest(key, phone.encode(), "sha256").hex()


class Ledger:
    """One person's chain of events, and what follows from it. The caller holds the contact's row lock.

    `head` is the last link, (seq, hash), when the caller has just read it; `key` is that of the suppression list;
    `waits`: they may be waiting for a person.
    """

    def __init__(
        self, connection: Connection, contact: Any, key: bytes, head: tuple[int, str] | None = None, *, waits: bool = True
    ) -> None:
        self.connection, self.contact, self.key, self.head, self.waits = connection, contact, key, head, waits

    def append(self, topic: str, change: str, proof: Proof, at: datetime) -> int:
        """Add one event (in, out, lifted, refused) and its proof. Returns the event's id."""
        seq, prev_hash = self.head or self._last()
        kept = {"wording": proof.wording, "text": proof.text, "sid": proof.sid, "phone": self.contact.phone,
                "salt": secrets.token_hex(8)}  # fmt: skip
        row = {
            "person": self.contact.person,
            "seq": seq + 1,
            "topic": topic,
            "change": change,
            "source": proof.source,
            "at": at,
            "proof_hash": _hash(kept),
            "prev_hash": prev_hash,
        }
        self.head = (seq + 1, _hash(row))
        event = insert(ConsentEvent).values(**row, hash=self.head[1]).returning(ConsentEvent.id)
        event_id: int = self.connection.execute(event).scalar_one()
        self.connection.execute(insert(ConsentProof).values(event_id=event_id, **kept))
        return event_id

    def opt_in(self, topic: str, proof: Proof, at: datetime, strength: str) -> int:
        """The contact is in for a topic; strength is single or double."""
        return self._subscribe(topic, "in", proof, at, strength)

    def opt_out(self, topic: str, proof: Proof, at: datetime) -> int:
        """The contact is out of one topic; other topics stay as they are."""
        return self._subscribe(topic, "out", proof, at, "single")

    def stop(self, proof: Proof, at: datetime) -> int:
        """Out of everything, however it was said: one event and a suppression; no conversation goes on.

        Subscriptions stay, so that a START restores them and nothing else.
        """
        event_id = self.append(EVERYTHING, "out", proof, at)
        row = {"digest": self.digest, "key_id": key_id(self.key), "event_id": event_id, "at": at}
        self.connection.execute(insert(Suppression).values(**row).on_conflict_do_nothing())
        self.end_talks()
        self.supersede()
        return event_id

    def lift(self, proof: Proof, at: datetime) -> int:
        """The person's own START: what was in force before is in force again, nothing else."""
        event_id = self.append(EVERYTHING, "lifted", proof, at)
        self.connection.execute(delete(Suppression).where(Suppression.digest == self.digest))
        return event_id

    def end_talks(self) -> None:
        """End every conversation of the contact and their wait for a person. Their alarms ring for nobody."""
        theirs = update(Conversation).where(Conversation.contact_id == self.contact.id, Conversation.status != "ended")
        self.connection.execute(theirs.values(status="ended"))
        if self.waits:
            thread = update(Thread).where(Thread.contact_id == self.contact.id, Thread.waits_since.is_not(None))
            self.connection.execute(thread.values(waits_since=None))

    def supersede(self, *, only_questions: bool = False) -> None:
        """A STOP or START makes earlier confirmations and opt-in questions untrue: those still on their way do not go."""
        which = (Message.conversation_id.is_not(None),) if only_questions else ()
        open_ones = update(Message).where(
            Message.contact_id == self.contact.id, Message.direction == "out", Message.kind == "compliance",
            Message.state.in_(("ready", "answered", "unknown", "held")), *which,
        )  # fmt: skip
        self.connection.execute(open_ones.values(state="refused", why="superseded"))

    def suppressed(self) -> bool:
        """Whether the number is on the list of those who must not be texted."""
        return self.connection.execute(select(Suppression.digest).where(Suppression.digest == self.digest)).first() is not None

    def subscriptions(self) -> dict[str, Any]:
        """The state of each topic that the contact has said something about, but for a STOP."""
        mine = select(Subscription.topic, Subscription.state).where(Subscription.contact_id == self.contact.id)
        return {row.topic: row.state for row in self.connection.execute(mine)}

    def stopped_at_carrier(self, number: str) -> bool:
        """Whether the carrier knows of the last STOP, and blocks this number of ours: it was texted there, or it told us."""
        stopped = (ConsentEvent.person == self.contact.person) & (ConsentEvent.topic == EVERYTHING)
        last = (
            select(ConsentEvent.source, ConsentProof.sid)
            .outerjoin(ConsentProof, ConsentProof.event_id == ConsentEvent.id)
            .where(stopped, ConsentEvent.change == "out")
            .order_by(ConsentEvent.seq.desc())
            .limit(1)
        )
        found = self.connection.execute(last).first()
        if found is None or found.sid is None:
            return found is not None and found.source == CARRIER
        return self.connection.scalar(select(Message.ours).where(Message.sid == found.sid)) == number

    def lifted_since(self, at: datetime) -> bool:
        """Whether the person has taken back a STOP after this instant."""
        mine = (ConsentEvent.person == self.contact.person) & (ConsentEvent.topic == EVERYTHING)
        last = select(ConsentEvent.change, ConsentEvent.at).where(mine).order_by(ConsentEvent.seq.desc()).limit(1)
        found = self.connection.execute(last).first()
        return found is not None and found.change == "lifted" and found.at > at

    @property
    def digest(self) -> str:
        """The contact's number as it stands in the suppression list."""
        return digest(self.key, self.contact.phone)

    def _last(self) -> tuple[int, str]:
        last = self.connection.execute(_head.where(ConsentEvent.person == self.contact.person)).first()
        return (last.seq, last.hash) if last else (0, START_OF_CHAIN)

    def _subscribe(self, topic: str, state: str, proof: Proof, at: datetime, strength: str) -> int:
        event_id = self.append(topic, state, proof, at)
        now = {"state": state, "proof": strength, "event_id": event_id, "at": at}
        row = insert(Subscription).values(contact_id=self.contact.id, topic=topic, **now)
        self.connection.execute(row.on_conflict_do_update(index_elements=["contact_id", "topic"], set_=now))
        return event_id


def story(connection: Connection, contact: Any) -> list[Any]:
    """The contact's events in order, each with its proof where that was not erased."""
    return list(connection.execute(STORY.order_by(ConsentEvent.seq), {"person": contact.person}))


def latest(connection: Connection, contact: Any, before: int | None, limit: int) -> list[Any]:
    """The contact's last events, the newest first, or those before that seq; else as `story`."""
    rows = STORY if before is None else STORY.where(ConsentEvent.seq < before)
    return list(connection.execute(rows.order_by(ConsentEvent.seq.desc()).limit(limit), {"person": contact.person}))


def broken_link(connection: Connection, person: str) -> int | None:
    """The seq of the first event whose hash, predecessor or proof is not what it was when written; None when all hold."""
    query = (
        select(ConsentEvent.__table__, ConsentProof.__table__)
        .outerjoin(ConsentProof, ConsentProof.event_id == ConsentEvent.id)
        .where(ConsentEvent.person == person)
        .order_by(ConsentEvent.seq)
    )
    prev_hash = START_OF_CHAIN
    for seq, row in enumerate(connection.execute(query).mappings(), start=1):
        link = {
            name: row[name] for name in ("person", "seq", "topic", "change", "source", "at", "proof_hash", "prev_hash")
        }
        kept = {name: row[name] for name in ("wording", "text", "sid", "phone", "salt")}
        erased = row["salt"] is None
        if link["seq"] != seq or link["prev_hash"] != prev_hash or _hash(link) != row["hash"]:
            return seq
        if not erased and _hash(kept) != link["proof_hash"]:
            return seq
        prev_hash = row["hash"]
    return None


def _hash(row: dict[str, Any]) -> str:
    def plain(value: Any) -> Any:
        return value.astimezone(UTC).isoformat(timespec="microseconds") if isinstance(value, datetime) else value

    canonical = json.dumps({name: plain(value) for name, value in row.items()}, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()
