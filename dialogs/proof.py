"""Proves a dialog: whatever a customer texts or leaves out, nothing goes wrong; a fault is shown as a conversation.

`walk` takes every way; here each rule looks at what came of it. What is not proved: what texts mean, what happens when a
person or a keyword that interrupts takes over, and that a condition about the contact ever holds.
Cost: one turn of the engine for each place and each thing that can happen there. A dialog of 200 states with 50 branches
each takes a few seconds; one that needs more than `walk.MAX_STEPS` turns is not proved, and that is told as a fault.
"""

from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

from dialogs import spec
from dialogs.check import Known, says
from dialogs.effects import HandOver, Say
from dialogs.effects import Value as Answered
from dialogs.engine import NOWHERE
from dialogs.events import Happened, Heard
from dialogs.load import Problem, problem
from dialogs.parts import Words, opens
from dialogs.samples import SOMETHING, Ears, Offer, Text
from dialogs.transcript import became, passed, pick, said, texted
from dialogs.walk import Done, Place, Step, Walk, needed

LONG = "m" * 40  # what a merge tag may well say: a long name, town or address
MAY_BE_OFFERED = frozenset({"yes"})  # a START only for those whom the carrier blocks: for all others an ordinary answer
LAW = ("STOP", "HELP")  # what the house must take wherever a dialog listens


class Fault(NamedTuple):
    """What is wrong, where it is written, and the conversation that shows it."""

    path: spec.Path
    message: str
    transcript: list[str]


def prove(dialog: spec.Dialog, *, known: Known) -> list[Problem]:
    """What can go wrong in a dialog, each fault once and in the order of its lines; empty: it is proved.

    Give it, and let `known.dialogs` hold, only what `check` found no problem in. What goes wrong inside a dialog that is
    opened is told when that one is proved.
    """
    walk = Walk(dialog, known)
    rules = (*ON_THE_WAY, *AT_LAST) if walk.complete else (*ON_THE_WAY, _too_many)
    found: dict[tuple[spec.Path, str], list[str]] = {}
    for fault in (fault for rule in rules for fault in rule(walk)):
        found.setdefault((fault.path, fault.message), fault.transcript)
    problems = [problem(dialog.file, dialog.lines, path, message, tuple(transcript))
                for (path, message), transcript in found.items()]
    return sorted(problems, key=lambda one: (one.line, one.path))


# On the way: what a single step shows


def _says(walk: Walk) -> Iterator[Fault]:
    """A text must be there in every language, with every value that it merges, and not be too long."""
    seen: set[object] = set()
    for step, i, done in _done(walk):
        known = (id(done.effect), frozenset(done.answers), done.fields)  # a dialog's words are made once, when it is compiled
        if isinstance(done.effect, Say) and known not in seen:
            seen.add(known)
            for lang in walk.known.languages:
                for path, message in _said(walk, done, done.effect, lang):
                    yield Fault(path, message, _told(step, lang, i))


def _said(walk: Walk, done: Done, say: Say, lang: str) -> Iterator[tuple[spec.Path, str]]:
    template = say.words.get(lang) or say.words.get("")
    if template is None:
        yield _written(walk, say, lambda words: lang not in words and "" not in words), f"this is not said in: {lang}"
        return
    bound = walk.known.names | {f"answers.{name}" for name in done.answers} | {f"contact.{name}" for name in done.fields}
    for tag in dict.fromkeys(needed({lang: template}, walk.known)):
        if tag not in bound:
            yield (_written(walk, say, partial(_merges, walk, tag)), f"{{{{ {tag} }}}} is not always known here: "
                   f"add a default, such as {{{{ {tag} | default: 'you' }}}}")
    parts, most = walk.known.parts(template, _long(walk.known, done.answers)), walk.known.most_parts
    if parts > most:
        yield _written(walk, say, lambda _: True), f"this can become {parts} parts: at most {most}"


def _merges(walk: Walk, tag: str, words: Words) -> bool:
    return tag in needed(words, walk.known)


def _circles(walk: Walk) -> Iterator[Fault]:
    """No turn may be endless: by choosing, or by dialogs that open each other."""
    gave_up = {NOWHERE.format(dialog=walk.dialog.name, state=name): name for name in walk.dialog.states}
    for step, i, done in _done(walk):
        if isinstance(done.effect, HandOver) and (name := gave_up.get(done.effect.note)):
            yield Fault(("states", name, "choose"), f"`{name}` leads back to itself without listening or waiting",
                        _told(step, walk.language, i))
    for step in walk.steps:
        if step.circle:
            then = ("then",) if opens(walk.dialog.states[step.circle].then) else ()
            yield Fault(("states", step.circle, *then), "dialogs open each other here in a circle, without the customer",
                        _told(step, walk.language))


