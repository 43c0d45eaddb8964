"""Walks every way through a dialog, with the engine itself, from place to place; the first way to a place is the shortest.

A *place* is where a conversation rests, listening or waiting: the dialogs on top of each other, each with its state, its
tries and what its conditions and texts can still see of its answers. From each place goes a step for everything that can
happen there: every branch, a text that nothing hears, a picture, silence, the end of a wait, the shop's events.
A condition about the contact goes both ways in every turn, since staff, an import or another dialog may change a tag or
a consent at any time.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import partial

from dialogs import spec
from dialogs.check import Known, says
from dialogs.compile import compile
from dialogs.effects import Effect, Expire, Finish, HandOver, Open, Remember, Say, Wake
from dialogs.effects import Value as Answered
from dialogs.engine import MAX_OPENED, Memory, Turn, start, step
from dialogs.events import Event, Expired, Happened, Returned, Woke
from dialogs.ground import Ground
from dialogs.parts import Value, Words
from dialogs.paths import roads, used_later
from dialogs.samples import PICTURE, Ears, Text, outcomes
from dialogs.when import within

MAX_STEPS = 60_000  # turns of the engine in one walk: some seconds
TODAY = date(2026, 1, 5)

Fact = tuple[str, str]
Take = Callable[[Ground], Turn]


@dataclass(frozen=True, slots=True)
class Frame:
    """One dialog of those that lie on top of each other."""

    dialog: str
    memory: Memory

    @property
    def state(self) -> str:
        return str(self.memory["state"])


@dataclass(frozen=True, slots=True)
class Done:
    """An effect on the way: of which dialog, with which answers, and which fields of the contact were filled by then."""

    dialog: str
    effect: Effect
    answers: Mapping[str, Answered]
    fields: frozenset[str]


@dataclass(slots=True, eq=False)
class Place:
    """Where a conversation rests, the first way there, and all steps from there."""

    stack: tuple[Frame, ...]
    listening: bool
    after: timedelta | None  # until the wait or the silence ends
    fields: frozenset[str]
    way: "Step"
    steps: list["Step"] = field(default_factory=list)

    @property
    def top(self) -> Frame:
        return self.stack[-1]


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """What happened at a place (None: the beginning), and all that came of it until the conversation rested or ended."""

    source: Place | None
    did: Text | Event | None
    fields: frozenset[str] = frozenset()
    assumed: tuple[tuple[Fact, bool], ...] = ()
    done: tuple[Done, ...] = ()
    acted: frozenset[str] = frozenset()  # the dialogs that took part
    opened: tuple[object, ...] = ()  # the stacks on which another dialog was opened
    target: Place | None = None
    circle: str | None = None  # the state of the walked dialog that opens others for ever

    @property
    def speaks(self) -> bool:
        return any(isinstance(one.effect, Say) for one in self.done)

    @property
    def acts(self) -> bool:
        """Whether anything came of it but that the conversation rests or ends."""
        return any(not isinstance(one.effect, (Wake, Expire, Finish)) for one in self.done)

    @property
    def hands_over(self) -> bool:
        return any(isinstance(one.effect, HandOver) for one in self.done)

    @property
    def by_time(self) -> bool:
        """Whether no word of the customer and no event of the shop was needed."""
        return isinstance(self.did, (Woke, Expired))


class _TooMany(Exception):
    pass


class _Script:
    """A dialog as the walk needs it: compiled, and what is still asked of its answers in each state and later."""

    def __init__(self, dialog: spec.Dialog, known: Known) -> None:
        self.dialog, self.compiled = dialog, compile(dialog, known.fold)
        asked: dict[str, list[Value]] = {}
        used: dict[str, set[str]] = {}
        merged: set[str] = set()
        for name, state in dialog.states.items():
            tests = [one.value for choice in state.choose or () for one in within(choice.when) if one.value]
            for test in tests:
                asked.setdefault(test.name, []).append(test)
            tags = (tag.partition(".") for _, words in says(name, state) for tag in needed(words, known))
            answers = {name for group, _, name in tags if group == "answers"}
            merged |= answers
            used[name] = answers | {test.name for test in tests}
        self.tests = {name: tuple(tests) for name, tests in asked.items()}
        self._merged = merged
        self._later = {name: sorted(names) for name, names in used_later(roads(dialog), used).items()}

    def key(self, frame: Frame) -> object:
        """Memories with the same key go on alike. To a condition, an answer that fits no test is like none.

        To a text 0 is like no other number: it may not divide by it.
        """
        memory, answers = frame.memory, frame.memory["values"]
        seen = ((name, outcomes(answers[name], self.tests.get(name, ())), name in self._merged and answers[name] == 0)
                for name in self._later.get(frame.state, ()) if name in answers)
        matters = tuple(one for one in seen if one[0] in self._merged or any(one[1]))
        return frame.dialog, frame.state, memory["tries"], memory.get("return_to"), memory.get("topic"), matters


def needed(words: Words, known: Known) -> Iterator[str]:
    """The merge tags of a text that have no default."""
    for template in words.values():
        yield from (".".join(use.path) for use in known.tags(template) if not use.has_default)


class Walk:
    """All places of a dialog and of those that it opens, in the order in which they were found."""

    def __init__(self, dialog: spec.Dialog, known: Known) -> None:
        self.dialog, self.known = dialog, known
        self.language = next(iter(known.languages), "")
        self.steps: list[Step] = []
        self.complete = False  # False: there were more than MAX_STEPS
        self._turns_taken = 0
        self._scripts: dict[str, _Script] = {}
        self._ears: dict[tuple[str, str], Ears] = {}
        self._texts: dict[tuple[str, str], list[Text]] = {}
        self._places: dict[object, Place] = {}
        self._new: deque[Place] = deque()
        self._fields = {tag.removeprefix("contact.") for name, state in dialog.states.items()
                        for _, words in says(name, state) for tag in needed(words, known)}
        try:
            self._everywhere()
            self.complete = True
        except _TooMany:
            pass

    @property
    def places(self) -> list[Place]:
        return list(self._places.values())

    def ears(self, frame: Frame) -> Ears:
        """What is heard where this dialog listens."""
        key = (frame.dialog, frame.state)
        if key not in self._ears:
            dialog = self._script(frame.dialog).dialog
            ground = self._ground(lambda *_: False)
            self._ears[key] = Ears(dialog.states[frame.state], self.known.fold, ground, dialog.topic)
        return self._ears[key]

    def tried(self, place: Place, text: Text) -> Step:
        """What would come of a text at a place, if nothing held of the contact."""
        turn = step(self._script(place.top.dialog).compiled, place.top.memory, text.heard, self._ground(lambda *_: False))
        tried = _noted(Step(place, text, place.fields), place.top.dialog, turn, {})
        if not (turn.listening or turn.waiting):
            return tried
        there = (*place.stack[:-1], Frame(place.top.dialog, turn.memory))
        return replace(tried, target=Place(there, turn.listening, None, place.fields, tried))

    def _everywhere(self) -> None:
        self._begin(self.dialog.name, (), Step(None, None))
        while self._new:
            place = self._new.popleft()
            top, compiled = place.top, self._script(place.top.dialog).compiled
            for did in self._happens(place):
                event = did.heard if isinstance(did, Text) else did
                take = partial(step, compiled, top.memory, event)
                self._go(place.stack[:-1], top.dialog, take, Step(place, did, place.fields))

    def _happens(self, place: Place) -> Iterator[Text | Event]:
        """All that can happen at a place, as far as it makes a difference."""
        if place.listening:
            yield from self._heard(place.top)
            yield Expired()
        else:
            yield Woke()
        yield from map(Happened, self._script(place.top.dialog).dialog.events)

    def _heard(self, frame: Frame) -> list[Text]:
        key = (frame.dialog, frame.state)
        if key not in self._texts:
            ears = self.ears(frame)
            texts = ears.texts(self.language, self._script(frame.dialog).tests)
            unheard = ears.unheard(self.language)
            self._texts[key] = [*texts, *([unheard] if unheard else []), ears.text(self.language, {}, PICTURE)]
        return self._texts[key]

    def _script(self, name: str) -> _Script:
        if name not in self._scripts:
            dialog = self.dialog if name == self.dialog.name else self.known.dialogs[name]
            self._scripts[name] = _Script(dialog, self.known)
        return self._scripts[name]

    def _ground(self, holds: Callable[[str, str], bool]) -> Ground:
        return Ground(holds, self.known.parsers, self.language, self.known.country, TODAY, self.known.topics)

    def _begin(self, name: str, below: tuple[Frame, ...], so_far: Step) -> None:
        self._go(below, name, partial(start, self._script(name).compiled), so_far)

    def _go(self, below: tuple[Frame, ...], name: str, take: Take, so_far: Step) -> None:
        """Take a turn of a dialog, with every outcome, and follow it to where the conversation rests or ends."""
        for turn, assumed in self._outcomes(take):
            now = _noted(so_far, name, turn, assumed)
            stack = (*below, Frame(name, {**turn.memory, "step": 0}))
            if turn.calling:
                self._open(stack, turn, now)
            elif turn.ended and below:
                parent = below[-1]
                compiled = self._script(parent.dialog).compiled
                self._go(below[:-1], parent.dialog, partial(step, compiled, parent.memory, Returned()), now)
            else:
                self._arrive(() if turn.ended else stack, turn, now)

    def _outcomes(self, take: Take) -> Iterator[tuple[Turn, Mapping[Fact, bool]]]:
        """Every outcome of a turn: what it asks about the contact, and has not decided itself, is first no and then yes."""
        todo: list[dict[Fact, bool]] = [{}]
        while todo:
            self._turns_taken += 1
            if self._turns_taken > MAX_STEPS:
                raise _TooMany
            given = todo.pop()
            asked = dict(given)

            def holds(kind: str, name: str, /, asked: dict[Fact, bool] = asked) -> bool:
                return asked.setdefault((kind, name), False)

            turn = take(self._ground(holds))
            fresh = [fact for fact in asked if fact not in given]
            todo += [{**given, **dict.fromkeys(fresh[:i], False), fact: True} for i, fact in enumerate(fresh)]
            yield turn, asked

    def _open(self, stack: tuple[Frame, ...], turn: Turn, so_far: Step) -> None:
        """Another dialog on top. As in the house, an earlier run of it ends, with all that waited for that run."""
        here = self._key(stack)
        if here in so_far.opened or len(so_far.opened) == MAX_OPENED:
            mine = next((frame.state for frame in stack if frame.dialog == self.dialog.name), None)
            self._take(replace(so_far, circle=mine))
            return
        name = next(effect.dialog for effect in turn.effects if isinstance(effect, Open))
        again = next((i + 1 for i, frame in enumerate(stack) if frame.dialog == name), 0)
        self._begin(name, stack[again:], replace(so_far, opened=(*so_far.opened, here)))

    def _arrive(self, stack: tuple[Frame, ...], turn: Turn, so_far: Step) -> None:
        if not stack:
            self._take(so_far)
            return
        fields = so_far.fields & self._fields
        key = (self._key(stack), fields)
        place = self._places.get(key)
        if place is None:
            after = turn.wake_in if turn.waiting else turn.expire_in
            place = self._places[key] = Place(stack, turn.listening, after, fields, so_far)
            place.way = replace(so_far, target=place)
            self._new.append(place)
        self._take(replace(so_far, target=place))

    def _take(self, one: Step) -> None:
        self.steps.append(one)
        if one.source:
            one.source.steps.append(one)

    def _key(self, stack: tuple[Frame, ...]) -> object:
        return tuple(self._script(frame.dialog).key(frame) for frame in stack)


def _noted(so_far: Step, name: str, turn: Turn, assumed: Mapping[Fact, bool]) -> Step:
    """The step with what a turn of a dialog did."""
    fields, done = so_far.fields, list(so_far.done)
    for effect in turn.effects:
        if isinstance(effect, Remember):
            fields |= {effect.name}
        done.append(Done(name, effect, turn.memory["values"], fields))
    return replace(so_far, fields=fields, assumed=(*so_far.assumed, *assumed.items()), done=tuple(done),
                   acted=so_far.acted | {name})
