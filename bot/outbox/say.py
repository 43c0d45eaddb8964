"""What we say, written down: the answer to the text just received, and all that leaves later."""

from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, insert, select, update

from bot.carriers import Reply
from bot.catalogue import Catalogue
from bot.consent import gate
from bot.contacts import lock, standing
from bot.effects import Scene
from bot.runtime import Runtime
from bot.text.clean import cut
from models import Message

ANSWERED_FOR = timedelta(seconds=20)  # after a reply in the response: the carrier has called back, or it is asked

ADD = insert(Message.__table__).returning(Message.__table__.c.id)


def answers_stop(catalogue: Catalogue, ours: str) -> bool:
    """Whether on this number of ours STOP is answered by us, not by the carrier."""
    sender = catalogue.senders.get(ours)
    return sender is not None and sender.opt_out == "self"


def answer(scene: Scene, kind: str = "reply") -> Reply | None:
    """What the turn says to the text just received: a row in state `answered`, and the reply for the response.

    A turn says one text. What is too long for one leaves as a further one, by `deliver`.
    """
    body = "\n".join(scene.says)
    if scene.heard is None or not (body or scene.media):
        return None
    if scene.suppressed and scene.opt_in_asked:
        kind = "compliance"  # the question of a double opt-in, to someone who texts a joining keyword after a STOP
    verdict, kept = _judge(scene, kind)
    first = cut(body)
    row = _row(scene, kind, first, f"r:{scene.heard.message_id}:1", kept)
    if not isinstance(verdict, gate.Go):
        scene.connection.execute(ADD, {**row, "state": "refused", "why": kept["why"]})
        return None
    marked = {"state": "answered", "marked_at": row["made_at"], "lease_until": row["made_at"] + ANSWERED_FOR}
    message_id = scene.connection.execute(ADD, {**row, **marked}).scalar_one()
    _say_rest(scene, kind, body[len(first) :], f"r:{scene.heard.message_id}")
    return Reply(message_id, first, tuple(scene.media))


def say(scene: Scene, kind: str, cause: str, conversation_id: int | None = None) -> None:
    """What the turn says when nobody has just written: rows in state `ready`. The gate judges them when they leave."""
    body = "\n".join(scene.says)
    if not (body or scene.media):
        return
    first = cut(body)
    row = _row(scene, kind, first, cause, None)
    scene.connection.execute(
        ADD, {**row, "state": "ready", "not_before": row["made_at"], "conversation_id": conversation_id}
    )
    _say_rest(scene, kind, body[len(first) :], cause)


def stored_answer(runtime: Runtime, connection: Connection, message_in: int, contact_id: int) -> Reply | None:
    """The reply to a text, again, for the carrier whose first fetch of it failed. Once: a second copy gets nothing.

    A reply that was never fetched is found missing in the carrier's list and sent by `deliver`.
    """
    contact = lock(connection, contact_id)
    row = connection.execute(
        select(Message.__table__).where(
            Message.cause == f"r:{message_in}:1", Message.state.in_(("answered", "unknown")), Message.attempts == 0
        )
    ).one_or_none()
    if contact is None or row is None or row.sid is not None:
        return None
    stand = standing(connection, contact, runtime.suppression_key, row.at)
    if stand.suppressed and row.kind != "compliance":
        return None
    now = runtime.machine_now()
    again = {"state": "answered", "attempts": 1, "marked_at": now, "lease_until": now + ANSWERED_FOR}
    connection.execute(update(Message).where(Message.id == row.id).values(**again))
    return Reply(row.id, row.body, tuple(row.media))


def _say_rest(scene: Scene, kind: str, rest: str, cause: str) -> None:
    number = 2
    while rest:
        body = cut(rest)
        rest = rest[len(body) :]
        row = _row(scene, kind, body, f"{cause}:{number}", None)
        later = row["made_at"] + timedelta(seconds=2 * number)  # so that the parts arrive in order
        scene.connection.execute(ADD, {**row, "media": [], "state": "ready", "not_before": later})
        number += 1


def _row(scene: Scene, kind: str, body: str, cause: str, verdict: dict[str, Any] | None) -> dict[str, Any]:
    return {
        "contact_id": scene.contact.id, "direction": "out", "kind": kind, "cause": cause, "ours": scene.ours,
        "theirs": scene.contact.phone, "body": body, "media": list(scene.media), "topic": scene.topic,
        "account": scene.runtime.settings.twilio_account_sid, "at": scene.now,
        "made_at": scene.runtime.machine_now(), "verdicts": [verdict] if verdict else [],
    }  # fmt: skip


def _judge(scene: Scene, kind: str) -> tuple[gate.Verdict, dict[str, Any]]:
    facts = gate.Facts(
        kind=kind,
        sample=scene.contact.sample,
        simulated=scene.runtime.carrier.is_simulated,
        suppressed=scene.suppressed,
        replies_in_hour=scene.replies_in_hour,
    )
    verdict = gate.judge(facts)
    return verdict, {"at": scene.now.isoformat(), **gate.record(verdict, facts)}
