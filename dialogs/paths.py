"""The roads between the states of a dialog: where one can get to, and what is surely known on arrival."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from dialogs.parts import Action, RememberField, opens
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
        new = [goto for name in new for goto in onward.get(name, ()) if goto not in found]
        found.update(new)
    return found


def known_on_arrival(dialog: Dialog, ways: Iterable[Road]) -> Mapping[str, frozenset[str]]:
    """For each state the merge tags (such as "answers.name") that are known whichever road was taken."""
    ways = list(ways)
    known: dict[str, frozenset[str]] = {dialog.start: frozenset()}
    changed = True
    while changed:
        changed = False
        for way in ways:
            if way.source not in known:
                continue
            brought = known[way.source] | way.learns
            here = known.get(way.goto, brought) & brought
            if known.get(way.goto) != here:
                known[way.goto], changed = here, True
    return known


def circles(dialog: Dialog) -> Iterator[str]:
    """States that can lead back to themselves by choosing alone, so that a turn would never end."""
    choosing = [Road(name, choice.goto, ()) for name, state in dialog.states.items() if not opens(state.then)
                for choice in state.choose or ()]
    for name in dict.fromkeys(road.source for road in choosing):
        if any(name in reached(road.goto, choosing) for road in choosing if road.source == name):
            yield name


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
