"""Conversations: opened by a keyword, moved on by a text or an alarm, one listening per contact.

The engine says what should happen; this page writes it down: the conversation's row, its one alarm, and the effects.
"""

import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, bindparam, or_, select, update

from bot import outbox
from bot.alarms import set_alarm, take
from bot.catalogue import catalogue
from bot.consent.ledger import Ledger
from bot.contacts import head_of, holds, lock, standing
from bot.effects import Said, Scene, apply
from bot.runtime import Runtime
from bot.text.parsers import PARSERS
from dialogs import effects
from dialogs.compile import Compiled
from dialogs.engine import MAX_OPENED, Turn, start, step
from dialogs.events import Event, Expired, Heard, Returned, Woke
from dialogs.ground import Ground
from keywords.text import fold
from models import Conversation, Message, insert

log = logging.getLogger(__name__)

CONVERSATION = Conversation.__table__
BEGIN = insert(CONVERSATION).returning(CONVERSATION.c.id)
MOVE = (
    update(CONVERSATION)
    .where(CONVERSATION.c.id == bindparam("conversation_id"))
    .values({name: bindparam(name) for name in ("status", "step", "memory", "outcome", "asked")})
)
NEVER_LEFT = ("ready", "held", "refused", "failed")
MESSAGE = Message.__table__
ASKED = (
    select(MESSAGE.c.state, MESSAGE.c.at)
    .where(MESSAGE.c.contact_id == bindparam("contact_id"), MESSAGE.c.conversation_id == bindparam("conversation_id"))
    .where(MESSAGE.c.direction == "out")
    .order_by(MESSAGE.c.id.desc())
    .limit(1)
)
BY_CAMPAIGN = "campaign "  # how the key of a conversation begins whose first text answers a campaign
BY_STAFF = "ended by staff"  # an outcome
TRY_AGAIN_FOR = timedelta(minutes=1)  # a dialog that wants to listen while another listens asks again after this


@dataclass(frozen=True, slots=True)
class Live:
    """A conversation that has not ended."""

    id: int
    dialog: str
    key: str
    version_id: int
    parent_id: int | None
    step: int
    memory: dict[str, Any]
    asked: str
    begun_at: datetime


def listening(row: Any) -> Live | None:
    """The listening conversation in a row of `contacts.standing`."""
    if row.conversation_id is None:
        return None
    return Live(*(getattr(row, f"conversation_{name}") for name in Live.__slots__))


def open_dialog(
    scene: Scene, name: str, key: str = "", parent_id: int | None = None, opening: Heard | None = None
) -> bool:
    """Open the published version of a dialog; `opening`: the text that did, which some dialogs hear. False when there is none.

    What listens now ends, unless it is the one that opens this dialog and waits for it; so does an earlier run of the same.
    """
    version_id = scene.catalogue.published.get(name)
    scene.opened += 1
    if version_id is None or scene.opened > MAX_OPENED:
        log.error("dialog %s cannot be opened: not published, or dialogs open each other in a circle", name)
        scene.for_person = True
        return False
    dialog = scene.catalogue.version(scene.connection, version_id)
    over = _end(scene, (Conversation.dialog == name) & (Conversation.key == key), Conversation.status == "listening")
    while over := over - {parent_id}:  # whoever opened what ended will not be returned to
        over = _end(scene, Conversation.id.in_(over))
    turn = start(dialog, _ground(scene), opening=opening)
    row = {
        "contact_id": scene.contact.id, "dialog": name, "key": key, "version_id": version_id, "parent_id": parent_id,
        "ours": scene.ours, "begun_at": scene.now,
    }  # fmt: skip
    asked = _bring_about(scene, dialog, turn)
    conversation_id = scene.connection.execute(BEGIN, {**row, **_columns(turn), "asked": asked}).scalar_one()
    _go_on(scene, conversation_id, parent_id, turn)
    return True


def end_listening(connection: Connection, contact_id: int) -> str | None:
    """End what waits for the contact's answer, and those that had opened it; its name. The contact is locked."""
    columns = (Conversation.id, Conversation.dialog, Conversation.parent_id)
    theirs = (Conversation.contact_id == contact_id) & (Conversation.status == "listening")
    found = row = connection.execute(select(*columns).where(theirs)).one_or_none()
    while row is not None:
        connection.execute(update(Conversation).where(Conversation.id == row.id).values(status="ended", outcome=BY_STAFF))
        above = (Conversation.id == row.parent_id) & (Conversation.status == "calling")
        row = connection.execute(select(*columns).where(above)).one_or_none()
    return found.dialog if found is not None else None


