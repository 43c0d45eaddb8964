"""What a shop's file may say."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, Field, StringConstraints, ValidationError

from bot import pictures
from bot.carriers import OptOutMode
from dialogs.load import DialogError, Problem, plain, problem, told
from dialogs.parts import MOST_LANGUAGES, Name, Part, Text, ValueName, WordLists, Words
from keywords.table import Mode
from models.field import FieldType
from models.phone import sender_kind
from models.shop import TEXTS

Where = tuple[str | int, ...]
Names = TypeVar("Names", list[str], tuple[str, ...])


def _number(number: str) -> str:
    if sender_kind(number) not in ("e164", "short_code", "alphanumeric"):
        raise ValueError("a number such as +33937000001, a short code, or a name of up to 11 letters")
    return number


@lru_cache(maxsize=1)
def _zones() -> set[str]:
    """All that there are: they are files, and finding them takes longer than all the rest."""
    return available_timezones()


def _zone(name: str) -> str:
    if name not in _zones():
        raise ValueError("a time zone such as Europe/Paris or America/New_York")
    return ZoneInfo(name).key


def _field(name: str) -> str:
    if name in ("first", "last", "size"):
        raise ValueError("in a merge tag this means something else: take another name, such as shoe_size")
    return name


def _once(names: Names) -> Names:
    if len(set(names)) < len(names):
        raise ValueError("each one once")
    return names


Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1600)]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
LanguageName = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")]


class TopicPart(Part):
    """What one can say yes or no to, in the words that it is promised in."""

    names: Words = Field(description="What it is called, such as `our offers`.")
    frequencies: Words = Field(description="How often we write, as it is promised.")
    fees: Words = Field(description="What a text costs the person.")
    contacts: Words = Field(description="How to reach a person about it.")
    proof: Literal["single", "double"] = Field("double", description="double: a second yes is asked for.")


def usual_rate(sender: Mapping[str, str]) -> float:
    """Parts per second that Twilio lets a sender send when nothing else was agreed.

    Source: Twilio docs, "Understanding Twilio rate limits and message queues": 1 for numbers of the United States and Canada,
    10 elsewhere, 100 for short codes.
    """
    if sender.get("number", "").isdigit():
        return 100.0
    return 1.0 if sender.get("country") in ("US", "CA") else 10.0


class SenderPart(Part):
    """A number of ours, and who answers STOP there."""

    number: Annotated[str, AfterValidator(_number)]
    country: Annotated[Country, Field(description="Whose contacts it writes to by itself.")]
    opt_out: Annotated[OptOutMode, Field(description="Who answers STOP there: the carrier, or we ourselves.")] = "carrier"
    parts_per_second: Annotated[
        float, Field(gt=0, le=10_000, default_factory=usual_rate, description="How fast the carrier lets it send.")
    ]
    service_sid: Annotated[
        str | None, Field(pattern=r"^MG[0-9a-f]{32}$", description="The messaging service it belongs to at the carrier.")
    ] = None


class FieldPart(Part):
    """Something remembered of contacts, and what for."""

    name: Annotated[ValueName, AfterValidator(_field)]
    type: FieldType = Field("text", description="How a value is written: a text, a number, a day, yes or no.")
    purpose: Text = Field(description="Why it is kept, as the person is told.")


def _picture(address: str) -> str:
    """Carriers fetch it: from anywhere, safely, or from our shelf."""
    anywhere = re.fullmatch(r"https://[A-Za-z0-9][!-\[\]-~]*", address)  # no blank, no backslash, nothing but ASCII
    if not (anywhere or pictures.PATH.fullmatch(address)):
        raise ValueError("an address that begins with https://, or the path of a picture of the shop")
    return address


class KeywordPart(Part):
    """Words and phrases that open a dialog, or are answered by a reply."""

    phrases: WordLists = Field(description="By language, or for all.")
    mode: Mode = Field("whole", description="What part of a text must be the phrase.")
    dialog: Name | None = Field(None, description="What it opens; or it has a reply.")
    interrupts: bool = Field(
        False, description="Also in the middle of another dialog, which ends; beside a reply, it goes on listening."
    )
    reply: Words | None = Field(None, description="What it says by itself; or it opens a dialog.")
    picture: Annotated[str, StringConstraints(max_length=2000), AfterValidator(_picture)] | None = Field(
        None, description="That goes with the reply: an address of https, or the path of a picture of the shop."
    )
    topic: Name | None = Field(None, description="What the reply is about; a dialog says itself what it is about.")


class WhoPart(Part):
    """Who is talking, from where, in which languages."""

    brand: Line
    contact_line: Line = Field(description="How to reach a person, as HELP says it.")
    zone: Annotated[str, AfterValidator(_zone)]
    country: Country = Field(description="Of numbers that are written without one.")
    languages: Annotated[
        list[LanguageName],
        Field(min_length=1, max_length=MOST_LANGUAGES, fail_fast=True, description="What the shop speaks, its own first."),
        AfterValidator(_once),
    ]


class SettingsPart(WhoPart):
    """Who is talking, in which languages, what the shop says by itself, and what it remembers of people."""

    texts: dict[str, Words] = Field(
        default_factory=dict, max_length=20, description="What it says by itself; what is left out, as every shop."
    )
    fields: tuple[FieldPart, ...] = Field((), max_length=100, fail_fast=True, description="What it remembers of contacts.")

    @property
    def all_texts(self) -> dict[str, dict[str, str]]:
        """The shop's texts; what it does not say itself is said as every new shop does, in its languages."""
        return {name: self._words(self.texts.get(name, {}), usual) for name, usual in TEXTS.items()}

    def _words(self, own: dict[str, str], usual: Mapping[str, str]) -> dict[str, str]:
        """One text for all languages, the key "", leaves nothing to be said as usual."""
        missing = [lang for lang in self.languages if lang in usual] if "" not in own else []
        return {**{lang: usual[lang] for lang in missing}, **own}


class ShopPart(SettingsPart):
    """The whole file."""

    topics: Annotated[dict[Name, TopicPart], Field(min_length=1)]
    senders: Annotated[list[SenderPart], Field(min_length=1)]
    keywords: tuple[KeywordPart, ...] = ()
    dialogs: Annotated[tuple[str, ...], AfterValidator(_once)] = ()  # of the library, or YAML files beside


class ShopError(Exception):
    """The shop stays what it is; `problems` says why, each with file and line."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("\n".join(map(str, problems)))


@dataclass(frozen=True, slots=True)
class Source:
    """A shop as it was read: what it says, and on which line each part of it stands.

    `numbers`: what its keywords are called, in their order; by default they are counted from 1.
    """

    path: Path
    shop: ShopPart
    lines: Mapping[Where, int]
    numbers: tuple[int, ...] = ()

    def problem(self, message: str, *where: str | int) -> Problem:
        return problem(str(self.path), self.lines, where, message)


def read(path: Path) -> Source:
    """Read the file; every scalar is text. Raises ShopError."""
    try:
        data, lines = plain(path.read_text(encoding="utf-8-sig"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise ShopError([Problem(str(path), 1, "", f"cannot be read: {error}")]) from None
    except DialogError as error:
        raise ShopError(list(error.problems)) from None
    return shaped(data, path, lines)


def shaped(data: Any, path: Path, lines: Mapping[Where, int], numbers: tuple[int, ...] = ()) -> Source:
    """Plain data as a shop. Raises ShopError."""
    try:
        return Source(path, ShopPart.model_validate(data), lines, numbers)
    except ValidationError as error:
        raise ShopError(told(error, str(path), lines)) from None
