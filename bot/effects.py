"""What a dialog asked for, brought about: each effect is a function on the scene of the turn. They only write rows.

The scene is one contact in one transaction, their row locked: what the turn knows of them and what it has gathered so far.
"""

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from functools import singledispatch
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from sqlalchemy import Connection, delete, func, select, update

from bot.alarms import set_alarm
from bot.catalogue import Catalogue, in_language
from bot.consent.hours import zones
from bot.consent.ledger import Ledger, Proof
from bot.contacts import await_person, language
from bot.runtime import Runtime
from bot.text.merge import render
from dialogs import effects
from dialogs.topics import menu
from models import Contact, ContactTag, Message, insert
from models.field import fits, kept

log = logging.getLogger(__name__)

WITH_STAFF_FOR = timedelta(hours=24)  # after that long without word from staff, dialogs answer again


@dataclass(frozen=True, slots=True)
class Text:
    """A text of the contact, as it was recorded."""

    message_id: int
    body: str
    sid: str
    media: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Said:
    """Words of a dialog, of which kind and topic, and whether they ask the question of a double opt-in."""

    words: str
    media: tuple[str, ...] = ()
    kind: str = "reply"
    topic: str | None = None
    asks: bool = False


@dataclass(slots=True)
class Scene:
    """One contact in one turn."""

    runtime: Runtime
    connection: Connection
    catalogue: Catalogue
    contact: Any  # their row, locked
    now: datetime  # business time
    ours: str  # the number of ours that they talk to
    ledger: Ledger
    suppressed: bool
    heard: Text | None = None
    replies_in_hour: int = 0  # automatic ones, before this turn
    at_fallback: bool = False  # the carrier asks a second time, at the fallback address
    # of the conversation under way
    conversation_id: int | None = None
    kind: str = "reply"
    topic: str | None = None
    asked: str = ""
    answers: dict[str, Any] = field(default_factory=dict)
    asks_opt_in: Collection[str] = ()  # states that ask the question of a double opt-in
    # what the turn gathers
    says: list[Said] = field(default_factory=list)
    refused: dict[str, Any] | None = None  # the gate's verdict, when nothing of it may be said
    opened: int = 0  # dialogs
    for_person: bool = False
    note: str | None = None  # what the dialog says to the person who takes over
    changes: dict[str, Any] = field(default_factory=dict)  # columns of the contact

    @property
    def language(self) -> str:
        """What to talk to them in, right now."""
        languages: list[str] = self.catalogue.shop.languages
        chosen: str | None = self.changes.get("language")
        return chosen if chosen in languages else language(self.contact, languages)

    def context(self, words: str = "") -> dict[str, Any]:
        """What merge tags in these words can say: plain data only."""
        known = {**self.contact.values, **self.changes.get("values", {})}
        said = {**self.catalogue.context(self.language, self.topic, self.ours, known), "answers": self.answers}
        if "topics" in words:  # asked of the database only then
            mine = {} if self.suppressed else self.ledger.subscriptions()
            said["topics"] = menu(self.catalogue.topic_names, self.language, lambda slug: mine.get(slug) == "in")
        return said

    def save(self) -> None:
        """Write what changed about the contact, if anything did, and show their last text to a person if need be."""
        if self.for_person:
            texts = select(func.max(Message.id)).where(Message.contact_id == self.contact.id, Message.direction == "in")
            last = update(Message).where(Message.id == texts.scalar_subquery())
            self.connection.execute(last.values(for_person=True, **({"why": self.note} if self.note else {})))
            await_person(self.connection, self.contact.id, self.now)
        changed = {name: value for name, value in self.changes.items() if value != getattr(self.contact, name)}
        if changed:
            self.connection.execute(update(Contact).where(Contact.id == self.contact.id).values(**changed))


def apply(scene: Scene, wanted: Sequence[effects.Effect]) -> None:
    """Bring the effects about, in order."""
    for effect in wanted:
        bring_about(effect, scene)


@singledispatch
def bring_about(effect: effects.Effect, scene: Scene) -> None:
    """Effects without a function here (Wake, Expire, Open, Finish) belong to the conversation: `talk` sees to them."""


