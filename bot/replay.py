"""Recorded conversations played again through another version of a dialog: which of them would have gone differently, and how.

What was texted, when, and for how long nothing was, is the record. Both versions are played by the same engine with the same
record, so whatever differs comes from the change. What nobody recorded (which language, tags and fields they had when it began)
is taken as it is now, or as it would have been before this conversation, whichever lets the recorded version say what we said.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from difflib import ndiff
from typing import Any

from sqlalchemy import Connection, Row, func, select

from bot.catalogue import Catalogue, catalogue
from bot.consent.ledger import EVERYTHING
from bot.talk import BY_CAMPAIGN
from bot.tryout import Find, Talk
from dialogs.compile import Compiled, compile
from dialogs.load import load
from dialogs.parts import AddTag, RememberField
from dialogs.transcript import passed
from keywords.text import fold
from models import ConsentEvent, Contact, ContactTag, Conversation, DialogVersion, Message
from models.phone import language_of

PAGE = 200  # conversations played at a time
SHOWN = timedelta(minutes=1)  # time that passes between two texts, from which on it is written down
MOST_TEXTS = 200  # of one conversation
# How a line of a transcript begins → what it is about.
ABOUT = {"<": "answers", "|": "answers", "= consent": "consents", "= tag": "tags", "= not tag": "tags", "= field": "fields",
         "= for a person": "people", "= paused": "preferences", "= one in": "preferences", "= as usual": "preferences",
         "= language": "language"}  # fmt: skip
WHAT = tuple(dict.fromkeys(ABOUT.values()))


@dataclass(frozen=True, slots=True)
class Record:
    """What was recorded of a conversation: texts, each with when it came and whether there was a picture, and our words.

    From `left` on their texts open or answer something else; at `over`, now at the latest, nothing more can happen in it.
    """

    row: Row[Any]
    texts: Sequence[tuple[datetime, str, bool]]
    said: Counter[str]
    left: datetime
    over: datetime


@dataclass(frozen=True, slots=True)
class Then:
    """What may have been so when it began."""

    language: str
    holds: set[tuple[str, str]]
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Replayed:
    """One conversation in both versions, as transcripts, line by line."""

    conversation_id: int
    begun_at: datetime
    before: Sequence[str]
    after: Sequence[str]

    @property
    def differs(self) -> tuple[str, ...]:
        """What would be different: see WHAT; or only the way. Empty: nothing."""
        if self.before == self.after:
            return ()
        return tuple(name for name in WHAT if _about(self.before, name) != _about(self.after, name)) or ("way",)

    @property
    def consents_lost(self) -> set[str]:
        """Consents that were given in it, and would not have been."""
        return set(_about(self.before, "consents")) - set(_about(self.after, "consents"))

    def diff(self) -> list[str]:
        """The transcript with what would be gone (`- `) and what would be new (`+ `)."""
        return [line for line in ndiff(self.before, self.after) if not line.startswith("?")]


@dataclass(slots=True)
class Summary:
    """What came of many conversations; `about`: in how many of them what differs; `shown`: the first of those that differ."""

    conversations: int = 0
    differ: int = 0
    consents_lost: int = 0
    about: Counter[str] = field(default_factory=Counter)
    shown: list[Replayed] = field(default_factory=list)

    def add(self, one: Replayed, most: int) -> None:
        """Count one; keep it, if it differs and no more than `most` are kept."""
        self.conversations += 1
        if one.differs:
            self.differ += 1
            self.consents_lost += len(one.consents_lost)
            self.about.update(one.differs)
            if len(self.shown) < most:
                self.shown.append(one)

    def as_json(self) -> dict[str, Any]:
        """As plain data."""
        shown = [{"conversation": one.conversation_id, "begun_at": one.begun_at.isoformat(), "differs": list(one.differs),
                  "before": list(one.before), "after": list(one.after)} for one in self.shown]  # fmt: skip
        return {"conversations": self.conversations, "differ": self.differ, "consents_lost": self.consents_lost,
                "about": dict(self.about), "shown": shown}  # fmt: skip


def count(connection: Connection, name: str, since: datetime) -> int:
    """How many conversations of a dialog began since then."""
    return connection.scalar(select(func.count()).select_from(Conversation).where(*_which(name, since))) or 0


def replay(
    connection: Connection, dialog: Compiled, find: Find, since: datetime, now: datetime, after: int = 0, limit: int = PAGE
) -> tuple[list[Replayed], int | None]:
    """A page of the conversations of that dialog's name that began since then, oldest first: in their own version and in this.

    `find` gives the dialogs that it opens, the same for both; `now`: business time, up to which who is silent is silent. With the
    page comes the id after which the next one begins; None: it was the last. Raises DialogError when a version that was
    published can be read no longer.
    """
    rows = _rows(connection, dialog.name, since, after, limit + 1)
    theirs = select(DialogVersion.id, DialogVersion.source).where(DialogVersion.id.in_({row.version_id for row in rows}))
    versions = {id_: compile(load(source, f"{dialog.name} (as it was)"), fold) for id_, source in connection.execute(theirs)}
    played, its = [], catalogue(connection)
    for row in rows[:limit]:
        record, own = _record(connection, row, now), versions[row.version_id]
        plays = [(_play(own, find, record, then, its), then) for then in _may_have_been(connection, row, own)]
        before, then = min(plays, key=lambda play: _unlike(play[0], record.said))
        played.append(Replayed(row.id, row.begun_at, before, _play(dialog, find, record, then, its)))
    return played, rows[limit - 1].id if len(rows) > limit else None


def _which(name: str, since: datetime) -> tuple[Any, ...]:
    return Conversation.dialog == name, Conversation.begun_at >= since


def _rows(connection: Connection, name: str, since: datetime, after: int, limit: int) -> Sequence[Row[Any]]:
    theirs = (Contact.person, Contact.country, Contact.language, Contact.values)
    query = select(Conversation.__table__, *theirs).join(Contact, Contact.id == Conversation.contact_id)
    some = query.where(*_which(name, since), Conversation.id > after).order_by(Conversation.id).limit(limit)
    return connection.execute(some).all()


def _record(connection: Connection, row: Row[Any], now: datetime) -> Record:
    """A STOP ends it, however it came. A text at whose instant another conversation began opened that one, if no dialog did;
    and what a keyword answered meanwhile was not said to this one.
    """
    stopped = select(func.min(ConsentEvent.at)).where(
        ConsentEvent.person == row.person, ConsentEvent.topic == EVERYTHING, ConsentEvent.change == "out",
        ConsentEvent.at >= row.begun_at,
    )  # fmt: skip
    others = select(func.min(Conversation.begun_at)).where(
        Conversation.contact_id == row.contact_id, Conversation.id > row.id, Conversation.parent_id.is_(None)
    )
    over = connection.scalar(stopped) or now
    left = min(connection.scalar(others) or over, over)
    # What opened a dialog that another one opened was heard by that other one.
    its = Message.at > row.begun_at if row.parent_id else Message.at >= row.begun_at
    mine = select(Message.at, Message.body, Message.media).where(Message.contact_id == row.contact_id, its, Message.at < left)
    some = mine.order_by(Message.at, Message.id).limit(MOST_TEXTS)
    heard = (Message.direction == "in") & (Message.keyword_id.is_(None) | (Message.at == row.begun_at))
    texts = [(at, body, bool(media)) for at, body, media in connection.execute(some.where(heard))]
    if len(texts) == MOST_TEXTS:
        left = over = texts[-1][0]
    ours = some.where(Message.direction == "out", Message.conversation_id.is_not(None))
    return Record(row, texts, _words(said.body for said in connection.execute(ours)), left, over)


def _may_have_been(connection: Connection, row: Row[Any], own: Compiled) -> Iterator[Then]:
    """What is likelier comes first: what its own version sets was not set before. Consents are known as they were."""
    acts = [action for state in own.states.values() for part in (state, *(state.on or ())) for action in part.then]
    put = {("tag", action.tag) for action in acts if isinstance(action, AddTag)}
    kept = {action.field for action in acts if isinstance(action, RememberField)}
    consents = _consents(connection, row)
    tags = {("tag", tag) for tag in connection.scalars(select(ContactTag.tag).where(ContactTag.contact_id == row.contact_id))}
    earlier = {name: value for name, value in row.values.items() if name not in kept}
    for language in dict.fromkeys((row.language or language_of(row.country), *sorted(own.languages))):
        yield Then(language, consents | tags - put, earlier)
        if tags & put or earlier != row.values:
            yield Then(language, consents | tags, row.values)


def _consents(connection: Connection, row: Row[Any]) -> set[tuple[str, str]]:
    """Those in force before it began."""
    events = (
        select(ConsentEvent.topic, ConsentEvent.change)
        .where(ConsentEvent.person == row.person, ConsentEvent.at < row.begun_at)
        .order_by(ConsentEvent.seq)
    )
    said = {topic: change for topic, change in connection.execute(events) if change != "refused"}
    return {("consent", topic) for topic, change in said.items() if change == "in" and said.get(EVERYTHING) != "out"}


def _play(dialog: Compiled, find: Find, record: Record, then: Then, its: Catalogue) -> list[str]:
    row = record.row
    talk = Talk(dialog, find, then.language, row.begun_at, row.country, its.topic_names, its.fields)
    talk.holds, talk.values, talk.is_asked = set(then.holds), dict(then.values), row.key.startswith(BY_CAMPAIGN)
    return list(_timed(talk, _happening(talk, record)))


def _happening(talk: Talk, record: Record) -> Iterator[str]:
    if not record.texts or record.texts[0][0] > talk.now:  # no text opened it
        yield from talk.begin()
    for at, body, picture in record.texts:
        yield from talk.wait(at - talk.now)
        if talk.is_over:
            return
        yield from talk.text(body, picture)
    yield from talk.wait(record.left - talk.now)
    if not talk.is_listening:  # something else that is opened ends what listens, not what waits
        yield from talk.wait(record.over - talk.now)


def _timed(talk: Talk, lines: Iterable[str]) -> Iterator[str]:
    """What happens in a talk, line by line as it happens, with the jumps of its clock."""
    told = talk.now
    for line in lines:
        if talk.now - told >= SHOWN:
            yield passed(talk.now - told)
        told = talk.now
        yield line


def _words(texts: Iterable[str]) -> Counter[str]:
    return Counter(word for text in texts for word in text.split())


def _unlike(lines: Sequence[str], said: Counter[str]) -> int:
    """How many words of ours are not those of the record."""
    words = _words(line[2:] for line in lines if line.startswith("<"))
    return ((words - said) + (said - words)).total()


def _about(lines: Sequence[str], name: str) -> list[str]:
    return [line for line in lines if any(line.startswith(begins) for begins, about in ABOUT.items() if about == name)]
