"""Is a dialog written rightly? What can be seen without talking it: `proof` talks it, once nothing is wrong here."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import chain
from typing import Protocol
from zoneinfo import available_timezones

from dialogs import parts, spec
from dialogs.act import TODAY
from dialogs.ground import Parsers
from dialogs.hear import heard_words
from dialogs.load import Problem, problem
from dialogs.paths import reached, roads
from dialogs.topics import Topics
from dialogs.when import within
from dialogs.yes_no import WORDS

MAX_STATES = 200
MAX_DURATION = timedelta(days=366)
SHORTEST_PAUSE = timedelta(days=1)  # less is no break from texts that come a few times a month
KINDS = frozenset({"tag", "consent", "topic"})  # what a condition may ask of the house
KEEPS = {"number": "a number", "date": "a day", "yes_no": "yes or no"}  # what a field of a type keeps; a text: anything
HEARD = {"number": "number", "date": "date", "until": "date", "yes": "yes_no", "no": "yes_no"}  # listener -> such a type

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
    topics: Topics
    double: frozenset[str]  # the topics that need a second yes
    fields: Mapping[str, str]  # each with its type
    fits: Callable[[str, object], bool]  # whether a field of this type can keep a value
    samples: Mapping[str, object]  # what merge tags may say of a field, by its type; not of a text, which says anything
    languages: tuple[str, ...]  # languages in which every text must be there; the first is spoken where we know no better
    dialogs: Mapping[str, spec.Dialog]  # those that `open` may name
    interrupts: Mapping[str, str]  # folded phrase of a keyword that interrupts → the dialog that it opens; "": it says a reply
    parsers: Parsers
    country: str
    parts: Callable[[str, Mapping[str, object]], int]  # of a template with such values; ValueError if it cannot be said
    most_parts: int  # that a say may have
    beginnings: frozenset[str] = frozenset()  # those of `interrupts` with which a text need only begin

    def opened(self, folded: str) -> str | None:
        """The dialog that a text opens in the middle of another one, by a keyword that interrupts; "": that says a reply."""
        said = (self.interrupts.get(text) for text in (folded, self.parsers.plain(folded)))
        words = folded.split(" ")
        begun = (" ".join(words[:count]) for count in range(len(words), 0, -1))
        begins = (self.interrupts[one] for one in begun if one in self.beginnings)
        return next((one for one in chain(said, begins) if one is not None), None)


Rule = Callable[[spec.Dialog, Known], Found]


def check(dialog: spec.Dialog, *, known: Known, rules: tuple[Rule, ...] = ()) -> list[Problem]:
    """Everything that is wrong with a dialog, in the order of its lines; an empty list means that it can be talked.

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


def _choices(dialog: spec.Dialog, _: Known) -> Found:
    for name, state in dialog.states.items():
        for i, choice in enumerate(state.choose or ()):
            last = i == len(state.choose or ()) - 1
            if last and choice.when:
                yield ("states", name, "choose", i), "the last choice must have no condition, for everybody else"
            if choice.when is None and not last:
                yield ("states", name, "choose", i), "everybody goes here: the choices below are never looked at"


# Texts


def _answers(dialog: spec.Dialog, known: Known) -> Found:
    for name, state in dialog.states.items():
        for i, branch in enumerate(state.on or ()):
            for folded, _, value in heard_words(branch.hear, known.fold):
                if not folded:
                    yield (("states", name, "on", i, "hear"),
                           f"`{value}` has no letters or digits, so it cannot be heard")


def _languages(dialog: spec.Dialog, known: Known) -> Found:
    """Whoever is asked in their language is heard in it, too."""
    for name, state in dialog.states.items():
        for i, branch in enumerate(state.on or ()):
            for path, words in _lists(branch.hear):
                spoken = {lang for lang, listed in words.items() if listed}
                missing = [lang for lang in known.languages if lang not in spoken]
                if missing and "" not in spoken:
                    yield (("states", name, "on", i, "hear", *path),
                           f'this is not heard in: {", ".join(missing)}; words for every language stand under ""')


def _lists(hear: parts.Hear) -> Iterator[tuple[spec.Path, Mapping[str, object]]]:
    """The words of a listener by language, and where they are; an option without any is heard by its number."""
    if hear.words is not None:
        yield ("words",), hear.words
    for key, option in (hear.choice or {}).items():
        if option.words:
            yield ("choice", key), {**option.words, **(option.say or {})}


def says(name: str, state: spec.State) -> Iterator[tuple[spec.Path, parts.Words]]:
    """Every text of a state, and where it is written."""
    here: spec.Path = ("states", name)
    if state.say:
        yield (*here, "say"), state.say
    if state.otherwise.say:
        yield (*here, "otherwise", "say"), state.otherwise.say
    for i, branch in enumerate(state.on or ()):
        if branch.say:
            yield (*here, "on", i, "say"), branch.say
        for key, option in (branch.hear.choice or {}).items():
            if option.say:
                yield (*here, "on", i, "hear", "choice", key, "say"), option.say