def begins(scene: Scene, dialog: Compiled) -> str:
    """The state in which a dialog would first rest with this contact."""
    return str(start(dialog, _ground(scene)).memory["state"])


def answer(scene: Scene, name: str, key: str, asked: str) -> bool:
    """Open a dialog to which the text just heard is the first answer: `asked` has stood for its own first words.

    A dialog that does not begin by listening is opened as by a keyword. False when there is none.
    """
    assert scene.heard is not None
    version_id = scene.catalogue.published.get(name)
    if version_id is None:
        return False
    dialog = scene.catalogue.version(scene.connection, version_id)
    if not start(dialog, _ground(scene)).listening:
        return open_dialog(scene, name, key)
    before = len(scene.says)
    open_dialog(scene, name, key)
    del scene.says[before:]
    mine = (Conversation.contact_id == scene.contact.id) & (Conversation.status == "listening")
    row = scene.connection.execute(select(Conversation.__table__).where(mine)).one()
    live = replace(Live(*(getattr(row, column) for column in Live.__slots__)), asked=asked)
    _move(scene, live, heard_of(scene.heard.body, scene.heard.media))
    return True


def heard(scene: Scene, live: Live, text: Heard, question: str | None) -> None:
    """The listening dialog hears what the contact wrote.

    `question`: the state of the message that carried its question. If that never left, the text cannot be its answer: it
    is asked (again), and nothing else happens.
    """
    if question not in NEVER_LEFT or not live.asked:
        _move(scene, live, text)
        return
    dialog = scene.catalogue.version(scene.connection, live.version_id)
    asks = live.memory["state"] in dialog.asks_opt_in
    scene.conversation_id, scene.topic = live.id, dialog.about(live.memory)
    scene.says.append(Said(live.asked, (), dialog.kind, scene.topic, asks))


def ring_wake(runtime: Runtime, connection: Connection, alarm: Any) -> None:
    """A wait is over."""
    _ring(runtime, connection, alarm, Woke())


def ring_expire(runtime: Runtime, connection: Connection, alarm: Any) -> None:
    """The contact has been silent for too long."""
    _ring(runtime, connection, alarm, Expired())


def _ring(runtime: Runtime, connection: Connection, alarm: Any, event: Event) -> None:
    """One conversation, moved by time.

    1. Lock the contact, then take the alarm: another clock may have been faster, a text may have come first.
    2. Step the dialog. If it wants to listen while another dialog listens, nothing has happened: try again later.
    3. Its says leave by the outbox.
    """
    found = connection.execute(select(Conversation.__table__).where(Conversation.id == alarm.subject)).one_or_none()
    contact = lock(connection, found.contact_id) if found else None
    now = runtime.now(connection)
    if not take(connection, alarm, now) or found is None or contact is None:
        return
    row = connection.execute(select(Conversation.__table__).where(Conversation.id == found.id)).one()
    if row.status not in ("listening", "waiting") or row.step != alarm.version:
        return
    stand = standing(connection, contact, runtime.suppression_key, now)
    live = Live(*(getattr(row, name) for name in Live.__slots__))
    book = Ledger(connection, contact, runtime.suppression_key, head_of(stand))
    shop = catalogue(connection, stand.revision)
    scene = Scene(runtime, connection, shop, contact, now, row.ours, book, bool(stand.suppressed))
    if isinstance(event, Expired) and (until := _silent_until(scene, live)) > now:
        set_alarm(connection, alarm.kind, live.id, alarm.version, until)
        return
    busy = stand.conversation_id not in (None, live.id)
    if not _move(scene, live, event, busy):
        set_alarm(connection, alarm.kind, live.id, alarm.version, now + TRY_AGAIN_FOR)
        return
    scene.save()
    outbox.say(scene, f"a:{live.id}:{live.step + 1}")