@bring_about.register
def _say(effect: effects.Say, scene: Scene) -> None:
    words = in_language(effect.words, scene.language, scene.catalogue.shop.languages[0])
    said = render(words, scene.context(words)) if words else ""
    if said or effect.media:
        scene.says.append(Said(said, effect.media, scene.kind, scene.topic, effect.state in scene.asks_opt_in))


@bring_about.register
def _remember(effect: effects.Remember, scene: Scene) -> None:
    if effect.name == "language" or (effect.name == "zone" and effect.value in available_timezones()):
        scene.changes[effect.name] = effect.value
    elif effect.name == "zone":
        log.warning("a dialog remembered a time zone that does not exist: nothing is changed")
    elif fits(type_ := scene.catalogue.fields.get(effect.name, "text"), effect.value):
        known = scene.changes.get("values", scene.contact.values)
        value = effect.value if type_ == "text" else kept(type_, effect.value)  # a text may be a number that was heard
        scene.changes["values"] = {**known, effect.name: value}
    else:
        log.warning("a dialog remembered what does not fit the field %s: nothing is changed", effect.name)


@bring_about.register
def _tag(effect: effects.Tag, scene: Scene) -> None:
    row = insert(ContactTag).values(contact_id=scene.contact.id, tag=effect.name)
    scene.connection.execute(row.on_conflict_do_nothing())


@bring_about.register
def _untag(effect: effects.Untag, scene: Scene) -> None:
    mine = (ContactTag.contact_id == scene.contact.id) & (ContactTag.tag == effect.name)
    scene.connection.execute(delete(ContactTag).where(mine))


@bring_about.register
def _opt_in(effect: effects.OptIn, scene: Scene) -> None:
    """Only the contact's own words opt in; after a STOP only a double opt-in does, and only where we answer STOP ourselves."""
    proof, now = _proof(scene), scene.now
    lifts = scene.suppressed and scene.catalogue.answers_stop(scene.ours) and effect.proof == "double"
    unasked = effect.proof == "double" and not scene.asked
    topic = scene.catalogue.topics.get(effect.topic)  # which may have gone since it was offered, or need a second yes since
    enough = topic is not None and (effect.proof == "double" or topic.proof == "single")
    if scene.heard is None or unasked or not enough or (scene.suppressed and not lifts):
        scene.ledger.append(effect.topic, "refused", proof, now)
        return
    if lifts:
        scene.ledger.lift(proof, now)
        scene.suppressed = False
    scene.ledger.opt_in(effect.topic, proof, now, effect.proof)


@bring_about.register
def _opt_out(effect: effects.OptOut, scene: Scene) -> None:
    scene.ledger.opt_out(effect.topic, _proof(scene), scene.now)


@bring_about.register
def _pause(effect: effects.Pause, scene: Scene) -> None:
    if isinstance(effect.until, timedelta):
        until = scene.now + effect.until
    else:  # the day has begun wherever they may be
        where = zones(scene.contact.phone, scene.contact.zone, scene.catalogue.shop.zone)
        until = max(datetime.combine(effect.until, time(), ZoneInfo(zone)).astimezone(UTC) for zone in where)
    _wish(scene, paused_until=until)


@bring_about.register
def _slow_down(effect: effects.SlowDown, scene: Scene) -> None:
    """Whoever already gets fewer gets no more because of it."""
    before: int = scene.changes.get("one_in_days", scene.contact.one_in_days) or 0
    _wish(scene, one_in_days=max(effect.every.days, before))


@bring_about.register
def _as_usual(_: effects.AsUsual, scene: Scene) -> None:
    _wish(scene, paused_until=None, one_in_days=None)


def _wish(scene: Scene, **wanted: Any) -> None:
    """They want it otherwise from now on; what waits because of an earlier wish is judged anew."""
    if scene.contact.paused_until is not None or scene.contact.one_in_days is not None:
        set_alarm(scene.connection, "wish", scene.contact.id, 0, scene.now)
    scene.changes |= wanted


@bring_about.register
def _hand_over(effect: effects.HandOver, scene: Scene) -> None:
    scene.changes["with_staff_until"] = scene.now + WITH_STAFF_FOR
    scene.for_person, scene.note = True, effect.note or None


def _proof(scene: Scene) -> Proof:
    text = scene.heard
    return Proof(scene.asked, text.body if text else "", text.sid if text else None, "text" if text else "dialog")
