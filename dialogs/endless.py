"""What never ends: loops without the customer, dead ends, and places from which no words lead to a person.

Rules of the proof that see all steps together, once `walk` has taken them.
"""

from collections import deque
from collections.abc import Callable, Collection, Iterator
from typing import Any

from dialogs.events import Happened
from dialogs.fault import Fault, own_places, shown, state_of, story
from dialogs.samples import Text
from dialogs.walk import Place, Step, Walk

TEXTED = "whoever never answers is texted from here for ever: give each reminder a state of its own, and an end"
DONE = "this is done again and again without the customer, for ever: give it an end"


def loops(walk: Walk) -> Iterator[Fault]:
    """Nothing must be said or done for ever without the customer. A loop that only looks may turn, if something leads out."""
    for place, step, back in _rounds(walk):
        message = TEXTED if any(one.speaks for one in (step, *back)) else DONE
        round_ = [line for one in back for line in shown(one, walk.language)]
        yield Fault(("states", state_of(walk, place)), message, [*story(step, walk.language), *round_, "# and so on, for ever"])


def _rounds(walk: Walk) -> Iterator[tuple[Place, Step, list[Step]]]:
    """Every loop of time alone in which the dialog has a part and something is done: a place of it, the step, the way back."""
    circling, told = _circling(walk), set[Place]()
    for place in circling:
        for step in place.steps:
            if place not in told and step.by_time and step.acts and walk.dialog.name in step.acted and step.target in circling:
                back = _way_back(step.target, place)
                if back is not None:
                    told.update((place, step.target, *(one.target for one in back if one.target)))
                    yield place, step, back


def _circling(walk: Walk) -> dict[Place, None]:
    """The places from which time alone may lead on without an end, in order."""
    return _without(walk, lambda place: [[step for step in place.steps if step.by_time]],
                    lambda step: step.target is None)


def _way_back(place: Place, to: Place) -> list[Step] | None:
    """The shortest way on which time alone leads from a place to another."""
    ways: dict[Place, list[Step]] = {place: []}
    new = deque([place])
    while new:
        here = new.popleft()
        if here is to:
            return ways[here]
        for step in here.steps:
            if step.by_time and step.target and step.target not in ways:
                ways[step.target] = [*ways[here], step]
                new.append(step.target)
    return None


def dead_ends(walk: Walk) -> Iterator[Fault]:
    """From everywhere words or time lead to an end. What leads into a loop is told as such."""
    looped = {place for place, _, _ in _rounds(walk)}
    for place in _entrances(walk, _dead(walk)):
        if not looped & _onward(place):
            yield Fault(("states", place.top.state), "no words of the customer and no time lead from here to an end",
                        story(place.way, walk.language))


def nobody(walk: Walk) -> Iterator[Fault]:
    """From everywhere some words lead for sure to a person: to `hand_over`, or to where no dialog listens any more."""
    def words(place: Place) -> list[list[Step]]:
        heard: dict[Any, list[Step]] = {}
        for step in place.steps:
            if isinstance(step.did, Text) and (step.did.heard.folded or step.did.heard.media):
                heard.setdefault(step.did, []).append(step)
        return list(heard.values())

    def reached(step: Step) -> bool:
        return step.target is None or not step.target.listening or step.hands_over

    dead = _dead(walk)
    stuck = {place: None for place in _without(walk, words, reached) if place.listening and place not in dead}
    for place in _entrances(walk, stuck):
        yield Fault(("states", place.top.state, "on"), "no words of the customer lead from here to a person: "
                    "let some lead to `hand_over`, or to an end", story(place.way, walk.language))


def _dead(walk: Walk) -> dict[Place, None]:
    """The places from which nothing leads to an end. Events do not count: nothing in the house raises any yet."""
    return _without(walk, lambda place: [[step] for step in place.steps if not isinstance(step.did, Happened)],
                    lambda step: step.target is None)


def _without(
    walk: Walk, ways: Callable[[Place], list[list[Step]]], there: Callable[[Step], bool]
) -> dict[Place, None]:
    """The places, in order, without a way of which every step leads there, or to a place that has such a way."""
    left = {place: ways(place) for place in reversed(walk.places)}
    found = True
    while found:
        found = False
        for place, its in list(left.items()):
            if any(all(there(step) or step.target not in left for step in way) for way in its):
                del left[place]
                found = True
    return dict.fromkeys(reversed(left))


def _entrances(walk: Walk, places: Collection[Place]) -> Iterator[Place]:
    """Of such places those that one comes to from elsewhere, in the dialog that is proved."""
    return (place for place in own_places(walk) if place in places and place.way.source not in places)


def _onward(place: Place) -> set[Place]:
    """All places that one can get to from one, itself included."""
    found: set[Place] = {place}
    new = [place]
    while new:
        for step in new.pop().steps:
            if step.target and step.target not in found:
                found.add(step.target)
                new.append(step.target)
    return found
