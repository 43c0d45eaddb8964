"""Dates as customers text them."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.text.dates import parse_date, written

TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("2026-05-12", "2026-05-12"),
        ("12/05/2026", "2026-05-12"),
        ("12.5.26", "2026-05-12"),
        ("12-05-2026", "2026-05-12"),
        ("12/05/85", "1985-05-12"),
        ("12/05/46", "2046-05-12"),
        ("12/05/47", "1947-05-12"),
        ("12/05", "2027-05-12"),
        ("22/11", "2026-11-22"),
        ("21/11", "2027-11-21"),
        ("29/02", "2028-02-29"),
        ("05/13", "2027-05-13"),
        ("12 mai", "2027-05-12"),
        ("le 12 mai s'il vous plaît", "2027-05-12"),
        ("le 12 mai 2026", "2026-05-12"),
        ("1er janvier", "2027-01-01"),
        ("3 août !", "2027-08-03"),
        ("31 déc. 2026", "2026-12-31"),
        ("May 12", "2027-05-12"),
        ("May 12th, 2026", "2026-05-12"),
        ("the 2nd of June", "2027-06-02"),
        ("12 de mayo de 2026", "2026-05-12"),
        ("aujourd'hui", "2026-11-22"),
        ("Aujourd’hui !", "2026-11-22"),
        ("demain", "2026-11-23"),
        ("après-demain", "2026-11-24"),
        ("Hier", "2026-11-21"),
        ("today", "2026-11-22"),
        ("tomorrow", "2026-11-23"),
        ("the day after tomorrow", "2026-11-24"),
        ("yesterday", "2026-11-21"),
        ("mañana", "2026-11-23"),
    ],
)
def test_a_date_is_read(text: str, read: str) -> None:
    assert parse_date(text, "fr", TODAY) == date.fromisoformat(read)


@pytest.mark.parametrize(
    "text",
    ["", "ok", "2", "may", "mars", "45", "01230", "31/02", "00/05", "12/00", "13/13", "12/05/0000", "29/02/2027"]
    + ["-12 5", "12 mai 2026 ok", "demain ou après", "5 5 5 5", "06 12 34 56 78", "12/05/202", "2026", "٣/٥"],
)
def test_what_is_no_date_is_none(text: str) -> None:
    assert parse_date(text, "fr", TODAY) is None


def test_a_day_is_written_in_the_alphabet_of_short_texts() -> None:
    assert written(date(2027, 8, 1), "fr") == "1er aout 2027"
    assert written(date(2027, 8, 1), "en") == "1 August 2027"


def test_americans_write_the_month_first() -> None:
    assert parse_date("05/12", "en", TODAY) == date(2026, 12, 5)
    assert parse_date("05/12", "en", TODAY, month_first=True) == date(2027, 5, 12)
    assert parse_date("05/12/2026", "en-US", TODAY) == date(2026, 5, 12)
    assert parse_date("13/05", "en-us", TODAY) == date(2027, 5, 13)
    assert parse_date("2026-05-12", "en-us", TODAY) == date(2026, 5, 12)


@settings(deadline=None)
@given(st.text(alphabet="0123456789/-. maijunetodyler'é", max_size=15), st.dates())
def test_any_text_on_any_day_is_a_date_or_none(text: str, today: date) -> None:
    assert isinstance(parse_date(text, "fr", today), date | None)
