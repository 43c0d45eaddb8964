"""Turns a dialog into one state machine that every conversation of it shares and that remembers none of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from transitions import Machine
from transitions import State as MachineState

from dialogs import parts, spec
from dialogs.act import act
from dialogs.effects import Effect, Expire, Finish, HandOver, Remember, Say, Wake
from dialogs.hear import Answer, Fold, listener
from dialogs.machine import BEGIN, HAPPENED, OVER, DialogMachine, Now
from dialogs.when import condition

NOT_UNDERSTOOD = HandOver("not understood")


@dataclass(frozen=True, slots=True)
class Node:
    """What follows once a state has spoken: it listens, waits, chooses or ends, with the effect that says so."""

    listens: bool
    waits: bool
    chooses: bool
    settles: Effect | None


@dataclass(frozen=True, slots=True, eq=False)
class Compiled:
    """A dialog ready to be talked: shared by all threads, holding nothing of any conversation."""

    name: str
    topic: str | None
    kind: str
    states: Mapping[str, spec.State]
    expires: timedelta | None
    hears_opening: bool
    languages: frozenset[str]
    asks_opt_in: frozenset[str]  # the states that ask the question of a double opt-in
    nodes: Mapping[str, Node]
    machine: Machine

    def about(self, memory: Mapping[str, Any]) -> str | None:
        """The topic that a conversation is about: the one that was heard, else the dialog's own."""
        return memory.get("topic") or self.topic


def compile(dialog: spec.Dialog, fold: Fold) -> Compiled:
    """The dialog as one shared machine; `fold` makes its words comparable to folded texts.

    Give it only what `check` found no problem in: a goto to nowhere would show as a KeyError in the middle of a talk.

    1. Each state says and acts when it is entered.
    2. Each branch is a transition that is taken if its listener understands; then `otherwise`.
    3. Waits, choices, expiry and the shop's events are transitions like any other.
    """
    machine = DialogMachine(
        model=None,
        initial=BEGIN,
        states=[BEGIN, OVER, *(_state(name, state, dialog) for name, state in dialog.states.items())],
        auto_transitions=False,
        send_event=True,
        ignore_invalid_triggers=True,
    )
    machine.add_transition("begin", BEGIN, dialog.start)
    for name, state in dialog.states.items():
        _ways_on(machine, name, state, dialog, fold)
    return Compiled(
        name=dialog.name,
        topic=dialog.topic,
        kind=dialog.kind,
        states=dialog.states,
        expires=dialog.expires,
        hears_opening=dialog.hears_opening,
        languages=frozenset(lang for state in dialog.states.values() for lang in state.say or {} if lang),
        asks_opt_in=frozenset(name for name, state in dialog.states.items() if _asks_opt_in(state)),
        nodes={name: _node(state, dialog) for name, state in dialog.states.items()} | {OVER: _OVER},
        machine=machine,
    )


def _asks_opt_in(state: spec.State) -> bool:
    actions = (action for branch in state.on or () for action in branch.then)
    return any(isinstance(action, parts.JoinTopic) and action.proof == "double" for action in actions)


_OVER = Node(listens=False, waits=False, chooses=False, settles=None)


def _node(state: spec.State, dialog: spec.Dialog) -> Node:
    settles: Effect | None = None
    if state.after:
        settles = Wake(state.after.wait)
    elif state.on and dialog.expires:
        settles = Expire(dialog.expires)
    elif state.ends:
        settles = Finish("" if state.end in (None, "true") else state.end)
    return Node(state.on is not None, state.after is not None, state.choose is not None, settles)


def _state(name: str, state: spec.State, dialog: spec.Dialog) -> MachineState:
    say = _question(name, state)
    acts = [act(action) for action in state.then]
    opens = parts.opens(state.then)

    def enter(now: Now) -> None:
        moment = now.model
        moment.tries, moment.return_to = 0, "" if opens else None
        if say:
            moment.effects.append(say)
        if acts:
            moment.do(acts)

    return MachineState(name, on_enter=[enter])


