"""Reads a date as a customer texts it: "12/05", "le 12 mai 2026", "May 12th", "demain"."""

import re
from datetime import date, datetime, timedelta
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime

from keywords.polite import without_politeness
from keywords.text import fold


def _within_reach(at: datetime) -> datetime:
    if not 2000 <= at.year <= 2100:
        raise ValueError("an instant between the years 2000 and 2100")
    return at


Instant = Annotated[AwareDatetime, AfterValidator(_within_reach)]
"""When something was or will be: with its zone, and in years that one can reckon with on either side."""

_MONTHS = (
    "janvier janv jan january enero ene",
    "fevrier fevr fev february feb febrero",
    "mars mar march marzo",
    "avril avr april apr abril abr",
    "mai may mayo",
    "juin june jun junio",
    "juillet juil july jul julio",
    "aout august aug agosto ago",
    "septembre sept sep september septiembre",
    "octobre oct october octubre",
    "novembre nov november noviembre",
    "decembre dec december diciembre dic",
)
MONTH = {name: str(number) for number, names in enumerate(_MONTHS, 1) for name in names.split()}

_DAYS_FROM_TODAY = {
    -1: "hier yesterday ayer",
    0: "aujourdhui today hoy",
    1: "demain tomorrow manana",
    2: "apresdemain pasadomanana dayaftertomorrow",
}
_NEAR = {word: days for days, words in _DAYS_FROM_TODAY.items() for word in words.split()}

FILLERS = frozenset({"le", "la", "les", "l", "the", "of", "de", "d", "du", "del", "on", "el"})
_FRENCH = (
    *("janvier", "février", "mars", "avril", "mai", "juin"),
    *("juillet", "aout", "septembre", "octobre", "novembre", "décembre"),
)
_ENGLISH = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_SPANISH = (
    *("enero", "febrero", "marzo", "abril", "mayo", "junio"),
    *("julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"),
)

_DAY = re.compile(r"([0-9]{1,2})(?:er|st|nd|rd|th)?")
_YEARS_AHEAD = 20
"""A year of two digits is at most this far ahead: in 2026, "45" is 2045 and "85" is 1985."""


def parse_date(text: str, language: str, today: date, month_first: bool = False) -> date | None:
    """Return the date that a text is, as a whole; None if it is none or could not exist ("31/02").

    Understood are 2026-05-12, 12/05/2026, 12.5.26, 12/05, "12 mai", "May 12, 2026", "1er mai", and yesterday,
    today, tomorrow and the day after, in French, English and Spanish whatever `language` is (people mix them).
    `month_first`, or the language "en-us", reads 05/12 as 12 May; a number over 12 settles it by itself.
    A day without a year is the next such day, today included.
    """
    words = [word for word in without_politeness(fold(text)).split() if word not in FILLERS]
    near = _NEAR.get("".join(words))
    if near is not None:
        return today + timedelta(days=near)
    if not 2 <= len(words) <= 3 or text.strip()[:1] == "-":
        return None
    return _calendar(words, today, month_first or language.lower().replace("_", "-") == "en-us")


def written(day: date, language: str) -> str:
    """A day in words, without letters that would make a text longer: "1er aout 2027" in French, "1 August 2027" in English."""
    if language == "fr":
        return f"{'1er' if day.day == 1 else day.day} {_FRENCH[day.month - 1]} {day.year}"
    if language == "es":
        return f"{day.day} de {_SPANISH[day.month - 1]} de {day.year}"
    return f"{day.day} {_ENGLISH[day.month - 1]} {day.year}"


def _calendar(words: list[str], today: date, month_first: bool) -> date | None:
    if len(words) == 3 and len(words[0]) == 4:  # ISO 8601
        year, month, day = words
    else:
        day, month, year = _day_and_month(words[0], words[1], month_first) + tuple(words[2:] or [""])
    found_day = _DAY.fullmatch(day)
    if not found_day or not re.fullmatch("[0-9]{1,2}", month) or not re.fullmatch("([0-9]{2}|[0-9]{4})?", year):
        return None
    if not year:
        return _next(int(found_day[1]), int(month), today)
    return _date(_full_year(year, today), int(month), int(found_day[1]))


def _day_and_month(one: str, other: str, month_first: bool) -> tuple[str, str]:
    if one in MONTH:
        return other, MONTH[one]
    if other in MONTH:
        return one, MONTH[other]
    first, second = (one, other) if not month_first else (other, one)
    return (second, first) if second.isdigit() and int(second) > 12 else (first, second)


def _full_year(year: str, today: date) -> int:
    if len(year) == 4:
        return int(year)
    full = today.year // 100 * 100 + int(year)
    return full - 100 if full > today.year + _YEARS_AHEAD else full


def _next(day: int, month: int, today: date) -> date | None:
    """The next such day, today included; 29 February waits for its year (at most eight)."""
    candidates = (_date(today.year + years, month, day) for years in range(9))
    return next((found for found in candidates if found and found >= today), None)


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