def _listens(walk: Walk) -> Iterator[Fault]:
    """Where a dialog listens it must end some day, leave the words of the law alone, and hear every answer that it offers."""
    seen = set()
    for place in _mine(walk):
        if place.listening and place.top.state not in seen:
            seen.add(place.top.state)
            ears, here = walk.ears(place.top), ("states", place.top.state, "on")
            if place.after is None:
                yield Fault(here, "whoever never answers stays here for ever: say after which silence it ends (`expires`)",
                            _told(place.way, walk.language))
            for word in LAW:
                if walk.known.reserved(walk.known.fold(word)) != word:
                    yield Fault(here, f"{word} is not heard here", _tried(walk, place, ears.text("", {"": word})))
            for offer in ears.offers():
                yield from _offered(walk, place, ears, offer)
            yield from _never_wins(walk, place, ears)


def _offered(walk: Walk, place: Place, ears: Ears, offer: Offer) -> Iterator[Fault]:
    """A word that is offered as an answer must come to the dialog, and to its own branch."""
    path: spec.Path = ("states", place.top.state, "on", offer.branch, "hear")
    folded = walk.known.fold(offer.word)
    means, won = walk.known.reserved(folded), ears.winner(Heard(offer.word, folded))
    if means and folded not in MAY_BE_OFFERED:
        yield Fault(path, f"`{folded}` always means {means}: offer another word",
                    [*_told(place.way, walk.language), f"> {offer.word}", f"# the house takes it for {means}"])
    elif _is_taken(walk, place, folded):
        yield _interrupted(walk, place, path, offer.word)
    elif won and (won[0] != offer.branch or (ears.is_choice(offer.branch) and won[1].value != offer.value)):
        yield Fault(path, f"`{folded}` is already an answer above: this one never wins",
                    _tried(walk, place, ears.text("", {"": offer.word})))


def _never_wins(walk: Walk, place: Place, ears: Ears) -> Iterator[Fault]:
    """A listener without words of its own must hear something that no branch above does, and that is no keyword."""
    for branch, lost in ears.lost():
        path: spec.Path = ("states", place.top.state, "on", branch, "hear")
        if lost is None:
            yield Fault(path, "there is nothing that this could hear", _told(place.way, walk.language))
        else:
            yield Fault(path, "whatever this could hear is heard above: it never wins", _tried(walk, place, lost))
    for phrase in walk.known.interrupts:
        won = ears.winner(Heard(phrase, phrase))
        if won and not ears.takes_all(won[0]) and not ears.is_listed(won[0]) and _is_taken(walk, place, phrase):
            yield _interrupted(walk, place, ("states", place.top.state, "on", won[0], "hear"), phrase)


def _is_taken(walk: Walk, place: Place, folded: str) -> bool:
    """Whether a keyword takes a text away. The first answers of a dialog that hears what opens it are not lost on it."""
    plain, hears = walk.known.parsers.plain(folded), walk.dialog.hears_opening
    opened = walk.known.interrupts.get(folded) or walk.known.interrupts.get(plain)
    again = opened == walk.dialog.name and hears and place.top.state == walk.dialog.start
    return opened is not None and not again


def _interrupted(walk: Walk, place: Place, path: spec.Path, word: str) -> Fault:
    folded = walk.known.fold(word)
    opened = walk.known.interrupts.get(folded) or walk.known.interrupts[walk.known.parsers.plain(folded)]
    return Fault(path, f"`{folded}` is a keyword that interrupts and opens `{opened}`: it is never an answer here",
                 [*_told(place.way, walk.language), f"> {word}", f"# the house opens {opened}"])


# At last: what only all steps together show


def _loops(walk: Walk) -> Iterator[Fault]:
    """Whoever never answers must not be texted for ever. A loop that says nothing may turn, if something leads out of it."""
    for place, step, back in _rounds(walk):
        state = next((frame.state for frame in place.stack if frame.dialog == walk.dialog.name), walk.dialog.start)
        shown = [line for one in back for line in _lines(one, walk.language)]
        yield Fault(("states", state), "whoever never answers is texted from here for ever: give each reminder a state of "
                    "its own, and an end", [*_told(step, walk.language), *shown, "# and so on, for ever"])