def _question(name: str, state: spec.State) -> Say | None:
    """What a state says: its words, and below them the numbered menu of a choice."""
    words = dict(state.say or {})
    for branch in state.on or ():
        for place, option in enumerate((branch.hear.choice or {}).values(), 1):
            words = _with_line(words, place, option.say or {})
    media = (state.picture,) if state.picture else ()
    return Say(words, media, name) if words or media else None


def _with_line(words: Mapping[str, str], place: int, labels: Mapping[str, str]) -> dict[str, str]:
    """The words with "1 Label" below, in each language that has both."""
    if not labels:
        return dict(words)
    lines = {}
    for lang in words.keys() | labels.keys():
        above, label = words.get(lang) or words.get("", ""), labels.get(lang) or labels.get("")
        if label and (above or not words):
            lines[lang] = f"{above}\n{place} {label}".lstrip()
    return lines


def _ways_on(machine: Machine, name: str, state: spec.State, dialog: spec.Dialog, fold: Fold) -> None:
    add = machine.add_transition
    for branch in state.on or ():
        _branch(machine, name, branch, fold)
    if state.on:
        _otherwise(machine, name, state)
        add("expired", name, dialog.on_expiry or OVER, before=[] if dialog.on_expiry else [_gone_silent])
    if state.after:
        add("woke", name, state.after.goto)
    for choice in state.choose or ():
        add("choose", name, choice.goto, conditions=[_chosen(choice.when)] if choice.when else [])
    if parts.opens(state.then):
        add("returned", name, None, conditions=[_returns_to("")], before=[_stay])
    if not state.ends:
        for event, goto in dialog.events.items():
            add(HAPPENED + event, name, goto)


def _branch(machine: Machine, name: str, branch: spec.Branch, fold: Fold) -> None:
    hears = listener(branch.hear, fold)
    acts = [act(action) for action in branch.then]
    opens = [acts.pop()] if parts.opens(branch.then) else []
    say = Say(branch.say, state=name) if branch.say else None

    def understood(now: Now) -> bool:
        moment = now.model
        moment.answer = hears(moment.event, moment.ground)  # type: ignore[arg-type]  # only Heard triggers "heard"
        return moment.answer is not None

    def answered(now: Now) -> None:
        moment = now.model
        answer: Answer = moment.answer  # type: ignore[assignment]  # understood() was true
        if branch.as_:
            moment.values[branch.as_] = answer.value
        if branch.hear.topic:
            moment.topic = str(answer.value)
        if answer.language:
            moment.effects.append(Remember("language", answer.language))
        moment.do(acts)
        if say:
            moment.effects.append(say)
        if opens:
            moment.do(opens)
            moment.return_to = branch.goto

    machine.add_transition("heard", name, None if opens else branch.goto, conditions=[understood], before=[answered])
    if opens:
        machine.add_transition("returned", name, branch.goto, conditions=[_returns_to(branch.goto)])


def _otherwise(machine: Machine, name: str, state: spec.State) -> None:
    """A text that nothing matches: say it again while tries are left, then go on, or leave it to a person."""
    otherwise = state.otherwise
    again = Say(otherwise.say, state=name) if otherwise.say else _question(name, state)

    def has_tries(now: Now) -> bool:
        return bool(now.model.tries < otherwise.tries)

    def ask_again(now: Now) -> None:
        now.model.tries += 1
        if again:
            now.model.effects.append(again)

    machine.add_transition("heard", name, None, conditions=[has_tries], before=[ask_again])
    machine.add_transition("heard", name, otherwise.goto or OVER, before=[] if otherwise.goto else [_not_understood])


def _chosen(when: parts.When) -> Callable[[Now], bool]:
    asks = condition(when)
    return lambda now: asks(now.model.values, now.model.holds)


def _returns_to(goto: str) -> Callable[[Now], bool]:
    return lambda now: bool(now.model.return_to == goto)


def _stay(now: Now) -> None:
    now.model.return_to = None


def _gone_silent(now: Now) -> None:
    now.model.effects.append(Finish("expired"))


def _not_understood(now: Now) -> None:
    now.model.effects += (NOT_UNDERSTOOD, Finish("not understood"))
