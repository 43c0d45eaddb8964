"""What a shop's file may say."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from zoneinfo import ZoneInfo, available_timezones

import yaml
from pydantic import AfterValidator, Field, StringConstraints, ValidationError

from bot.carriers import OptOutMode
from dialogs.load import Problem, problem
from dialogs.parts import Name, Part, Text, ValueName, WordLists, Words
from keywords.table import Mode
from models.phone import sender_kind
from models.shop import TEXTS

Where = tuple[str | int, ...]
Names = TypeVar("Names", list[str], tuple[str, ...])


def _number(number: str) -> str:
    if sender_kind(number) not in ("e164", "short_code", "alphanumeric"):
        raise ValueError("a number such as +33937000001, a short code, or a name of up to 11 letters")
    return number


def _zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError("a time zone such as Europe/Paris or America/New_York")
    return ZoneInfo(name).key


def _once(names: Names) -> Names:
    if len(set(names)) < len(names):
        raise ValueError("each one once")
    return names


Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
LanguageName = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")]


class TopicPart(Part):
    """What one can say yes or no to, in the words that it is promised in."""

    names: Words
    frequencies: Words
    fees: Words
    contacts: Words
    proof: Literal["single", "double"] = "double"


class SenderPart(Part):
    """A number of ours, and who answers STOP there."""

    number: Annotated[str, AfterValidator(_number)]
    country: Country
    opt_out: OptOutMode = "carrier"
    service_sid: Annotated[str, StringConstraints(pattern=r"^MG[0-9a-f]{32}$")] | None = None


class FieldPart(Part):
    """Something remembered of contacts, and what for."""

    name: ValueName
    purpose: Text


class KeywordPart(Part):
    """Words and phrases that open a dialog."""

    phrases: WordLists
    mode: Mode = "whole"
    dialog: Name
    interrupts: bool = False


class ShopPart(Part):
    """The whole file."""

    brand: Text
    contact_line: Text
    zone: Annotated[str, AfterValidator(_zone)]
    country: Country
    languages: Annotated[list[LanguageName], Field(min_length=1), AfterValidator(_once)]
    texts: dict[str, Words] = Field(default_factory=dict)
    topics: Annotated[dict[Name, TopicPart], Field(min_length=1)]
    senders: Annotated[list[SenderPart], Field(min_length=1)]
    fields: tuple[FieldPart, ...] = ()
    keywords: tuple[KeywordPart, ...] = ()
    dialogs: Annotated[tuple[str, ...], AfterValidator(_once)] = ()  # of the library, or YAML files beside

    @property
    def all_texts(self) -> dict[str, dict[str, str]]:
        """The shop's texts; what it does not say itself is said as every new shop does, in its languages."""
        return {
            name: {**{lang: words[lang] for lang in self.languages if lang in words}, **self.texts.get(name, {})}
            for name, words in TEXTS.items()
        }


class ShopError(Exception):
    """The shop was not loaded; `problems` says why, each with file and line."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("\n".join(map(str, problems)))


@dataclass(frozen=True, slots=True)
class Source:
    """A shop as it was read: what it says, and on which line each part of it stands."""

    path: Path
    shop: ShopPart
    lines: Mapping[Where, int]

    def problem(self, message: str, *where: str | int) -> Problem:
        return problem(str(self.path), self.lines, where, message)


def read(path: Path) -> Source:
    """Read the file; every scalar is text. Raises ShopError."""
    try:
        source = path.read_text(encoding="utf-8")
        node = yaml.compose(source, Loader=yaml.BaseLoader)
        data = yaml.load(source, Loader=yaml.BaseLoader)
    except (OSError, UnicodeDecodeError) as error:
        raise ShopError([Problem(str(path), 1, "", f"cannot be read: {error}")]) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise ShopError([Problem(str(path), mark.line + 1 if mark else 1, "", str(error).splitlines()[0])]) from None
    found = list(_lines(node, ()))
    lines = dict(reversed(found))
    twice = [problem(str(path), {at: line}, at, "written twice") for at, line in found if lines[at] != line]
    if twice:
        raise ShopError(twice)
    try:
        return Source(path, ShopPart.model_validate(data), lines)
    except ValidationError as error:
        raise ShopError([
            problem(str(path), lines, tuple(one["loc"]), one["msg"].removeprefix("Value error, "))
            for one in error.errors(include_url=False, include_context=False)
        ]) from None  # fmt: skip


def _lines(node: Any, path: Where) -> Iterator[tuple[Where, int]]:
    """Every place of the file that has a name, and its line."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield (*path, str(key.value)), key.start_mark.line + 1
            yield from _lines(value, (*path, str(key.value)))
    elif isinstance(node, yaml.SequenceNode):
        for i, value in enumerate(node.value):
            yield (*path, i), value.start_mark.line + 1
            yield from _lines(value, (*path, i))