def _silent_until(scene: Scene, live: Live) -> datetime:
    """When whoever is silent has been so for too long: it counts from when the question has left, which may still wait.

    While a person answers, the dialog is silent too.
    """
    if scene.contact.with_staff_until is not None and scene.contact.with_staff_until > scene.now:
        until: datetime = scene.contact.with_staff_until
        return until
    asked = scene.connection.execute(ASKED, {"contact_id": scene.contact.id, "conversation_id": live.id}).first()
    expires = scene.catalogue.version(scene.connection, live.version_id).expires
    if asked is None or expires is None or asked.state in ("refused", "failed"):
        return scene.now
    return expires + (scene.now if asked.state in ("ready", "held") else asked.at)


def _move(scene: Scene, live: Live, event: Event, busy: bool = False) -> bool:
    """Step a conversation. False, and nothing done, when it would listen while another one does."""
    dialog = scene.catalogue.version(scene.connection, live.version_id)
    scene.asked = live.asked
    turn = step(dialog, live.memory, event, _ground(scene))
    if busy and (turn.listening or turn.calling or (turn.ended and live.parent_id is not None)):
        return False
    asked = _bring_about(scene, dialog, turn)
    if turn.memory["tries"] and live.asked not in asked:
        asked = f"{live.asked}\n{asked}".strip()  # asked again in other words: both are what an answer answers
    asked = asked or live.asked
    scene.connection.execute(MOVE, {"conversation_id": live.id, **_columns(turn), "asked": asked})
    _go_on(scene, live.id, live.parent_id, turn)
    return True


def _bring_about(scene: Scene, dialog: Compiled, turn: Turn) -> str:
    """The effects of a turn. Returns what it said."""
    scene.kind, scene.topic, scene.asks_opt_in = dialog.kind, dialog.about(turn.memory), dialog.asks_opt_in
    scene.answers = turn.memory["values"]
    before = len(scene.says)
    apply(scene, turn.effects)
    return "\n".join(said.words for said in scene.says[before:] if said.words)


def _go_on(scene: Scene, conversation_id: int, parent_id: int | None, turn: Turn) -> None:
    """After a turn: its alarm, the dialog that it opens, or the one that it returns to."""
    number, scene.conversation_id = turn.memory["step"], conversation_id
    if turn.waiting and turn.wake_in is not None:
        set_alarm(scene.connection, "wake", conversation_id, number, scene.now + turn.wake_in)
    elif turn.listening and turn.expire_in is not None:
        set_alarm(scene.connection, "expire", conversation_id, number, scene.now + turn.expire_in)
    opens = next((effect for effect in turn.effects if isinstance(effect, effects.Open)), None)
    if opens is not None and not open_dialog(scene, opens.dialog, opens.key, conversation_id):
        _return_to(scene, conversation_id)
    if turn.ended and parent_id is not None:
        _return_to(scene, parent_id)


def _return_to(scene: Scene, conversation_id: int) -> None:
    row = scene.connection.execute(
        select(Conversation.__table__).where(Conversation.id == conversation_id, Conversation.status == "calling")
    ).one_or_none()
    if row is not None:
        _move(scene, Live(*(getattr(row, name) for name in Live.__slots__)), Returned())


def _columns(turn: Turn) -> dict[str, Any]:
    status = "listening" if turn.listening else "waiting" if turn.waiting else "calling" if turn.calling else "ended"
    outcome = next((effect.outcome for effect in turn.effects if isinstance(effect, effects.Finish)), None)
    return {"status": status, "step": turn.memory["step"], "memory": turn.memory, "outcome": outcome}


def _end(scene: Scene, *which: Any) -> set[int]:
    """Returns the ids of those that had opened what has ended."""
    live = (Conversation.contact_id == scene.contact.id) & (Conversation.status != "ended")
    ended = update(Conversation).where(live, or_(*which)).values(status="ended").returning(Conversation.parent_id)
    return {parent_id for parent_id in scene.connection.scalars(ended) if parent_id is not None}


def _ground(scene: Scene) -> Ground:
    zone = ZoneInfo(scene.contact.zone or scene.catalogue.shop.zone)
    return Ground(
        holds=holds(scene.connection, scene.contact.id, scene.suppressed),
        parsers=PARSERS,
        language=scene.language,
        country=scene.contact.country or scene.catalogue.shop.country,
        today=scene.now.astimezone(zone).date(),
        topics=scene.catalogue.topic_names,
    )


def heard_of(body: str, media: tuple[str, ...]) -> Heard:
    """A text as dialogs hear it."""
    return Heard(body, fold(body), media)