def _merge_tags(dialog: spec.Dialog, known: Known) -> Found:
    possible = known.names | {f"contact.{field}" for field in known.fields}
    possible |= {tag for way in roads(dialog) for tag in way.learns}
    for path, words in (text for name, state in dialog.states.items() for text in says(name, state)):
        for lang, template in words.items():
            try:
                tags = [".".join(use.path) for use in known.tags(template)]
            except ValueError as error:
                yield (*path, lang), str(error)
                continue
            for tag in tags:
                if tag not in possible:
                    yield (*path, lang), f"{{{{ {tag} }}}} is not a merge tag that can be filled in here"
                elif tag.startswith("topic.") and dialog.topic is None:
                    yield (*path, lang), f"{{{{ {tag} }}}} needs a `topic:` for this dialog"


# Names and times


def actions(dialog: spec.Dialog) -> Iterator[tuple[spec.Path, parts.Action, bool]]:
    """Every action, where it is written, and whether something was heard before it."""
    for name, state in dialog.states.items():
        here: spec.Path = ("states", name)
        yield from (((*here, "then", i), action, False) for i, action in enumerate(state.then))
        for b, branch in enumerate(state.on or ()):
            yield from (((*here, "on", b, "then", i), action, True) for i, action in enumerate(branch.then))


def _named(dialog: spec.Dialog, known: Known) -> Found:
    if dialog.topic and dialog.topic not in known.topics:
        yield ("topic",), f"there is no topic `{dialog.topic}`"
    yield from _hearing_topics(dialog)
    for path, action, heard in actions(dialog):
        match action:
            case parts.JoinTopic() | parts.LeaveTopic():
                topic = action.topic or dialog.topic
                if topic is None:
                    yield path, f"`{action.do}` needs a topic, here or for the whole dialog"
                elif topic not in known.topics:
                    yield path, f"there is no topic `{topic}`"
                elif message := _needs_double(action, dialog, known):
                    yield path, message
            case parts.RememberField():
                if action.field not in {*known.fields, "language", "zone"}:
                    yield path, f"there is no field `{action.field}`"
                elif message := _unfit(action, heard) or _untyped(action, _branch(dialog, path).hear if heard else None, known):
                    yield path, message
            case parts.PauseContact() if action.for_ is None and not _hears_a_day(dialog, path):
                yield path, "say for how long (`for`), or put it into a branch that hears `until` or a `date` with `future: true`"
            case parts.OpenDialog() if action.dialog not in known.dialogs:
                yield path, f"there is no dialog `{action.dialog}` to open"


def _hearing_topics(dialog: spec.Dialog) -> Found:
    """Before a topic is heard, `topic` must mean one, too."""
    for name, state in dialog.states.items():
        for i, branch in enumerate(state.on or ()):
            if branch.hear.topic and dialog.topic is None:
                yield ("states", name, "on", i, "hear"), "to hear topics a dialog needs one of its own (`topic:`)"


def _needs_double(action: parts.Action, dialog: spec.Dialog, known: Known) -> str | None:
    """Why a single yes is not enough for the topic, which may be any that the dialog hears."""
    if not isinstance(action, parts.JoinTopic) or action.proof == "double":
        return None
    possible = {action.topic} if action.topic else {dialog.topic, *(known.topics if dialog.hears_topics else ())}
    found = sorted(known.double & possible)
    return f"`{found[0]}` needs a second yes: ask for it, then `proof: double`" if found else None


def _hears_a_day(dialog: spec.Dialog, path: spec.Path) -> bool:
    """Whether an action written there follows a day to come that was heard."""
    hear = _branch(dialog, path).hear if path[2] == "on" else None
    return hear is not None and (hear.until is not None or (hear.date is not None and hear.date.future))


def _branch(dialog: spec.Dialog, path: spec.Path) -> spec.Branch:
    """The branch in which an action is written."""
    return (dialog.states[str(path[1])].on or ())[int(path[3])]


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


def _untyped(action: parts.RememberField, hear: parts.Hear | None, known: Known) -> str | None:
    """Why a field cannot keep what is remembered in it, as far as that is known before somebody answers."""
    wanted = known.fields.get(action.field, "text")
    if wanted == "text":
        return None
    if action.value is None and hear is not None and not (hear.words or hear.choice):
        is_that = HEARD.get(hear.kind) == wanted
        return None if is_that else f"`{action.field}` keeps {KEEPS[wanted]}, which `{hear.kind}` is not"
    if action.value == TODAY:
        is_that = wanted == "date"
        return None if is_that else f"`{action.field}` keeps {KEEPS[wanted]}, which a day is not"
    values = [action.value] if action.value else [value for _, _, value in heard_words(hear, known.fold)] if hear else []
    wrong = next((value for value in values if not known.fits(wanted, value)), None)
    return None if wrong is None else f"`{action.field}` keeps {KEEPS[wanted]}, which `{wrong}` is not"


