"""Actions: what a dialog does on the way, as effects that the house carries out."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from dialogs import effects, parts
from dialogs.effects import Effect, Value

Act = Callable[[Value, date], Effect]
"""What is done, given the heard value and today's date where the contact is."""
TODAY = "today"  # the value to remember that is no word, but the day


def act(action: parts.Action, topic: str) -> Act:
    """The effect of an action; `topic` is the dialog's own, for opt_in and opt_out."""
    return ACTIONS[action.do](action, topic)


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
    return lambda *_: effect


def _pause(action: parts.PauseContact, _: str) -> Act:
    if action.for_ is not None:
        return _always(effects.Pause(action.for_))
    return lambda value, _: effects.Pause(date.fromisoformat(str(value)))


def _remember(action: parts.RememberField, _: str) -> Act:
    if action.value == TODAY:
        return lambda _, today: effects.Remember(action.field, today.isoformat())
    if action.value is not None:
        return _always(effects.Remember(action.field, action.value))
    return lambda value, _: effects.Remember(action.field, value)


ACTIONS: Mapping[str, Callable[[Any, str], Act]] = {
    "remember": _remember,
    "tag": lambda action, _: _always(effects.Tag(action.tag)),
    "untag": lambda action, _: _always(effects.Untag(action.tag)),
    "opt_in": lambda action, topic: _always(effects.OptIn(action.topic or topic, action.proof)),
    "opt_out": lambda action, topic: _always(effects.OptOut(action.topic or topic)),
    "pause": _pause,
    "slow_down": lambda action, _: _always(effects.SlowDown(action.every)),
    "as_usual": lambda *_: _always(effects.AsUsual()),
    "open": lambda action, _: _always(effects.Open(action.dialog)),
    "hand_over": lambda action, _: _always(effects.HandOver(action.note)),
}
