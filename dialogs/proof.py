"""Proves a dialog: whatever a customer texts or leaves out, nothing goes wrong; a fault is shown as a conversation.

`walk` takes every way; here each rule looks at what came of it. What is not proved: what texts mean, what happens when a
person or a keyword that interrupts takes over, and that a condition about the contact ever holds.
Cost: one turn of the engine for each place and each thing that can happen there. A dialog of 200 states with 50 branches
each takes a few seconds; one that needs more than `walk.MAX_STEPS` turns is not proved, and that is told as a fault.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from functools import partial

from dialogs import spec
from dialogs.check import Known, actions, says
from dialogs.compile import NOT_UNDERSTOOD
from dialogs.effects import HandOver, OptIn, Say
from dialogs.effects import Value as Answered
from dialogs.endless import dead_ends, loops, nobody
from dialogs.engine import NOWHERE
from dialogs.events import Heard
from dialogs.fault import Fault, own_effects, own_places, shown, state_of, story, tried
from dialogs.load import Problem, problem
from dialogs.parts import JoinTopic, Words, opens
from dialogs.paths import reached, roads
from dialogs.samples import PICTURE, SOMETHING, Ears, Offer, Text
from dialogs.topics import menu
from dialogs.walk import Done, Place, Step, Walk, needed

LONG = "m" * 40  # what a merge tag may well say: a long name, town or address
WIDE = "ê" * 40  # the same outside GSM-7: a single such letter halves what a part can hold
DEAF_FOR = timedelta(hours=24)  # after `hand_over`, the house lets no dialog hear
MAY_BE_OFFERED = frozenset({"yes"})  # a START only for those whom the carrier blocks: for all others an ordinary answer
LAW = ("STOP", "HELP")  # what the house must take wherever a dialog listens


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
    merged: dict[int, set[str]] = {}  # by the words, which are made once, when the dialog is compiled
    for step, i, done in own_effects(walk):
        if not isinstance(done.effect, Say):
            continue
        say, words = done.effect, id(done.effect)
        if words not in merged:
            merged[words] = {use.path[-1] for template in say.words.values() for use in walk.known.tags(template)}
        known = (words, frozenset(one for one in done.answers.items() if one[0] in merged[words]), done.fields)
        if known not in seen:
            seen.add(known)
            for lang in walk.known.languages:
                for path, message in _said(walk, done, say, lang):
                    yield Fault(path, message, story(step, lang, i))


def _said(walk: Walk, done: Done, say: Say, lang: str) -> Iterator[tuple[spec.Path, str]]:
    template = say.words.get(lang) or say.words.get("")
    if template is None:
        yield _written(walk, say, lambda words: lang not in words and "" not in words), f"this is not said in: {lang}"
        return
    sure = walk.known.names | {f"contact.{name}" for name in done.fields}
    bound = sure | {f"answers.{name}" for name in done.answers}
    for tag in dict.fromkeys(needed({lang: template}, walk.known)):
        if tag not in bound:
            yield (_written(walk, say, partial(_merges, walk, tag)), f"{{{{ {tag} }}}} is not always known here: "
                   f"add a default, such as {{{{ {tag} | default: 'you' }}}}")
    every = sure | {f"contact.{name}" for name in walk.known.fields}
    some = [_filled(*one) for one in ((sure, done.answers, LONG), (every, done.answers, LONG), (every, done.answers, WIDE))]
    fillings = [_typed(one, walk.known) for one in some]
    menus = [{"topics": menu(walk.known.topics, lang, on), "language": lang} for on in (lambda _: True, lambda _: False)]
    try:
        parts = max(walk.known.parts(template, {**values, **one}) for one in menus for values in fillings)
    except ValueError as error:
        yield _written(walk, say, lambda _: True), f"this cannot be said: {error}"
        return
    if parts > walk.known.most_parts:
        yield _written(walk, say, lambda _: True), f"this can become more than {walk.known.most_parts} parts"


def _merges(walk: Walk, tag: str, words: Words) -> bool:
    return tag in needed(words, walk.known)


def _circles(walk: Walk) -> Iterator[Fault]:
    """No turn may be endless: by choosing, or by dialogs that open each other."""
    gave_up = {NOWHERE.format(dialog=walk.dialog.name, state=name): name for name in walk.dialog.states}
    for step, i, done in own_effects(walk):
        if isinstance(done.effect, HandOver) and (name := gave_up.get(done.effect.note)):
            yield Fault(("states", name, "choose"), f"`{name}` leads back to itself without listening or waiting",
                        story(step, walk.language, i))
    for step in walk.steps:
        if step.circle:
            then = ("then",) if opens(walk.dialog.states[step.circle].then) else ()
            yield Fault(("states", step.circle, *then), "dialogs open each other here in a circle, without the customer",
                        story(step, walk.language))


def _consents(walk: Walk) -> Iterator[Fault]:
    """Nobody consents by silence, nor by words that nothing here understood. The keyword that opens a dialog is understood."""
    for step in walk.steps:
        place = step.source
        if place is None or walk.dialog.name not in step.acted or _understood(walk, place, step.did):
            continue
        opened = {done.dialog for done in step.done} - {frame.dialog for frame in place.stack}
        for i, done in enumerate(step.done, 1):
            if isinstance(done.effect, OptIn) and done.dialog in opened | {walk.dialog.name}:
                path = _joins(walk.dialog, done.effect) if done.dialog not in opened else ("states", state_of(walk, place))
                yield Fault(path, "nobody has agreed just before: lead here only from an answer", story(step, walk.language, i))


def _understood(walk: Walk, place: Place, did: object) -> bool:
    own = place.top.dialog == walk.dialog.name
    return own and isinstance(did, Text) and walk.ears(place.top).winner(did.heard) is not None


def _joins(dialog: spec.Dialog, effect: OptIn) -> spec.Path:
    """Where a consent is written to which no answer leads: in a state, if possible one that is entered without an answer."""
    choices = [way for way in roads(dialog) if way.at[2:3] == ("choose",)]
    others = [way for way in roads(dialog) if way.at[2:3] not in (("choose",), ("on",))]
    quiet = {name for way in others for name in reached(way.goto, choices)}
    found = [path for path, action, heard in actions(dialog) if not heard and isinstance(action, JoinTopic)
             and action.topic in (None, effect.topic) and action.proof == effect.proof]
    return min(found, key=lambda path: path[1] not in quiet)


def _deaf(walk: Walk) -> Iterator[Fault]:
    """Where a person takes over as planned, no dialog may ask before it is heard again."""
    for step in (step for step in walk.steps if walk.dialog.name in step.acted):
        by = {one.dialog for one in step.done if isinstance(one.effect, HandOver) and one.effect != NOT_UNDERSTOOD}
        for way in _soon(step) if by else ():
            place = way[-1].target
            if place and place.listening and walk.dialog.name in by | {place.top.dialog}:
                later = [line for one in way[1:] for line in shown(one, walk.language)]
                yield Fault(("states", state_of(walk, place)), "no answer is heard here: after `hand_over` dialogs stay silent "
                            "for 24 hours", [*story(step, walk.language), *later])


def _soon(step: Step) -> Iterator[list[Step]]:
    """The ways on which time alone leads on from a step while dialogs are deaf after it, itself included."""
    ways, seen = deque([[step]]), set[Place | None]()
    while ways:
        way = ways.popleft()
        yield way
        waits = [one.target.after or timedelta(0) for one in way if one.target and not one.target.listening]
        place = way[-1].target
        if place and not place.listening and place not in seen and sum(waits, timedelta(0)) < DEAF_FOR:
            seen.add(place)
            ways += ([*way, one] for one in place.steps if one.by_time)


def _listens(walk: Walk) -> Iterator[Fault]:
    """Where a dialog listens it must end some day, leave the words of the law alone, and hear every answer that it offers."""
    seen = set()
    for place in own_places(walk):
        if place.listening and place.top.state not in seen:
            seen.add(place.top.state)
            ears, here = walk.ears(place.top), ("states", place.top.state, "on")
            if place.after is None:
                yield Fault(here, "whoever never answers stays here for ever: say after which silence it ends (`expires`)",
                            story(place.way, walk.language))
            for word in LAW:
                if walk.known.reserved(walk.known.fold(word)) != word:
                    yield Fault(here, f"{word} is not heard here", tried(walk, place, ears.text("", {"": word})))
            for offer in ears.offers():
                yield from _offered(walk, place, ears, offer)
            yield from _never_wins(walk, place, ears)
            yield from _opening(walk, place, ears)


def _offered(walk: Walk, place: Place, ears: Ears, offer: Offer) -> Iterator[Fault]:
    """A word that is offered as an answer must come to the dialog, and to its own branch."""
    path: spec.Path = ("states", place.top.state, "on", offer.branch, "hear")
    folded = walk.known.fold(offer.word)
    means, won = walk.known.reserved(folded), ears.winner(Heard(offer.word, folded))
    if means and folded not in MAY_BE_OFFERED:
        yield Fault(path, f"`{folded}` always means {means}: offer another word",
                    [*story(place.way, walk.language), f"> {offer.word}", f"# the house takes it for {means}"])
    elif _is_taken(walk, place, folded):
        yield _interrupted(walk, place, path, offer.word)
    elif not won:
        yield Fault(path, f"`{folded}` is not heard as the name of a topic: give it one that no other has",
                    story(place.way, walk.language))
    elif won[0] != offer.branch or (ears.is_choice(offer.branch) and won[1].value != offer.value):
        yield Fault(path, f"`{folded}` is already an answer above: this one never wins",
                    tried(walk, place, ears.text("", {"": offer.word})))


def _never_wins(walk: Walk, place: Place, ears: Ears) -> Iterator[Fault]:
    """A listener without words of its own must hear something that no branch above does, and that is no keyword."""
    for branch, lost in ears.lost():
        path: spec.Path = ("states", place.top.state, "on", branch, "hear")
        if lost is None:
            yield Fault(path, "there is nothing that this could hear", story(place.way, walk.language))
        else:
            yield Fault(path, "whatever this could hear is heard above: it never wins", tried(walk, place, lost))
    for phrase in walk.known.interrupts:
        won = ears.winner(Heard(phrase, phrase))
        if won and not ears.takes_all(won[0]) and not ears.is_offered(won[0], phrase) and _is_taken(walk, place, phrase):
            yield _interrupted(walk, place, ("states", place.top.state, "on", won[0], "hear"), phrase)


def _opening(walk: Walk, place: Place, ears: Ears) -> Iterator[Fault]:
    """A dialog that hears the text that opened it must not take every such text for an answer."""
    if walk.dialog.hears_opening and place.way.source is None:
        for i in filter(ears.takes_all, range(len(ears.branches))):
            yield Fault(("states", place.top.state, "on", i, "hear"), "the text that opens the dialog is already the answer "
                        "(`hears_opening`): nobody is ever asked", story(place.way, walk.language))


def _is_taken(walk: Walk, place: Place, folded: str) -> bool:
    """Whether a keyword takes a text away. The first answers of a dialog that hears what opens it are not lost on it."""
    opened, hears = walk.known.opened(folded), walk.dialog.hears_opening
    again = opened == walk.dialog.name and hears and place.top.state == walk.dialog.start
    return opened is not None and not again


def _interrupted(walk: Walk, place: Place, path: spec.Path, word: str) -> Fault:
    folded = walk.known.fold(word)
    opened = walk.known.opened(folded)
    does, done = (f"opens `{opened}`", f"opens {opened}") if opened else ("says a reply", "says a reply")
    return Fault(path, f"`{folded}` is a keyword that interrupts and {does}: it is never an answer here",
                 [*story(place.way, walk.language), f"> {word}", f"# the house {done}"])


def _too_many(walk: Walk) -> Iterator[Fault]:
    yield Fault(("states",), "there are too many ways to prove: let fewer answers decide what is said much later",
                story(walk.places[-1].way, walk.language))


ON_THE_WAY: tuple[Callable[[Walk], Iterator[Fault]], ...] = (_says, _circles, _consents, _deaf, _listens)
AT_LAST: tuple[Callable[[Walk], Iterator[Fault]], ...] = (loops, dead_ends, nobody)


# Texts


def _filled(tags: Iterable[str], answers: Mapping[str, Answered], unknown: str) -> dict[str, object]:
    """Values for a text, nested as its tags are: `unknown` where one cannot know it, as of answers in free words."""
    groups: dict[str, dict[str, object]] = {}
    for tag in tags:
        group, _, name = tag.rpartition(".")
        groups.setdefault(group, {})[name] = unknown
    free = unknown if unknown == WIDE else PICTURE  # whoever may answer anything may send a picture, too
    told = {name: free if value == SOMETHING else value for name, value in answers.items()}
    return {**groups.pop("", {}), **groups, "answers": told}


def _typed(values: dict[str, object], known: Known) -> dict[str, object]:
    """Fields that keep no text say what their type lets them say."""
    mine = values.get("contact")
    if not isinstance(mine, dict):
        return values
    return {**values, "contact": {name: known.samples.get(known.fields.get(name, ""), said) for name, said in mine.items()}}


def _written(walk: Walk, say: Say, at_fault: Callable[[Words], bool]) -> spec.Path:
    """Where words are written; for a question and its menu, the first part that is at fault."""
    texts = list(says(say.state, walk.dialog.states[say.state]))
    whole = [path for path, words in texts if words == say.words]
    parts = [path for path, words in texts if (path[2] == "say" or "choice" in path) and at_fault(words)]
    return [*whole, *parts, ("states", say.state)][0]
