"""Decides what is said next: a dialog, its memory and an event in; the new memory and a list of effects out."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from dialogs.compile import Compiled, Node
from dialogs.effects import Effect, Expire, Finish, HandOver, Say, Value, Wake
from dialogs.events import Event, Expired, Happened, Heard, Returned, Woke
from dialogs.ground import Ground, Holds, Parsers
from dialogs.machine import BEGIN, HAPPENED, OVER, Moment

__all__ = ["Ground", "Holds", "Memory", "Parsers", "Turn", "start", "step"]

MAX_STATES_PER_TURN = 200  # as many as a dialog may have: who chooses more often in one turn goes round in circles
MAX_TURNS = 1000  # a conversation that is longer is two machines talking to each other
MAX_OPENED = 10  # dialogs that one text may open, one after the other: the house opens no more
NOWHERE = "{dialog}: {state} leads nowhere"

Memory = dict[str, Any]
"""What a conversation keeps between turns, as JSON: state, step, tries, values; return_to while another is open; topic once
another one than the dialog's own was heard."""

_TRIGGERS: Mapping[type, str] = {Heard: "heard", Woke: "woke", Expired: "expired", Returned: "returned"}


@dataclass(frozen=True, slots=True)
class Turn:
    """What one event changed.

    Exactly one of listening, waiting, calling (another dialog is open on top) and ended is true. An event that means
    nothing here (a late alarm, an unknown name) gives back the same memory, with the same step, and no effects.
    """

    memory: Memory
    effects: tuple[Effect, ...]
    listening: bool
    waiting: bool
    ended: bool
    calling: bool = False
    restarted: bool = False

    @property
    def wake_in(self) -> timedelta | None:
        """How long until Woke is due, if this turn began a wait: the same as its Wake effect."""
        return next((effect.after for effect in self.effects if isinstance(effect, Wake)), None)

    @property
    def expire_in(self) -> timedelta | None:
        """How long the contact may stay silent, if this turn listens: the same as its Expire effect."""
        return next((effect.after for effect in self.effects if isinstance(effect, Expire)), None)


def start(
    dialog: Compiled, ground: Ground, values: Mapping[str, Value] | None = None, opening: Heard | None = None
) -> Turn:
    """The first turn of a conversation; `values` are known answers, such as the number of an order.

    `opening`: the text that opened it. A dialog that hears it does not ask what has been said already.
    """
    begun = _begin(dialog, ground, dict(values or {}), 0, restarted=False)
    if opening is None or not (dialog.hears_opening and begun.listening):
        return begun
    moment = Moment(begun.memory["state"], opening, ground, dict(begun.memory["values"]), 0, None, dialog.topic)
    dialog.machine.events["heard"].trigger(moment)
    if moment.answer is None:
        return begun
    moment.effects[:0] = (effect for effect in begun.effects if not isinstance(effect, (Say, Expire)))
    return _settled(dialog, moment, begun.memory["step"])


def step(dialog: Compiled, memory: Memory, event: Event, ground: Ground) -> Turn:
    """The next turn. The memory given is not changed; a memory that does not fit the dialog starts it again.

    1. Find the trigger: a kind of event, never a text.
    2. Move the machine: the first branch that understands, else `otherwise`.
    3. Follow choices until the dialog listens, waits, calls or ends.
    """
    if not _fits(dialog, memory):
        return _restart(dialog, memory, ground)
    state, return_to = memory["state"], memory.get("return_to")
    trigger = HAPPENED + event.name if isinstance(event, Happened) else _TRIGGERS[type(event)]
    way = dialog.machine.events.get(trigger)
    deaf = return_to is not None and not isinstance(event, (Returned, Happened))
    moment = Moment(state, event, ground, dict(memory["values"]), memory["tries"], return_to, dialog.about(memory))
    if way is None or deaf or not way.trigger(moment):
        return _turn(memory, (), dialog.nodes[state], calling=return_to is not None)
    return _settled(dialog, moment, memory["step"] + 1)


def _begin(dialog: Compiled, ground: Ground, values: dict[str, Value], step: int, *, restarted: bool) -> Turn:
    moment = Moment(BEGIN, None, ground, values, 0, None, dialog.topic)
    dialog.machine.events["begin"].trigger(moment)
    return _settled(dialog, moment, step, restarted=restarted)


def _restart(dialog: Compiled, memory: Memory, ground: Ground) -> Turn:
    """The dialog was changed by hand under a running conversation: begin again, with what is still known."""
    step, values = memory.get("step"), memory.get("values")
    return _begin(dialog, ground, dict(values) if isinstance(values, dict) else {},
                  step + 1 if isinstance(step, int) else 0, restarted=True)


def _fits(dialog: Compiled, memory: Memory) -> bool:
    state, back = memory.get("state"), memory.get("return_to")
    return (
        isinstance(state, str)
        and state in dialog.nodes
        and isinstance(memory.get("step"), int)
        and isinstance(memory.get("tries"), int)
        and isinstance(memory.get("values"), dict)
        and isinstance(memory.get("topic"), str | None)
        and (back is None or (isinstance(back, str) and (back == "" or back in dialog.nodes)))
    )


def _settled(dialog: Compiled, moment: Moment, step: int, *, restarted: bool = False) -> Turn:
    """Follows choices to where the conversation rests, and says how it rests there."""
    nodes, choose = dialog.nodes, dialog.machine.events.get("choose")
    visited = 0
    while nodes[moment.state].chooses and moment.return_to is None:
        visited += 1
        if visited > MAX_STATES_PER_TURN or choose is None or not choose.trigger(moment):
            _give_up(moment, NOWHERE.format(dialog=dialog.name, state=moment.state))
    if step >= MAX_TURNS and moment.state != OVER:
        _give_up(moment, f"{dialog.name}: {MAX_TURNS} turns without an end")
    node, calling = nodes[moment.state], moment.return_to is not None
    if node.settles and not calling:
        moment.effects.append(node.settles)
    memory: Memory = {"state": moment.state, "step": step, "tries": moment.tries, "values": moment.values}
    if calling:
        memory["return_to"] = moment.return_to
    if moment.topic != dialog.topic:
        memory["topic"] = moment.topic
    return _turn(memory, tuple(moment.effects), node, calling=calling, restarted=restarted)


def _turn(memory: Memory, effects: tuple[Effect, ...], node: Node, *, calling: bool, restarted: bool = False) -> Turn:
    ended = not (calling or node.listens or node.waits)
    return Turn(memory, effects, node.listens and not calling, node.waits and not calling, ended, calling, restarted)


def _give_up(moment: Moment, note: str) -> None:
    """A limit was hit: keep what was done, say nothing more, and leave it to a person."""
    moment.effects = [effect for effect in moment.effects if not isinstance(effect, Say)]
    moment.effects += (HandOver(note), Finish("limit"))
    moment.state, moment.return_to = OVER, None
