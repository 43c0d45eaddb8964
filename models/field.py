"""What a shop remembers of its contacts: each field has a type, which says how a value of it is written, and a purpose."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any, Literal

from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base

FieldType = Literal["text", "number", "date", "yes_no"]

# Numbers as people write them. Fifteen digits are what both databases compare exactly; 01000 is a postcode, no number.
NUMBER = r"\A-?(0|[1-9][0-9]{0,10})(\.[0-9]{1,4})?\Z"
_LEAP = "([0-9]{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)"
_DAYS = "(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31"
DATE = rf"\A(?!0000)([0-9]{{4}}-({_DAYS})|{_LEAP}-02-29)\Z"  # of the calendar
PATTERNS: Mapping[str, str] = {"number": NUMBER, "date": DATE, "yes_no": r"\A(yes|no)\Z"}
"""How a value is written, for Python and both databases alike. A text is whatever it is."""
WRITTEN: Mapping[str, str] = {
    "text": "write a text",
    "number": "write a number such as 100 or 12.5",
    "date": "write a day such as 2026-05-31",
    "yes_no": "write yes or no",
}

SAMPLES: Mapping[str, str | int | float] = {"text": "X", "number": 99999999.99, "date": "2026-09-30", "yes_no": "yes"}
"""A value of each type, as it is kept, to try words on."""


class Field(Base):
    """Something a shop remembers of its contacts, and what for: nothing is collected without a purpose."""

    __tablename__ = "field"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    type: Mapped[str] = mapped_column(default="text")  # a FieldType
    purpose: Mapped[str]


def fits(type_: str, value: object) -> bool:
    """Whether a value can be kept in a field of this type."""
    return type_ == "text" or re.search(PATTERNS[type_], str(value)) is not None


def kept(type_: str, value: Any) -> str | int | float:
    """A value as it is kept: a number as a number, a day and yes or no as they are written. Raises ValueError."""
    said = ("yes" if value else "no") if type_ == "yes_no" and isinstance(value, bool) else value
    if not fits(type_, said) or (type_ == "text" and not isinstance(said, str)):
        raise ValueError(WRITTEN[type_])
    if type_ == "number":
        return int(float(said)) if float(said).is_integer() else float(said)
    found: str | int | float = said
    return found


def meant(type_: str, value: Any) -> Any:
    """A value that was kept as what it means: a number, a day, true or false. One that does not fit is as none."""
    if type_ == "text":
        return value
    if not fits(type_, value):
        return None
    if type_ == "number":
        return kept(type_, value)
    return date.fromisoformat(value) if type_ == "date" else value == "yes"
