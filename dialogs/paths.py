"""The roads between the states of a dialog: where one can get to, and what is still needed there."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from dialogs.parts import Action, RememberField
from dialogs.spec import Dialog, Path, State


@dataclass(frozen=True, slots=True)
class Road:
    """One way from a state to another; `at` is where it is written, `learns` the merge tags it makes known."""

    source: str
    goto: str
    at: Path
    learns: frozenset[str] = frozenset()


def roads(dialog: Dialog) -> list[Road]:
    """Every way between states: answers, waits, choices, silence and events. A goto may be unknown."""
    return [road for name, state in dialog.states.items() for road in _from(dialog, name, state)]


def reached(start: str, ways: Iterable[Road]) -> set[str]:
    """The states that one can get to from `start`, itself included."""
    onward: dict[str, list[str]] = {}
    for way in ways:
        onward.setdefault(way.source, []).append(way.goto)
    found, new = {start}, [start]
    while new:
        new = list({goto for name in new for goto in onward.get(name, ()) if goto not in found})
        found.update(new)
    return found


def used_later(ways: Iterable[Road], used: Mapping[str, Iterable[str]]) -> Mapping[str, frozenset[str]]:
    """For each state the names that are used there, or in a state that one can get to from it (`used`: state → names)."""
    before: dict[str, list[str]] = {}
    for way in ways:
        before.setdefault(way.goto, []).append(way.source)
    found: dict[str, set[str]] = {}
    for state, names in used.items():
        for name in names:
            new = [state]
            while new:
                one = new.pop()
                if name not in found.setdefault(one, set()):
                    found[one].add(name)
                    new += before.get(one, ())
    return {state: frozenset(names) for state, names in found.items()}


def learnt(actions: Iterable[Action]) -> frozenset[str]:
    """The contact's fields that actions fill."""
    return frozenset(f"contact.{action.field}" for action in actions if isinstance(action, RememberField))


def _from(dialog: Dialog, name: str, state: State) -> Iterator[Road]:
    here: Path = ("states", name)
    done = learnt(state.then)
    for i, branch in enumerate(state.on or ()):
        answer = {f"answers.{branch.as_}"} if branch.as_ else set()
        yield Road(name, branch.goto, (*here, "on", i, "goto"), done | answer | learnt(branch.then))
    if state.otherwise.goto:
        yield Road(name, state.otherwise.goto, (*here, "otherwise", "goto"), done)
    if state.on and dialog.on_expiry:
        yield Road(name, dialog.on_expiry, ("on_expiry",), done)
    if state.after:
        yield Road(name, state.after.goto, (*here, "after", "goto"), done)
    for i, choice in enumerate(state.choose or ()):
        yield Road(name, choice.goto, (*here, "choose", i, "goto"), done)
    if not state.ends:
        for event, goto in dialog.events.items():
            yield Road(name, goto, ("events", event), done)
