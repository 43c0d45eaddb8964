"""A dialog tried out: the engine alone, without a phone, and nothing of it is kept."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from bot.catalogue import in_language
from bot.effects import WITH_STAFF_FOR
from bot.shop.check import known
from bot.shop.scripts import Script
from bot.talk import heard_of
from bot.text.merge import BadTemplate, MissingTag, render
from bot.text.parsers import PARSERS
from dialogs import effects
from dialogs.act import fact
from dialogs.check import ALONE
from dialogs.check import check as check_dialog
from dialogs.compile import Compiled, compile
from dialogs.engine import MAX_OPENED, Turn, start, step
from dialogs.events import Event, Expired, Heard, Returned, Woke
from dialogs.ground import Ground
from dialogs.load import DialogError
from dialogs.spec import Dialog
from dialogs.topics import Topics, menu
from dialogs.transcript import PICTURE, UNITS, became, pick, said, texted
from keywords.reserved import meaning
from keywords.text import fold
from models.field import fits, meant

COUNTRIES = {"fr": "FR", "es": "ES"}
BEGIN = datetime(2026, 1, 5, 10, tzinfo=UTC)  # a talk can be replayed: it begins on the same Monday every time
MAX_RUNG = 100  # waits that one jump of time may end: who waits more often goes round in circles
MAX_WRITTEN = 1_000  # lines of a transcript

Find = Callable[[str], Compiled | None]
"""The dialog of a name, for what opens another one; None when there is none."""


def ready(dialog: Dialog) -> Compiled:
    """A dialog to be tried out. Raises DialogError when it does not hold together on its own."""
    return compile(sound(dialog), fold)


def among(scripts: Mapping[str, Script]) -> Find:
    """Finds a dialog among these, made ready when it is first asked for; then it raises DialogError where it cannot be read."""
    return lru_cache(maxsize=None)(lambda name: ready(scripts[name].dialog) if name in scripts else None)


def sound(dialog: Dialog) -> Dialog:
    """A dialog that can be played; what only a shop knows, its topics, fields, languages, may be missing. Raises DialogError."""
    if problems := check_dialog(dialog, known=known(), rules=ALONE):
        raise DialogError(problems)
    return dialog


def transcript(
    dialog: Dialog, others: Mapping[str, Script], language: str, lines: Iterable[str], topics: Topics = MappingProxyType({}),
    fields: Mapping[str, str] = MappingProxyType({}),
) -> list[str]:  # fmt: skip
    """What these lines of a customer ("JOIN", "@ +48h") come to, up to the end of the dialog. Raises DialogError.

    `others`: the dialogs that it may open, by name; `topics`: those of the shop; `fields`: its fields, each with its type.
    """
    talk = Talk(ready(dialog), among(others), language, topics=topics, fields=fields)
    written = [f"# {talk.name}"]
    for line in lines:
        if talk.is_over or len(written) > MAX_WRITTEN:
            break
        written += talk.exchange(line)
    return written[:MAX_WRITTEN]


class Talk:
    """One customer and one dialog, with those that it opens on top of it; what the house does around them is done here too."""

    def __init__(
        self, dialog: Compiled, find: Find, language: str = "en", begin: datetime = BEGIN, country: str | None = None,
        topics: Topics = MappingProxyType({}), fields: Mapping[str, str] = MappingProxyType({}),
    ) -> None:  # fmt: skip
        self.name, self.fields = dialog.name, fields
        self.topics = topics or {dialog.topic or "": {"": "[name]"}}
        self.find, self.language, self.now, self.country = find, language, begin, country
        self.stack: list[tuple[Compiled, dict[str, Any]]] = []
        self.holds: set[tuple[str, str]] = set()
        self.values: dict[str, Any] = {}
        self.alarm: tuple[datetime, Event] | None = None
        self.with_staff_until = begin
        self.is_asked = False  # a campaign's text has stood for the first words: the first text answers it
        self.is_listening = False
        self.is_over = False
        self._first = dialog
        self._opened = 0

    def exchange(self, line: str) -> list[str]:
        """Play one line, a text, "[picture]" or "@ +48h": the line, what is said, what becomes true, as transcripts write it."""
        line = " ".join(line.removeprefix(">").split())
        if line.startswith("@"):
            return [line, *self._pass_time(line)]
        return self.text(line.removeprefix(PICTURE).strip(), line.startswith(PICTURE))

    def text(self, words: str, picture: bool) -> list[str]:
        """The customer texts: what they send, what is said and what becomes true, as transcripts write it."""
        self._opened = 0
        return [texted(words, picture), *self._hear(heard_of(words, (PICTURE,) if picture else ()))]

    def begin(self) -> Iterator[str]:
        """It is opened by no text of theirs; what happens, as transcripts write it."""
        yield from self._open(self._first)

    def _pass_time(self, line: str) -> Iterator[str]:
        found = re.fullmatch(r"@ ?\+?([0-9]{1,4}) ?([mhd])", line)
        if found is None:
            yield "? write it like @ +48h, @ +30m or @ +7d"
            return
        yield from self.wait(int(found[1]) * UNITS[found[2]])

    def wait(self, time: timedelta) -> Iterator[str]:
        """Let so much time pass; what happens meanwhile, as transcripts write it."""
        until, self._opened = self.now + time, 0
        for _ in range(MAX_RUNG):
            if self.is_over or self.alarm is None or self.alarm[0] > until:
                self.now = until
                return
            self.now, event = self.alarm
            yield from self._step(event)
        yield f"? more than {MAX_RUNG} waits end in this time: let less of it pass at once"

    def _hear(self, heard: Heard) -> Iterator[str]:
        """The words of the law are the house's own; and where nobody listens, or staff has taken over, a person reads it."""
        name = meaning(heard.folded)
        if name is not None:
            self.is_over = name == "STOP"
            yield f"# the house takes it for {name}"
        elif not self.stack:
            yield from self._answer(heard) if self.is_asked else self._open(self._first, heard)
        elif self.is_listening and self.now >= self.with_staff_until:
            yield from self._step(heard)
        else:
            yield "= for a person"

    def _answer(self, heard: Heard) -> Iterator[str]:
        """Open the dialog with an answer to its first words, which are not said again: see `talk.answer`."""
        hears = start(self._first, self._ground()).listening
        yield from (line for line in self.begin() if not (hears and line.startswith("<")))
        if hears:
            yield from self._step(heard)

    def _open(self, dialog: Compiled, opening: Heard | None = None) -> Iterator[str]:
        yield from self._happen(dialog, start(dialog, self._ground(), opening=opening), opened=True)

    def _open_on_top(self, name: str) -> Iterator[str]:
        self._opened += 1
        other = self.find(name) if self._opened < MAX_OPENED else None
        if other is None:
            yield "= for a person"
            yield from self._step(Returned())
        else:
            yield from self._open(other)

    def _step(self, event: Event) -> Iterator[str]:
        dialog, memory = self.stack[-1]
        yield from self._happen(dialog, step(dialog, memory, event, self._ground()))

    def _happen(self, dialog: Compiled, turn: Turn, opened: bool = False) -> Iterator[str]:
        """The effects of a turn, then the dialog that it opens, or the one that it returns to."""
        if not opened:
            self.stack.pop()
        self.stack.append((dialog, turn.memory))
        self.is_listening = turn.listening
        after, event = (turn.wake_in, Woke()) if turn.waiting else (turn.expire_in, Expired())
        self.alarm = (self.now + after, event) if after is not None else None
        for effect in turn.effects:
            yield from self._bring_about(effect, dialog, turn)
        if turn.ended:
            self.stack.pop()
            self.is_over = not self.stack
            if self.stack:
                yield from self._step(Returned())
        elif not turn.calling:
            yield f"= {'listening' if turn.listening else 'waiting'} {dialog.name} {turn.memory['state']}"

    def _bring_about(self, effect: effects.Effect, dialog: Compiled, turn: Turn) -> Iterator[str]:
        match effect:
            case effects.Say(words=words):
                yield said(self._said(in_language(words, self.language, "en"), turn))
            case effects.Open(dialog=name):
                yield from self._open_on_top(name)
            case effects.Remember(name="language", value=self.language):
                return  # no news
            case effects.Remember(name="language", value=value):
                self.language = str(value)
            case effects.Remember(name=name, value=value) if not fits(self.fields.get(name, "text"), value):
                return  # it is not kept
            case effects.Remember(name=name, value=value):
                self.values[name] = value
            case effects.HandOver():
                self.with_staff_until = self.now + WITH_STAFF_FOR
            case _ if changed := fact(effect):
                (self.holds.add if changed[1] else self.holds.discard)(changed[0])
        if told := became(effect):
            yield told

    def _said(self, template: str, turn: Turn) -> str:
        """The words with what is known here; what only a shop knows stands in brackets."""
        topic = {name: f"[{name}]" for name in ("name", "frequency", "fees", "contact")}
        if (about := self.stack[-1][0].about(turn.memory)) in self.topics:
            topic["name"] = pick(self.topics[about or ""], self.language)
        topics = menu(self.topics, self.language, lambda slug: ("consent", slug) in self.holds)
        known = {"brand": "[brand]", "contact_line": "[contact line]", "sender": "[our number]", "topic": topic}
        mine = {name: meant(self.fields.get(name, "text"), value) for name, value in self.values.items()}
        known |= {"contact": mine, "language": self.language}
        try:
            return render(template, {**known, "topics": topics, "answers": turn.memory["values"]})
        except (MissingTag, BadTemplate):
            return template

    def _ground(self) -> Ground:
        country = self.country or COUNTRIES.get(self.language, "US")
        today = self.now.date()
        return Ground(lambda kind, name: (kind, name) in self.holds, PARSERS, self.language, country, today, self.topics)