def _rounds(walk: Walk) -> Iterator[tuple[Place, Step, list[Step]]]:
    """Every loop of time alone in which the dialog has a part and something is said: a place of it, the step, the way back."""
    circling, told = _circling(walk), set[Place]()
    for place in circling:
        for step in place.steps:
            if place not in told and step.by_time and step.speaks and walk.dialog.name in step.acted and step.target in circling:
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


def _dead_ends(walk: Walk) -> Iterator[Fault]:
    """From everywhere something that may happen leads to an end. What leads into a loop is told as such."""
    looped = {place for place, _, _ in _rounds(walk)}
    for place in _entrances(walk, _dead(walk)):
        if not looped & _onward(place):
            yield Fault(("states", place.top.state), "no words of the customer, no event and no time lead from here to "
                        "an end", _told(place.way, walk.language))


def _nobody(walk: Walk) -> Iterator[Fault]:
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
                    "let some lead to `hand_over`, or to an end", _told(place.way, walk.language))


def _too_many(walk: Walk) -> Iterator[Fault]:
    yield Fault(("states",), "there are too many ways to prove: let fewer answers decide what is said much later",
                _told(walk.places[-1].way, walk.language))


ON_THE_WAY: tuple[Callable[[Walk], Iterator[Fault]], ...] = (_says, _circles, _listens)
AT_LAST: tuple[Callable[[Walk], Iterator[Fault]], ...] = (_loops, _dead_ends, _nobody)


def _dead(walk: Walk) -> dict[Place, None]:
    """The places from which nothing leads to an end."""
    return _without(walk, lambda place: [[step] for step in place.steps], lambda step: step.target is None)


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
    return (place for place in _mine(walk) if place in places and place.way.source not in places)


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


def _mine(walk: Walk) -> Iterator[Place]:
    return (place for place in walk.places if place.top.dialog == walk.dialog.name)


def _done(walk: Walk) -> Iterator[tuple[Step, int, Done]]:
    """What the proved dialog itself does on the way: the step, how far it has gone, and the effect."""
    return ((step, i, done) for step in walk.steps for i, done in enumerate(step.done, 1)
            if done.dialog == walk.dialog.name)


# Texts


def _long(known: Known, answers: Mapping[str, Answered]) -> dict[str, object]:
    """Long but plausible values for a text, nested as its tags are; of the answers only those in free words are long."""
    groups: dict[str, dict[str, object]] = {}
    for tag in (*known.names, *(f"contact.{name}" for name in known.fields)):
        group, _, name = tag.rpartition(".")
        groups.setdefault(group, {})[name] = LONG
    told = {name: LONG if value == SOMETHING else value for name, value in answers.items()}
    return {**groups.pop("", {}), **groups, "answers": told}


def _written(walk: Walk, say: Say, at_fault: Callable[[Words], bool]) -> spec.Path:
    """Where words are written; for a question and its menu, the first part that is at fault."""
    texts = list(says(say.state, walk.dialog.states[say.state]))
    whole = [path for path, words in texts if words == say.words]
    parts = [path for path, words in texts if (path[2] == "say" or "choice" in path) and at_fault(words)]
    return [*whole, *parts, ("states", say.state)][0]


# Transcripts


def _told(step: Step, language: str, until: int | None = None) -> list[str]:
    """The conversation up to a step, or to one of the things that it did."""
    steps = [step]
    while steps[0].source:
        steps.insert(0, steps[0].source.way)
    lines = [f"# {steps[0].done[0].dialog}"] if steps[0].done else []
    return lines + [line for one in steps for line in _lines(one, language, until if one is step else None)]


def _lines(step: Step, language: str, until: int | None = None) -> list[str]:
    lines = [f"# if {'' if true else 'not '}{kind} {name}" for (kind, name), true in step.assumed]
    match step.did:
        case Text(typed=typed, heard=heard):
            lines.append(texted(pick(typed, language), bool(heard.media)))
        case Happened(name):
            lines.append(f"= {name}")
        case None:
            pass
        case _:
            lines.append(passed(step.source.after) if step.source and step.source.after else "@ for ever")
    for one in step.done[:until]:
        told = said(pick(one.effect.words, language)) if isinstance(one.effect, Say) else became(one.effect)
        lines += told.split("\n") if told else []
    if until is None and step.target:
        top = step.target.top
        lines.append(f"= {'listening' if step.target.listening else 'waiting'} {top.dialog} {top.state}")
    return lines


def _tried(walk: Walk, place: Place, text: Text) -> list[str]:
    return _told(walk.tried(place, text), walk.language)
