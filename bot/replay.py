"""Recorded conversations played again through another version of a dialog: which of them would have gone differently, and how.

What was texted and when is the record. Both versions are played by the same engine, with the same texts at the same times, so
whatever differs comes from the change. What nobody recorded is taken as it is now, for both: tags, fields, language.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from difflib import ndiff
from typing import Any

from sqlalchemy import Connection, Row, func, select

from bot.tryout import Find, Talk
from dialogs.compile import Compiled, compile
from dialogs.load import load
from dialogs.transcript import passed
from keywords.reserved import reserved
from keywords.text import fold
from models import ConsentEvent, Contact, ContactTag, Conversation, DialogVersion, Message
from models.phone import language_of

PAGE = 200  # conversations played at a time
SHOWN = timedelta(minutes=1)  # time that passes between two texts, from which on it is written down
MOST_TEXTS = 200  # of one conversation
# How a line of a transcript begins → what it is about.
ABOUT = {"<": "answers", "|": "answers", "= consent": "consents", "= tag": "tags", "= not tag": "tags", "= field": "fields",
         "= for a person": "people"}  # fmt: skip

Script = list[tuple[datetime, str, bool]]
"""Texts, each with when it came and whether there was a picture."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """One conversation in both versions, as transcripts, line by line."""

    conversation_id: int
    begun_at: datetime
    before: Sequence[str]
    after: Sequence[str]

    @property
    def differs(self) -> tuple[str, ...]:
        """What would be different: answers, consents, tags, fields, people, or only the way. Empty: nothing."""
        if self.before == self.after:
            return ()
        names = dict.fromkeys(ABOUT.values())
        return tuple(name for name in names if _about(self.before, name) != _about(self.after, name)) or ("way",)

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
    connection: Connection, dialog: Compiled, find: Find, since: datetime, after: int = 0, limit: int = PAGE
) -> tuple[list[Replayed], int | None]:
    """A page of the conversations of that dialog's name that began since then, oldest first: in their own version and in this.

    `find` gives the dialogs that it opens, the same for both. With the page comes the id after which the next one begins; None:
    it was the last. Raises DialogError when a version that was published can be read no longer.
    """
    rows = _rows(connection, dialog.name, since, after, limit + 1)
    theirs = select(DialogVersion.id, DialogVersion.source).where(DialogVersion.id.in_({row.version_id for row in rows}))
    versions = {id_: compile(load(source, f"{dialog.name} (as it was)"), fold) for id_, source in connection.execute(theirs)}
    played = []
    for row in rows[:limit]:
        script, known = _script(connection, row), _known(connection, row)
        before, new = (_play(one, find, row, known, script) for one in (versions[row.version_id], dialog))
        played.append(Replayed(row.id, row.begun_at, before, new))
    return played, rows[limit - 1].id if len(rows) > limit else None


def _which(name: str, since: datetime) -> tuple[Any, ...]:
    return Conversation.dialog == name, Conversation.begun_at >= since


def _rows(connection: Connection, name: str, since: datetime, after: int, limit: int) -> Sequence[Row[Any]]:
    theirs = (Contact.person, Contact.country, Contact.language, Contact.values)
    query = select(Conversation.__table__, *theirs).join(Contact, Contact.id == Conversation.contact_id)
    some = query.where(*_which(name, since), Conversation.id > after).order_by(Conversation.id).limit(limit)
    return connection.execute(some).all()


def _script(connection: Connection, row: Row[Any]) -> Script:
    """What was texted from its beginning until something else began; the first text opened it.

    A text at whose instant another conversation began opened that one. HELP is answered by the house, and STOP ends it all.
    """
    texts = (
        select(Message.at, Message.body, Message.media)
        .where(Message.contact_id == row.contact_id, Message.direction == "in", Message.at >= row.begun_at)
        .order_by(Message.at, Message.id)
        .limit(MOST_TEXTS)
    )
    others = select(Conversation.begun_at).where(
        Conversation.contact_id == row.contact_id, Conversation.id > row.id, Conversation.parent_id.is_distinct_from(row.id)
    )
    opened = set(connection.scalars(others))
    script: Script = []
    for at, body, media in connection.execute(texts):
        word = reserved(fold(body))
        if (at in opened and at != row.begun_at) or (word is not None and word.kind != "help"):
            break
        if word is None:
            script.append((at, body, bool(media)))
    if not script or script[0][0] != row.begun_at:
        script.insert(0, (row.begun_at, "", False))  # no text opened it
    return script


def _known(connection: Connection, row: Row[Any]) -> set[tuple[str, str]]:
    """What a condition may ask: consents as they were before it began, tags as they are."""
    tags = connection.scalars(select(ContactTag.tag).where(ContactTag.contact_id == row.contact_id))
    known = {("tag", tag) for tag in tags}
    events = (
        select(ConsentEvent.topic, ConsentEvent.change)
        .where(ConsentEvent.person == row.person, ConsentEvent.at < row.begun_at)
        .order_by(ConsentEvent.seq)
    )
    said = {topic: change for topic, change in connection.execute(events) if change != "refused"}
    if said.get("*") != "out":
        known |= {("consent", topic) for topic, change in said.items() if change == "in"}
    return known


def _play(
    dialog: Compiled, find: Find, row: Row[Any], known: set[tuple[str, str]], script: Script
) -> list[str]:
    talk = Talk(dialog, find, row.language or language_of(row.country), row.begun_at)
    talk.holds, talk.values = set(known), dict(row.values)
    lines: list[str] = []
    for at, body, picture in script:
        if talk.is_over:
            break
        if at - talk.now >= SHOWN:
            lines.append(passed(at - talk.now))
        lines += talk.wait(at - talk.now)
        if not talk.is_over:
            lines += talk.text(body, picture)
    return lines


def _about(lines: Sequence[str], name: str) -> list[str]:
    return [line for line in lines if any(line.startswith(begins) for begins, about in ABOUT.items() if about == name)]
