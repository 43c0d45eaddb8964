"""Listeners: each decides whether a text is an answer of its kind, and which value it carries."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from math import inf

from dialogs.answers import name, number, postcode
from dialogs.effects import Value
from dialogs.events import Heard
from dialogs.ground import Ground
from dialogs.parts import Day, Hear, Number, Option
from dialogs.topics import meant
from dialogs.yes_no import WORDS, begins_with

MAX_VALUE = 1600  # characters kept of an answer: the longest text that a carrier hands us
LEAP_YEARS_APART = 8  # at most, around 1900 and 2100: how far back the last 29 February may lie
_CHOICE = re.compile(r"(?:(?:option|choix|choice|numero|number|no|n|le|la|the) )+(?=[0-9]{1,2}$)")  # "le 2", "option 1"


@dataclass(frozen=True, slots=True)
class Answer:
    """What was understood: a value to remember, and the language if the word belongs to only one."""

    value: Value
    language: str = ""


Fold = Callable[[str], str]
Listener = Callable[[Heard, Ground], Answer | None]


def listener(hear: Hear, fold: Fold) -> Listener:
    """The listener that `hear` describes, with its words folded once and for all."""
    return LISTENERS[hear.kind](hear, fold)


def heard_words(hear: Hear, fold: Fold) -> Iterator[tuple[str, str, str]]:
    """Every (folded word, language, value) that a listener offers word by word, in order; nothing for others."""
    if hear.kind in WORDS:  # yes or no, whichever word it was
        for lang, words in (*WORDS[hear.kind].items(), *(hear.yes or hear.no or {}).items()):
            yield from ((fold(word), lang, hear.kind) for word in words)
    for lang, words in (hear.words or {}).items():
        yield from ((fold(word), lang, word) for word in words)
    for place, (key, option) in enumerate((hear.choice or {}).items()):
        yield from ((token, "", key) for token in (str(place + 1), chr(ord("a") + place)))
        yield from ((fold(word), lang, key) for lang, word in _spoken(option))


def _spoken(option: Option) -> Iterator[tuple[str, str]]:
    """An option is named by the line of the menu and by its words; often they are the same."""
    labels = (option.say or {}).items()
    words = ((lang, word) for lang, listed in option.words.items() for word in listed)
    return iter(dict.fromkeys([*labels, *words]))


def _table(words: Iterable[tuple[str, str, str]]) -> dict[str, Answer]:
    """Folded word → answer. A word of two languages tells no language; the first value wins."""
    table: dict[str, Answer] = {}
    for folded, lang, value in words:
        first = table.setdefault(folded, Answer(value, lang))
        if first.language != lang:
            table[folded] = Answer(first.value)
    return table


# One maker for each key of `hear`


def _words(hear: Hear, fold: Fold) -> Listener:
    table = _table(heard_words(hear, fold))

    def hears(heard: Heard, ground: Ground) -> Answer | None:
        return table.get(heard.folded) or table.get(ground.parsers.plain(heard.folded))

    return hears


def _choice(hear: Hear, fold: Fold) -> Listener:
    table = _table(heard_words(hear, fold))

    def hears(heard: Heard, ground: Ground) -> Answer | None:
        plain = ground.parsers.plain(heard.folded)
        return table.get(heard.folded) or table.get(plain) or table.get(_CHOICE.sub("", plain))

    return hears


def _yes_or_no(hear: Hear, fold: Fold) -> Listener:
    table = _table(heard_words(hear, fold))

    def hears(heard: Heard, ground: Ground) -> Answer | None:
        word = begins_with(table, hear.kind, heard.text, heard.folded, ground.parsers.plain)
        return table[word] if word else None

    return hears


def _number(hear: Hear, _: Fold) -> Listener:
    want = hear.number or Number()
    low, high = want.min if want.min is not None else -inf, want.max if want.max is not None else inf

    def hears(heard: Heard, ground: Ground) -> Answer | None:
        value = number(heard.text, ground.parsers.plain(heard.folded), ground.language)
        if value is None or not low <= value <= high or (want.whole and value != int(value)):
            return None
        return Answer(int(value) if want.whole else value)

    return hears


def _date(hear: Hear, _: Fold) -> Listener:
    want = hear.date or Day()

    def hears(heard: Heard, ground: Ground) -> Answer | None:
        day = _day(heard, ground, want)
        if day is None or (want.past and day > ground.today) or (want.future and day < ground.today):
            return None
        return Answer(day.isoformat())

    return hears


def _day(heard: Heard, ground: Ground, want: Day) -> date | None:
    """The day written; one without a year is the next such day, but the last one where the past is asked for."""
    day = _seen_from(ground.today, heard, ground)
    if want.past and day and day > ground.today and any(map(str.isdecimal, heard.text)):
        years_ago = (ground.today - timedelta(days=365 * years) for years in range(1, LEAP_YEARS_APART + 2))
        earlier = (_seen_from(then, heard, ground) for then in years_ago)
        return next((found for found in earlier if found and found <= ground.today), None)
    return day


def _seen_from(today: date, heard: Heard, ground: Ground) -> date | None:
    return ground.parsers.date(heard.text, ground.language, ground.country, today)


def _until(_: Hear, __: Fold) -> Listener:
    def hears(heard: Heard, ground: Ground) -> Answer | None:
        day = ground.parsers.until(heard.text, ground.language, ground.country, ground.today)
        return Answer(day.isoformat()) if day else None

    return hears


def _topic(_: Hear, fold: Fold) -> Listener:
    def hears(heard: Heard, ground: Ground) -> Answer | None:
        slug = meant(ground.topics, ground.parsers.plain(heard.folded), fold)
        return Answer(slug) if slug else None

    return hears


def _phone(_: Hear, __: Fold) -> Listener:
    def hears(heard: Heard, ground: Ground) -> Answer | None:
        found = ground.parsers.phone(heard.text, ground.country)
        return Answer(found) if found else None

    return hears


def _postcode(hear: Hear, _: Fold) -> Listener:
    country = hear.postcode.country if hear.postcode else None

    def hears(heard: Heard, ground: Ground) -> Answer | None:
        found = postcode(heard.text, country or ground.country)
        return Answer(found) if found else None

    return hears


def _name(_: Hear, fold: Fold) -> Listener:
    yes, no = (_yes_or_no(Hear.model_validate(kind), fold) for kind in ("yes", "no"))

    def hears(heard: Heard, ground: Ground) -> Answer | None:
        found, told = name(heard.text, ground.parsers.plain(heard.folded), fold)
        if not found or (not told and (yes(heard, ground) or no(heard, ground))):
            return None
        return Answer(found)

    return hears


def _picture(_: Hear, __: Fold) -> Listener:
    return lambda heard, _: Answer(heard.media[0][:MAX_VALUE]) if heard.media else None


def _anything(_: Hear, __: Fold) -> Listener:
    def hears(heard: Heard, _: Ground) -> Answer | None:
        value = heard.text.strip() or "".join(heard.media[:1])
        return Answer(value[:MAX_VALUE]) if value else None

    return hears


LISTENERS: Mapping[str, Callable[[Hear, Fold], Listener]] = {
    "words": _words,
    "choice": _choice,
    "yes": _yes_or_no,
    "no": _yes_or_no,
    "number": _number,
    "date": _date,
    "until": _until,
    "topic": _topic,
    "phone": _phone,
    "postcode": _postcode,
    "name": _name,
    "picture": _picture,
    "anything": _anything,
}
