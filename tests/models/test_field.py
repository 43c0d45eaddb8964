"""What fits a field, by its type."""

from datetime import date
from typing import Any

import pytest

from models.field import fits, kept, meant


@pytest.mark.parametrize(("type_", "value", "stored", "worth"), [
    ("number", "42", 42, 42), ("number", 42.5, 42.5, 42.5), ("number", "-0.25", -0.25, -0.25), ("number", 3.0, 3, 3),
    ("date", "2024-02-29", "2024-02-29", date(2024, 2, 29)), ("yes_no", True, "yes", True), ("yes_no", "no", "no", False),
    ("text", "anything", "anything", "anything"),
])  # fmt: skip
def test_a_value_is_kept_in_one_way_however_it_is_written(type_: str, value: Any, stored: Any, worth: Any) -> None:
    assert (kept(type_, value), meant(type_, value if value is not True else "yes")) == (stored, worth)


@pytest.mark.parametrize(("type_", "value"), [
    ("number", "twelve"), ("number", "01"), ("number", "1e9"), ("number", 1e300), ("number", "1.23456"), ("number", "NaN"),
    ("number", "1\n"), ("number", True), ("date", "31/05/2026"), ("date", "2026-02-29"), ("date", "2026-13-01"),
    ("date", "0000-01-01"), ("date", 20260531), ("yes_no", "maybe"), ("yes_no", 1), ("text", 7), ("text", True),
])  # fmt: skip
def test_what_does_not_fit_is_not_kept_and_means_nothing(type_: str, value: Any) -> None:
    with pytest.raises(ValueError, match="write"):
        kept(type_, value)
    if type_ != "text":
        assert meant(type_, value) is None


def test_a_day_fits_when_the_calendar_has_it() -> None:
    for year in (1, 4, 100, 400, 1899, 1900, 1904, 2000, 2023, 2024, 2100, 9996, 9999):
        for month in range(14):
            for day in range(33):
                written = f"{year:04}-{month:02}-{day:02}"
                try:
                    is_day = bool(date.fromisoformat(written))
                except ValueError:
                    is_day = False
                assert fits("date", written) == is_day, written
