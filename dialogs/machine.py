"""The state machine that all conversations of a dialog share: it moves a moment, and remembers none."""

from typing import Protocol

from transitions import Event as MachineEvent
from transitions import EventData, Machine, Transition

from dialogs.act import Act, Given, fact
from dialogs.effects import Effect, Value
from dialogs.events import Event
from dialogs.ground import Ground
from dialogs.hear import Answer

# States that the engine adds; no state of a dialog can have such a name.
BEGIN, OVER = "(begin)", "(over)"
HAPPENED = "happened "  # the trigger of an event of the dialog's table


class Moment:
    """One turn while it happens: the model that the shared machine moves, thrown away afterwards."""

    __slots__ = ("answer", "effects", "event", "facts", "ground", "return_to", "state", "topic", "tries", "values")

    def __init__(self, state: str, event: Event | None, ground: Ground, values: dict[str, Value], tries: int,
                 return_to: str | None, topic: str | None):
        self.state, self.event, self.ground, self.topic = state, event, ground, topic
        self.values, self.tries, self.return_to = values, tries, return_to
        self.answer: Answer | None = None
        self.effects: list[Effect] = []
        self.facts: dict[tuple[str, str], bool] = {}

    def holds(self, kind: str, name: str, /) -> bool:
        """What the contact is once this turn's effects are done; the topic is the one that the conversation is about."""
        if kind == "topic":
            return self.holds("consent", self.topic or "") == (name == "on")
        known = self.facts.get((kind, name))
        return self.ground.holds(kind, name) if known is None else known

    def do(self, acts: list[Act]) -> None:
        """Adds the effects of actions; the heard value is theirs to remember."""
        given = Given(self.answer.value if self.answer else "", self.ground.today, self.topic or "")
        for one in acts:
            effect = one(given)
            self.effects.append(effect)
            if changed := fact(effect):
                self.facts[changed[0]] = changed[1]


class Now(Protocol):
    """What the machine hands to each callback."""

    model: Moment


# The library's unused hooks and logging cost more than all that a turn does, so its own points of extension leave them
# out: conditions, before, on_enter remain.


class Way(Transition):
    """One way from a state: its conditions, what is done on the way, and entering the next state."""

    def execute(self, event_data: EventData) -> bool:
        for condition in self.conditions:
            if not condition.func(event_data):  # type: ignore[operator]  # a callable, never a name
                return False
        for callback in self.before:
            callback(event_data)  # type: ignore[operator]
        if self.dest is not None:
            event_data.model.state = self.dest  # type: ignore[attr-defined]
            for callback in event_data.machine.states[self.dest].on_enter:
                callback(event_data)  # type: ignore[operator]
        return True


class Trigger(MachineEvent):
    """One kind of event: takes the first way that is open from the state of the model."""

    def trigger(self, model: Moment, *_: object, **__: object) -> bool:  # type: ignore[override]
        now = EventData(None, self, self.machine, model, (), {})
        for way in self.transitions.get(model.state, ()):
            if way.execute(now):
                return True
        return False


class DialogMachine(Machine):
    transition_cls = Way
    event_cls = Trigger
