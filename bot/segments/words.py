"""The words and numbers that rules are written with, checked and brought into one form."""

import json
import re
import unicodedata
from functools import cache
from typing import Annotated, Any
from zoneinfo import available_timezones

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from bot.text.clean import clean
from models.field import NUMBER

MAX_COUNTRIES = 50
LONGEST = 1000  # letters, before they are composed


def _text(value: Any) -> Any:
    """A scalar as text, because in YAML it is text already; composed as all that we store."""
    if isinstance(value, str) and len(value) > LONGEST:
        raise ValueError(f"this is longer than {LONGEST} letters")
    if isinstance(value, (bool, int, float)):
        return json.dumps(value)
    if isinstance(value, str) and len(clean(value)) < len(unicodedata.normalize("NFC", value)):
        raise ValueError("there is a character in it that no text can have")
    return clean(value) if isinstance(value, str) else value


def _number(text: str) -> str:
    if not is_number(text):
        raise ValueError("write a number such as 100 or 12.5")
    return text


def _zone(name: str) -> str:
    if name not in _zones():
        raise ValueError("write a time zone such as Europe/Paris or America/New_York")
    return name


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _listed(value: Any) -> Any:
    """One may be written without brackets."""
    return [value] if isinstance(value, str) else value


def is_number(text: str) -> bool:
    """Whether a text is a number that both databases read alike."""
    return re.search(NUMBER, text) is not None


Text = Annotated[str, StringConstraints(min_length=1, max_length=200), BeforeValidator(_text)]
Number = Annotated[str, AfterValidator(_number), BeforeValidator(_text)]
FieldName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,63}$")]
Zone = Annotated[str, AfterValidator(_zone)]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
Countries = Annotated[
    tuple[Country, ...], Field(min_length=1, max_length=MAX_COUNTRIES, fail_fast=True), BeforeValidator(_listed)
]
LanguageName = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")]
