"""Does a dialog hold together on every path? What must be right before it may be published."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol
from zoneinfo import available_timezones

from dialogs import parts, spec
from dialogs.hear import heard_words
from dialogs.load import Problem, problem
from dialogs.paths import circles, known_on_arrival, learnt, reached, roads

MAX_STATES = 200
MAX_DURATION = timedelta(days=366)
KINDS = frozenset({"tag", "consent"})  # what a condition may ask of the house
MAY_BE_OFFERED = frozenset({"yes"})  # a START only for those whom the carrier blocks: for all others an ordinary answer

Found = Iterator[tuple[spec.Path, str]]


class TagUse(Protocol):
    """A merge tag used by a text: ("answers", "name") for {{ answers.name }}."""

    @property
    def path(self) -> tuple[str, ...]: ...
    @property
    def has_default(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Known:
    """What the shop knows: the words and names that a dialog may use."""

    fold: Callable[[str], str]
    reserved: Callable[[str], str | None]  # folded text → "STOP", "START", "HELP", or None for all others
    tags: Callable[[str], Iterable[TagUse]]  # the merge tags of a template; ValueError if it is no template
    names: frozenset[str]  # merge tags that can always be filled in, such as "brand" or "contact.first_name"
    topics: frozenset[str]
    double: frozenset[str]  # the topics that need a second yes
    fields: frozenset[str]
    languages: tuple[str, ...]  # languages in which every text must be there
    dialogs: frozenset[str]  # dialogs that `open` may name


Rule = Callable[[spec.Dialog, Known], Found]


def check(dialog: spec.Dialog, *, known: Known, rules: tuple[Rule, ...] = ()) -> list[Problem]:
    """Everything that is wrong with a dialog, in the order of its lines; an empty list means publishable.

    `rules`: all of them, or those that stand `ALONE`, for a dialog that is tried out without a shop, or `NAMED`.
    """
    found = [problem(dialog.file, dialog.lines, path, message)
             for rule in rules or RULES for path, message in rule(dialog, known)]
    return sorted(dict.fromkeys(found), key=lambda one: one.line)


# Roads


def _gotos(dialog: spec.Dialog, _: Known) -> Found:
    named = [(("start",), dialog.start), *((way.at, way.goto) for way in roads(dialog))]
    if dialog.on_expiry:
        named.append((("on_expiry",), dialog.on_expiry))
    for path, goto in named:
        if goto not in dialog.states:
            yield path, f"there is no state `{goto}`"
    if dialog.on_expiry and not dialog.expires:
        yield ("on_expiry",), "this is never reached: say after which silence (`expires`)"


def _unreachable(dialog: spec.Dialog, _: Known) -> Found:
    there = reached(dialog.start, roads(dialog))
    for name in dialog.states:
        if name not in there:
            yield ("states", name), f"nothing leads to `{name}`"


def _stuck(dialog: spec.Dialog, _: Known) -> Found:
    for name, state in dialog.states.items():
        takes_all = any(branch.hear.kind == "anything" for branch in state.on or ())
        if state.on and not (takes_all or state.otherwise.goto or dialog.expires):
            yield (("states", name, "on"),
                   "whoever answers something else stays here for ever: add `otherwise: {goto: …}` or `expires`")


def _circles(dialog: spec.Dialog, _: Known) -> Found:
    for name in circles(dialog):
        yield ("states", name, "choose"), f"`{name}` leads back to itself without listening or waiting"


def _choices(dialog: spec.Dialog, _: Known) -> Found:
    for name, state in dialog.states.items():
        for i, choice in enumerate(state.choose or ()):
            last = i == len(state.choose or ()) - 1
            if last and choice.when:
                yield ("states", name, "choose", i), "the last choice must have no condition, for everybody else"
            if choice.when is None and not last:
                yield ("states", name, "choose", i), "everybody goes here: the choices below are never looked at"


# Answers


def _answers(dialog: spec.Dialog, known: Known) -> Found:
    for name, state in dialog.states.items():
        seen: dict[str, tuple[int, str]] = {}
        for i, branch in enumerate(state.on or ()):
            path: spec.Path = ("states", name, "on", i, "hear")
            if i and state.on and state.on[i - 1].hear.kind == "anything":
                yield path, "the branch above hears anything: this one never wins"
            for folded, _, value in heard_words(branch.hear, known.fold):
                first = seen.setdefault(folded, (i, value))
                if not folded:
                    yield path, f"`{value}` has no letters or digits, so it cannot be heard"
                elif (means := known.reserved(folded)) and folded not in MAY_BE_OFFERED:
                    yield path, f"`{folded}` always means {means}: offer another word"
                elif first[0] != i or (branch.hear.choice and first[1] != value):
                    yield path, f"`{folded}` is already an answer above: this one never wins"


# Texts


def _says(dialog: spec.Dialog) -> Iterator[tuple[spec.Path, str, parts.Words, frozenset[str]]]:
    """Every text: where it is written, its state, its words, and the merge tags learnt just before it is said."""
    for name, state in dialog.states.items():
        here: spec.Path = ("states", name)
        if state.say:
            yield (*here, "say"), name, state.say, frozenset()
        if state.otherwise.say:
            yield (*here, "otherwise", "say"), name, state.otherwise.say, learnt(state.then)
        for i, branch in enumerate(state.on or ()):
            answer = {f"answers.{branch.as_}"} if branch.as_ else set()
            if branch.say:
                yield (*here, "on", i, "say"), name, branch.say, learnt(state.then) | learnt(branch.then) | answer
            for key, option in (branch.hear.choice or {}).items():
                if option.say:
                    yield (*here, "on", i, "hear", "choice", key, "say"), name, option.say, frozenset()


def _languages(dialog: spec.Dialog, known: Known) -> Found:
    for path, _, words, _ in _says(dialog):
        missing = [lang for lang in known.languages if lang not in words]
        if missing and "" not in words:
            yield path, f"this is not said in: {', '.join(missing)}"


def _merge_tags(dialog: spec.Dialog, known: Known) -> Found:
    ways = roads(dialog)
    surely = known_on_arrival(dialog, ways)
    possible = known.names | {f"contact.{field}" for field in known.fields} | {tag for way in ways for tag in way.learns}
    for path, name, words, just_learnt in _says(dialog):
        bound = known.names | surely.get(name, frozenset()) | just_learnt
        for lang, template in words.items():
            try:
                uses = list(known.tags(template))
            except ValueError as error:
                yield (*path, lang), str(error)
                continue
            for use in uses:
                if message := _unbound(use, bound, possible, dialog.topic):
                    yield (*path, lang), message


def _unbound(use: TagUse, bound: frozenset[str], possible: frozenset[str], topic: str | None) -> str | None:
    """Why a merge tag cannot be filled in, or None if it can."""
    tag = ".".join(use.path)
    if tag not in possible:
        return f"{{{{ {tag} }}}} is not a merge tag that can be filled in here"
    if use.path[0] == "topic" and topic is None:
        return f"{{{{ {tag} }}}} needs a `topic:` for this dialog"
    if tag not in bound and not use.has_default:
        return f"{{{{ {tag} }}}} is not always known here: add a default, such as {{{{ {tag} | default: 'you' }}}}"
    return None


# Names and times


def _actions(dialog: spec.Dialog) -> Iterator[tuple[spec.Path, parts.Action, bool]]:
    """Every action, where it is written, and whether something was heard before it."""
    for name, state in dialog.states.items():
        here: spec.Path = ("states", name)
        yield from (((*here, "then", i), action, False) for i, action in enumerate(state.then))
        for b, branch in enumerate(state.on or ()):
            yield from (((*here, "on", b, "then", i), action, True) for i, action in enumerate(branch.then))


def _named(dialog: spec.Dialog, known: Known) -> Found:
    if dialog.topic and dialog.topic not in known.topics:
        yield ("topic",), f"there is no topic `{dialog.topic}`"
    for path, action, heard in _actions(dialog):
        match action:
            case parts.JoinTopic() | parts.LeaveTopic():
                topic = action.topic or dialog.topic
                if topic is None:
                    yield path, f"`{action.do}` needs a topic, here or for the whole dialog"
                elif topic not in known.topics:
                    yield path, f"there is no topic `{topic}`"
                elif isinstance(action, parts.JoinTopic) and action.proof == "double" and not heard:
                    yield path, "a double opt-in is the answer to a question: put it into a branch of `on`"
                elif isinstance(action, parts.JoinTopic) and action.proof == "single" and topic in known.double:
                    yield path, f"`{topic}` needs a second yes: ask for it, then `proof: double`"
            case parts.RememberField():
                if action.field not in known.fields | {"language", "zone"}:
                    yield path, f"there is no field `{action.field}`"
                if message := _unfit(action, heard):
                    yield path, message
            case parts.OpenDialog() if action.dialog not in known.dialogs:
                yield path, f"there is no dialog `{action.dialog}` to open"


def _unfit(action: parts.RememberField, heard: bool) -> str | None:
    """Why a value cannot be remembered. What is heard is seldom the name of a language or of a time zone: write it."""
    if action.value is None and action.field in ("language", "zone"):
        return f"say which `value` the {action.field} is to have, in a branch for each"
    if action.value is None and not heard:
        return "nothing was heard here: say which `value` to remember"
    if action.field == "language" and not re.fullmatch("[a-z]{2}", action.value or ""):
        return f"`{action.value}` is no language: two letters, such as fr"
    if action.field == "zone" and action.value not in available_timezones():
        return f"`{action.value}` is no time zone: write it like Europe/Paris"
    return None


def _conditions(dialog: spec.Dialog, known: Known) -> Found:
    remembered = known.names | {tag for way in roads(dialog) for tag in way.learns}
    for name, state in dialog.states.items():
        for i, choice in enumerate(state.choose or ()):
            for when in _parts(choice.when):
                path: spec.Path = ("states", name, "choose", i, "when")
                if when.value and f"answers.{when.value.name}" not in remembered:
                    yield path, f"no answer is remembered as `{when.value.name}`"
                for kind, asked in when.__pydantic_extra__.items():
                    if kind not in KINDS:
                        yield path, f"a condition cannot ask for `{kind}`: it knows {', '.join(sorted(KINDS))} and value"
                    elif kind == "consent" and asked not in known.topics:
                        yield path, f"there is no topic `{asked}`"


def _parts(when: parts.When | None) -> Iterator[parts.When]:
    """A condition and all those inside it."""
    if when:
        yield when
        for part in [*(when.all or ()), *(when.any or ()), when.not_]:
            yield from _parts(part)


def _durations(dialog: spec.Dialog, _: Known) -> Found:
    times: list[tuple[spec.Path, timedelta]] = [(("expires",), dialog.expires)] if dialog.expires is not None else []
    times += [(("states", name, "after", "wait"), s.after.wait) for name, s in dialog.states.items() if s.after]
    times += [((*path, "for"), a.for_) for path, a, _ in _actions(dialog) if isinstance(a, parts.PauseContact)]
    for path, duration in times:
        if not timedelta(0) < duration <= MAX_DURATION:
            yield path, "a time must be longer than nothing and at most a year"


def _size(dialog: spec.Dialog, _: Known) -> Found:
    if len(dialog.states) > MAX_STATES:
        yield ("states",), f"{len(dialog.states)} states are too many to understand: at most {MAX_STATES}"


ALONE: tuple[Rule, ...] = (_gotos, _unreachable, _stuck, _circles, _choices, _answers, _durations, _size)  # of any shop
NAMED: tuple[Rule, ...] = (_named, _conditions)  # does all that it names still exist?
RULES: tuple[Rule, ...] = (*ALONE, _languages, _merge_tags, _named, _conditions)
