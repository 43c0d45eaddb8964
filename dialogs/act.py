"""Actions: what a dialog does on the way, as effects that the house carries out."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, NamedTuple

from dialogs import effects, parts
from dialogs.effects import Effect, Value


class Given(NamedTuple):
    """What is known when something is done."""

    value: Value  # that was just heard
    today: date  # where the contact is
    topic: str  # that the conversation is about


Act = Callable[[Given], Effect]
TODAY = "today"  # the value to remember that is no word, but the day


def act(action: parts.Action) -> Act:
    """The effect of an action, once it is known what was heard."""
    return ACTIONS[action.do](action)


def fact(effect: Effect) -> tuple[tuple[str, str], bool] | None:
    """What an effect makes true or false of the contact, so that a `choose` of the same turn already knows it."""
    match effect:
        case effects.Tag(name):
            return ("tag", name), True
        case effects.Untag(name):
            return ("tag", name), False
        case effects.OptIn(topic):
            return ("consent", topic), True
        case effects.OptOut(topic):
            return ("consent", topic), False
    return None


def _always(effect: Effect) -> Act:
    return lambda _: effect


def _pause(action: parts.PauseContact) -> Act:
    if action.for_ is not None:
        return _always(effects.Pause(action.for_))
    return lambda given: effects.Pause(date.fromisoformat(str(given.value)))


def _remember(action: parts.RememberField) -> Act:
    if action.value == TODAY:
        return lambda given: effects.Remember(action.field, given.today.isoformat())
    if action.value is not None:
        return _always(effects.Remember(action.field, action.value))
    return lambda given: effects.Remember(action.field, given.value)


ACTIONS: Mapping[str, Callable[[Any], Act]] = {
    "remember": _remember,
    "tag": lambda action: _always(effects.Tag(action.tag)),
    "untag": lambda action: _always(effects.Untag(action.tag)),
    "opt_in": lambda action: lambda given: effects.OptIn(action.topic or given.topic, action.proof),
    "opt_out": lambda action: lambda given: effects.OptOut(action.topic or given.topic),
    "pause": _pause,
    "slow_down": lambda action: _always(effects.SlowDown(action.every)),
    "as_usual": lambda _: _always(effects.AsUsual()),
    "open": lambda action: _always(effects.Open(action.dialog)),
    "hand_over": lambda action: _always(effects.HandOver(action.note)),
}
