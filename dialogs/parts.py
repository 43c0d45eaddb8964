"""The pieces that a state is written with: texts, listeners, actions and conditions."""

from datetime import timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)


def _every_language(value: Any) -> Any:
    """Words without a language serve every language: the key ""."""
    return value if isinstance(value, dict) else {"": value}


def _listed(value: Any) -> Any:
    """One word may be written without brackets."""
    return {lang: [w] if isinstance(w, str) else w for lang, w in _every_language(value).items()}


def _iso_duration(value: Any) -> Any:
    if isinstance(value, str) and "P" not in value:
        raise ValueError("write a duration like PT48H (hours), PT30M (minutes) or P2D (days)")
    return value


Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,63}$")]
Finite = Annotated[float, Field(allow_inf_nan=False)]
ValueName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Language = Annotated[str, StringConstraints(pattern=r"^([a-z]{2})?$")]
Text = Annotated[str, StringConstraints(min_length=1, max_length=1600)]
Word = Annotated[str, StringConstraints(min_length=1, max_length=60)]
MOST_LANGUAGES = 20
MOST_WORDS = 100  # in one language
Words = Annotated[dict[Language, Text], BeforeValidator(_every_language), Field(min_length=1, max_length=MOST_LANGUAGES)]
WordList = Annotated[list[Word], Field(max_length=MOST_WORDS, fail_fast=True)]
WordLists = Annotated[dict[Language, WordList], BeforeValidator(_listed), Field(max_length=MOST_LANGUAGES)]
Duration = Annotated[timedelta, BeforeValidator(_iso_duration)]


class Part(BaseModel):
    """A piece of a dialog; a key that it does not know is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


# Listeners: what an answer may look like


class Option(Part):
    """One answer of a choice: its line in the menu, and words that mean it."""

    say: Words | None = None
    words: WordLists = {}


class Number(Part):
    min: Finite | None = None
    max: Finite | None = None
    whole: bool = False


class Day(Part):
    """A date; past and future both include today."""

    past: bool = False
    future: bool = False


class Until(Part):
    """How long something should last: a day, a month, or so many days, weeks or months."""


class Postcode(Part):
    country: Annotated[str, StringConstraints(pattern="^[A-Z]{2}$")] | None = None


class Plain(Part):
    """A listener that needs no more than its name."""


class Hear(Part):
    """One listener: exactly one of these keys; `hear: phone` is short for `hear: {phone: {}}`."""

    words: WordLists | None = None
    choice: Annotated[dict[Name, Option], Field(min_length=1, max_length=20)] | None = None
    yes: WordLists | None = None
    no: WordLists | None = None
    number: Number | None = None
    date: Day | None = None
    until: Until | None = None
    topic: Plain | None = None
    phone: Plain | None = None
    postcode: Postcode | None = None
    name: Plain | None = None
    picture: Plain | None = None
    anything: Plain | None = None

    @model_validator(mode="before")
    @classmethod
    def _short(cls, data: Any) -> Any:
        if isinstance(data, str):
            return {data: {}}
        if not isinstance(data, dict):
            raise ValueError("a branch hears one listener, such as {words: [oui]}")
        return {key: {} if value in ("", "true") else value for key, value in data.items()}

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if len(self.model_fields_set) != 1:
            raise ValueError("a branch hears exactly one of: " + ", ".join(type(self).model_fields))
        return self

    @property
    def kind(self) -> str:
        """The name of the listener, such as "words"."""
        return next(iter(self.model_fields_set))


# Actions: what is done on the way


class RememberField(Part):
    do: Literal["remember"]
    field: Name
    value: Text | None = None


class AddTag(Part):
    do: Literal["tag"]
    tag: Text


class RemoveTag(Part):
    do: Literal["untag"]
    tag: Text


class JoinTopic(Part):
    """Of the topic that is named, else of the one that was heard, else of the dialog's."""

    do: Literal["opt_in"]
    proof: Literal["single", "double"]
    topic: Name | None = None


class LeaveTopic(Part):
    """Of which topic: see JoinTopic."""

    do: Literal["opt_out"]
    topic: Name | None = None


class PauseContact(Part):
    """For so long; without `for`, until the day that was just heard."""

    do: Literal["pause"]
    for_: Annotated[Duration | None, Field(alias="for")] = None


class SlowDownContact(Part):
    do: Literal["slow_down"]
    every: Duration


class AsUsualForContact(Part):
    do: Literal["as_usual"]


class OpenDialog(Part):
    do: Literal["open"]
    dialog: Name


class AskStaff(Part):
    do: Literal["hand_over"]
    note: Annotated[str, StringConstraints(max_length=500)] = ""


Action = Annotated[
    RememberField | AddTag | RemoveTag | JoinTopic | LeaveTopic | PauseContact | SlowDownContact | AsUsualForContact
    | OpenDialog | AskStaff,
    Field(discriminator="do"),
]


def _opens_last(actions: tuple[Action, ...]) -> tuple[Action, ...]:
    if any(isinstance(action, OpenDialog) for action in actions[:-1]):
        raise ValueError("`open` must be the last action: what follows is done when that dialog has ended")
    return actions


Actions = Annotated[tuple[Action, ...], AfterValidator(_opens_last)]


def opens(actions: tuple[Action, ...]) -> bool:
    """Whether another dialog is opened once the actions are done."""
    return bool(actions) and isinstance(actions[-1], OpenDialog)


# Conditions: how a `choose` decides


class Value(Part):
    """A test of a remembered answer."""

    name: ValueName
    is_: Annotated[str | None, Field(alias="is")] = None
    below: Finite | None = None
    above: Finite | None = None
    in_: Annotated[list[str] | None, Field(alias="in")] = None

    @model_validator(mode="after")
    def _tests(self) -> Self:
        if len(self.model_fields_set) < 2:
            raise ValueError("say what the value should be: is, below, above or in")
        return self


class When(Part):
    """One condition: value, all, any, not, or a kind of thing the house knows about a contact (tag, consent …)."""

    model_config = ConfigDict(extra="allow", frozen=True)
    __pydantic_extra__: dict[str, str]

    value: Value | None = None
    all: list["When"] | None = None
    any: list["When"] | None = None
    not_: Annotated["When | None", Field(alias="not")] = None

    @model_validator(mode="before")
    @classmethod
    def _segment(cls, data: Any) -> Any:
        return {"segment": data} if isinstance(data, str) else data

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if len(self.model_fields_set) != 1:
            raise ValueError("a condition has exactly one key, such as tag, consent, value, all, any or not")
        return self