def _consents(dialog: spec.Dialog, known: Known) -> Found:
    """A yes is no "no"; the second yes answers, in words that mean it, a question that its own state asks."""
    refused = {known.fold(word) for words in WORDS["no"].values() for word in words}
    for path, action, heard in actions(dialog):
        if not isinstance(action, parts.JoinTopic):
            continue
        double, hear = action.proof == "double", _branch(dialog, path).hear if heard else None
        noes = [value for folded, _, value in (heard_words(hear, known.fold) if hear else ()) if folded in refused]
        if noes:
            yield path, f"`{noes[0]}` is no yes"
        elif double and hear is None:
            yield path, "a double opt-in is the answer to a question: put it into a branch of `on`"
        elif double and hear and hear.kind not in ("words", "yes"):
            yield path, "a double opt-in is a yes: hear it by `yes` or `words`"
        elif double and (say := dialog.states[str(path[1])].say) is None:
            yield path, "a double opt-in is the answer to a question: this state asks none (`say`)"
        elif double and say and dialog.hears_topics and not action.topic and not _names_topic(say, known):
            yield path, "a yes to the topic that was heard: the question must name it, `{{ topic.name }}`"


def _names_topic(words: parts.Words, known: Known) -> bool:
    """Whether a text says which topic it is about, in every language."""
    try:
        return all(("topic", "name") in {use.path for use in known.tags(template)} for template in words.values())
    except ValueError:
        return True  # a mistake of its own


def _conditions(dialog: spec.Dialog, known: Known) -> Found:
    remembered = known.names | {tag for way in roads(dialog) for tag in way.learns}
    listed = {name: values for name, values in _listed(dialog).items() if f"answers.{name}" not in known.names}
    for name, state in dialog.states.items():
        for i, choice in enumerate(state.choose or ()):
            for when in within(choice.when):
                path: spec.Path = ("states", name, "choose", i, "when")
                if when.value and f"answers.{when.value.name}" not in remembered:
                    yield path, f"no answer is remembered as `{when.value.name}`"
                if when.value and when.value.name in listed:
                    yield from ((path, message) for message in _never(when.value, listed[when.value.name]))
                for kind, asked in when.__pydantic_extra__.items():
                    if kind not in KINDS:
                        yield path, f"a condition cannot ask for `{kind}`: it knows {', '.join(sorted(KINDS))} and value"
                    elif kind == "consent" and asked not in known.topics:
                        yield path, f"there is no topic `{asked}`"
                    elif kind == "topic" and asked not in ("on", "off"):
                        yield path, f"a topic is on or off, not `{asked}`"
                    elif kind == "topic" and dialog.topic is None:
                        yield path, "which topic? This dialog has none (`topic:`)"


def _listed(dialog: spec.Dialog) -> Mapping[str, set[str]]:
    """What each answer can be, as far as it is only remembered from `words` and `choice`."""
    heard: dict[str, list[parts.Hear]] = {}
    for branch in (branch for state in dialog.states.values() for branch in state.on or ()):
        if branch.as_:
            heard.setdefault(branch.as_, []).append(branch.hear)
    return {name: {value for hear in hears for _, _, value in heard_words(hear, str)}
            for name, hears in heard.items() if all(hear.words or hear.choice for hear in hears)}


def _never(test: parts.Value, listed: set[str]) -> Iterator[str]:
    """Why a test of an answer in listed words never holds."""
    for wanted in (test.is_, *(test.in_ or ())):
        if wanted is not None and wanted not in listed:
            yield f"`{test.name}` is never `{wanted}`, but one of: {', '.join(sorted(listed))}"
    if test.below is not None or test.above is not None:
        yield f"`{test.name}` is in words, so neither below nor above a number"


def _durations(dialog: spec.Dialog, _: Known) -> Found:
    times: list[tuple[spec.Path, timedelta]] = [(("expires",), dialog.expires)] if dialog.expires is not None else []
    times += [(("states", name, "after", "wait"), s.after.wait) for name, s in dialog.states.items() if s.after]
    for path, action, _heard in actions(dialog):
        if isinstance(action, parts.PauseContact) and action.for_ is not None:
            times.append(((*path, "for"), action.for_))
            if timedelta(0) < action.for_ < SHORTEST_PAUSE:
                yield (*path, "for"), "a pause lasts a day at least, such as P30D"
        elif isinstance(action, parts.SlowDownContact):
            times.append(((*path, "every"), action.every))
            if action.every % timedelta(days=1):
                yield (*path, "every"), "this is counted in whole days, such as P7D"
    for path, duration in times:
        if not timedelta(0) < duration <= MAX_DURATION:
            yield path, "a time must be longer than nothing and at most a year"


def _size(dialog: spec.Dialog, _: Known) -> Found:
    if len(dialog.states) > MAX_STATES:
        yield ("states",), f"{len(dialog.states)} states are too many to understand: at most {MAX_STATES}"


ALONE: tuple[Rule, ...] = (_gotos, _unreachable, _choices, _answers, _durations, _size)  # of any shop
NAMED: tuple[Rule, ...] = (_named, _conditions)  # does all that it names still exist?
RULES: tuple[Rule, ...] = (*ALONE, _languages, _merge_tags, _consents, *NAMED)
