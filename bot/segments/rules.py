"""What a rule may say about contacts: who is in a segment, written so that a marketer can read it.

A rule is plain data with one telling key, such as `{tag: vip}`; `all`, `any` and `not` join rules. For every contact a rule
holds or it does not, there is no third answer: `not` is exactly the rest.
"""

from typing import Annotated, Any, Self, get_args

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, model_validator

from bot.segments.periods import Period, SomePeriod
from bot.segments.words import Countries, FieldName, LanguageName, Number, Text, Zone


class Part(BaseModel):
    """A piece of a rule; a key that it does not know is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class AllOf(Part):
    """Every one of these rules holds; of an empty list: everybody."""

    all: tuple["Rule", ...]


class AnyOf(Part):
    """At least one of these rules holds; of an empty list: nobody."""

    any: tuple["Rule", ...]


class Not(Part):
    """The rule does not hold."""

    not_: Annotated["Rule", Field(alias="not")]


class Value(Period):
    """What we remember of them. A missing value is nothing: it is not Paris, and not more or less than a number.

    Texts are the same letter by letter, numbers by what they are worth. A period is for fields that hold a day.
    """

    field: FieldName
    is_: Annotated[Text | None, Field(alias="is")] = None
    is_not: Text | None = None
    contains: Text | None = None
    more_than: Number | None = None
    less_than: Number | None = None
    exists: bool | None = None

    @model_validator(mode="after")
    def _says_what(self) -> Self:
        if self.model_fields_set == {"field"}:
            raise ValueError(
                "say of the value: is, is_not, contains, more_than, less_than, exists, since, until, before or within"
            )
        return self


class Tagged(Part):
    """They carry this tag."""

    tag: Text


class Consents(Part):
    """They are in for this topic now, and have not said STOP."""

    topic: Text


class Subscribed(SomePeriod):
    """They are in for this topic now, have not said STOP, and said yes in this period."""

    subscribed: Text


class InZone(Part):
    """Their own time zone, where they told us."""

    zone: Zone


class InCountry(Part):
    """The country of their number is one of these."""

    country: Countries


class Speaks(Part):
    """They write or chose this language; of who did neither, it is their country's."""

    language: LanguageName


class CameFrom(Part):
    """How we first met."""

    source: Text


class Answer(Period):
    """Which of their texts: in a period, after the text of a campaign."""

    to: Text | None = None


class Replied(Part):
    """They texted us."""

    replied: Answer


class Received(Part):
    """The carrier has the text of this campaign to them."""

    received: Text


class OnList(Part):
    """Someone put them on this list by hand."""

    in_list: Text


class InSegment(Part):
    """The rule of this other segment holds."""

    in_segment: Text


def _kind(data: Any) -> str | None:
    """The one key that tells which rule this is; None when there is not exactly one."""
    keys = data if isinstance(data, dict) else ()
    found = [key for key, kind in KINDS.items() if key in keys or type(data) is kind]
    return f":{found[0]}" if len(found) == 1 else None


Rule = Annotated[
    Annotated[AllOf, Tag(":all")]
    | Annotated[AnyOf, Tag(":any")]
    | Annotated[Not, Tag(":not")]
    | Annotated[Value, Tag(":field")]
    | Annotated[Tagged, Tag(":tag")]
    | Annotated[Consents, Tag(":topic")]
    | Annotated[Subscribed, Tag(":subscribed")]
    | Annotated[InZone, Tag(":zone")]
    | Annotated[InCountry, Tag(":country")]
    | Annotated[Speaks, Tag(":language")]
    | Annotated[CameFrom, Tag(":source")]
    | Annotated[Replied, Tag(":replied")]
    | Annotated[Received, Tag(":received")]
    | Annotated[OnList, Tag(":in_list")]
    | Annotated[InSegment, Tag(":in_segment")],
    Discriminator(_kind, custom_error_type="rule", custom_error_message="this is no rule"),
]
KINDS: dict[str, type[Part | Period]] = {
    get_args(kind)[1].tag[1:]: get_args(kind)[0] for kind in get_args(get_args(Rule)[0])
}
