"""What we say, written down: the answer to the text just received, and all that leaves later."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, insert, select, update

from bot.carriers import Reply
from bot.consent import gate
from bot.contacts import lock, standing
from bot.effects import Said, Scene
from bot.runtime import Runtime
from bot.text.clean import cut
from bot.text.parts import measure
from models import IS_HALTED, Message
from models.message import CONFIRMS

ANSWERED_FOR = timedelta(seconds=20)  # after a reply in the response: the carrier has called back, or it is asked

MESSAGE = Message.__table__
ADD = insert(MESSAGE).returning(MESSAGE.c.id)
ANSWER = insert(MESSAGE).returning(MESSAGE.c.id, IS_HALTED.label("is_halted"))


def answer(scene: Scene, kind: str = "reply") -> Reply | None:
    """What the turn says to the text just received: a row in state `answered`, and the reply for the response.

    A turn says one text; what is too long for one leaves as a further one, by `deliver`. After a STOP only the question of
    a double opt-in may be said, as `compliance`, and nothing beside it. While all sending is halted what is said waits, as
    `ready`, unless it was to be `compliance`: the law wants a STOP confirmed. Such a row CONFIRMS, whoever sends it in the end.
    """
    goes_anyway = kind == "compliance"
    says = scene.says
    if scene.suppressed and kind != "compliance" and any(said.asks for said in says):
        kind, says = "compliance", [said for said in says if said.asks]
    body, media = _joined(says)
    if scene.heard is None or not (body or media):
        return None
    verdict, kept = judge(scene, kind)
    first, cause = cut(body), f"r:{scene.heard.message_id}"
    row = _row(scene, kind, scene.topic, first, media, f"{cause}:1", scene.conversation_id)
    row["verdicts"] = [kept]
    if not isinstance(verdict, gate.Go):
        scene.connection.execute(ADD, {**row, "state": "refused", "why": kept["why"]})
        scene.refused = kept
        return None
    # The fallback address is answered once: a reply that was born there has had its turn.
    marked = {"state": "answered", "marked_at": row["made_at"], "attempts": int(scene.at_fallback)}
    marked["lease_until"] = row["made_at"] + ANSWERED_FOR
    message_id, is_halted = scene.connection.execute(ANSWER, {**row, **marked}).one()
    _say_rest(scene, row, body[len(first) :], cause)
    if is_halted and not goes_anyway:
        waits = {"state": "ready", "not_before": row["made_at"], "marked_at": None, "lease_until": None, "attempts": 0}
        scene.connection.execute(update(MESSAGE).where(MESSAGE.c.id == message_id).values(**waits))
        return None
    return Reply(message_id, first, tuple(media))


def say(scene: Scene, cause: str) -> None:
    """What the turn says when nobody has just written: rows in state `ready`, which the gate judges when they leave.

    One text for each kind and topic: what one dialog may say is no licence for another one that it opens.
    """
    groups: dict[tuple[str, str | None], list[Said]] = {}
    for said in scene.says:
        groups.setdefault((said.kind, said.topic), []).append(said)
    for number, ((kind, topic), says) in enumerate(groups.items(), start=1):
        body, media = _joined(says)
        first, name = cut(body), cause if number == 1 else f"{cause}:{number}"
        row = _row(scene, kind, topic, first, media, name, scene.conversation_id)
        scene.connection.execute(ADD, {**row, "state": "ready", "not_before": row["made_at"]})
        _say_rest(scene, row, body[len(first) :], name)


def stored_answer(runtime: Runtime, connection: Connection, message_in: int, contact_id: int) -> Reply | None:
    """The reply to a text, again, for the carrier whose first fetch of it failed. Once: a second copy gets nothing.

    A reply that was never fetched, or is not said again because all sending is halted, is found missing in the carrier's list
    and sent by `deliver`.
    """
    contact = lock(connection, contact_id)
    row = connection.execute(
        select(MESSAGE, CONFIRMS.label("confirms")).where(
            Message.cause == f"r:{message_in}:1", Message.state.in_(("answered", "unknown")), Message.attempts == 0
        )
    ).one_or_none()
    if contact is None or row is None or row.sid is not None:
        return None
    stand = standing(connection, contact, runtime.suppression_key, row.at)
    if stand.suppressed and row.kind != "compliance":
        return None
    if not row.confirms and connection.scalar(select(IS_HALTED)):
        return None
    now = runtime.machine_now()
    again = {"state": "answered", "attempts": 1, "marked_at": now, "lease_until": now + ANSWERED_FOR}
    connection.execute(update(Message).where(Message.id == row.id).values(**again))
    return Reply(row.id, row.body, tuple(row.media))


def _joined(says: Sequence[Said]) -> tuple[str, list[str]]:
    """One text, and the pictures that go with it."""
    return "\n".join(said.words for said in says if said.words), [url for said in says for url in said.media]


def _say_rest(scene: Scene, row: dict[str, Any], rest: str, cause: str) -> None:
    number = 2
    while rest:
        body = cut(rest)
        rest = rest[len(body) :]
        later = row["made_at"] + timedelta(seconds=2 * number)  # so that the parts arrive in order
        part = {"body": body, "parts": measure(body).parts, "media": [], "cause": f"{cause}:part {number}", "verdicts": []}
        scene.connection.execute(ADD, {**row, **part, "state": "ready", "not_before": later})
        number += 1


def _row(
    scene: Scene, kind: str, topic: str | None, body: str, media: list[str], cause: str, conversation_id: int | None
) -> dict[str, Any]:
    return {
        "contact_id": scene.contact.id, "direction": "out", "kind": kind, "cause": cause, "ours": scene.ours,
        "theirs": scene.contact.phone, "body": body, "media": media, "topic": topic,
        "account": scene.runtime.settings.twilio_account_sid, "conversation_id": conversation_id, "at": scene.now,
        "made_at": scene.runtime.machine_now(), "verdicts": [], "parts": measure(body).parts,
    }  # fmt: skip


def judge(scene: Scene, kind: str) -> tuple[gate.Verdict, dict[str, Any]]:
    """Whether something of this kind may be said in this turn, and the verdict as it is kept."""
    facts = gate.Facts(
        kind=kind,
        sample=scene.contact.sample,
        simulated=scene.runtime.carrier.is_simulated,
        suppressed=scene.suppressed,
        replies_in_hour=scene.replies_in_hour,
    )
    verdict = gate.judge(facts)
    return verdict, {"at": scene.now.isoformat(), **gate.record(verdict, facts)}
