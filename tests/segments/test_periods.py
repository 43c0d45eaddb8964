"""A day begins at its local midnight, whatever the clocks do, and durations are counted as people count them."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection

from bot.segments.periods import ago, midnight
from tests.segments.crowd import NOW, Person, at, gather, who

PARIS = ZoneInfo("Europe/Paris")


@pytest.mark.parametrize(
    ("day", "zone", "begins_at"),
    [
        ("2026-01-15", "Europe/Paris", "2026-01-14T23:00"),
        ("2026-03-29", "Europe/Paris", "2026-03-28T23:00"),  # a day of 23 hours
        ("2026-03-30", "Europe/Paris", "2026-03-29T22:00"),
        ("2026-10-25", "Europe/Paris", "2026-10-24T22:00"),  # a day of 25 hours
        ("2026-10-26", "Europe/Paris", "2026-10-25T23:00"),
        ("2026-01-15", "America/Los_Angeles", "2026-01-15T08:00"),
        ("2018-11-04", "America/Sao_Paulo", "2018-11-04T03:00"),  # midnight was skipped: it began at 1:00
        ("2026-11-01", "America/Havana", "2026-11-01T04:00"),  # midnight came twice: it began with the first
    ],
)
def test_a_day_begins_at_its_local_midnight(day: str, zone: str, begins_at: str) -> None:
    assert midnight(date.fromisoformat(day), ZoneInfo(zone)) == at(begins_at)


@pytest.mark.parametrize(
    ("duration", "now", "then"),
    [
        ("P1D", "2026-03-29T10:00", "2026-03-28T11:00"),  # yesterday at the same time: 23 hours ago
        ("PT24H", "2026-03-29T10:00", "2026-03-28T10:00"),
        ("P1W", "2026-04-15T10:00", "2026-04-08T10:00"),
        ("P1M", "2026-03-31T10:00", "2026-02-28T11:00"),
        ("P3M", "2026-01-31T10:00", "2025-10-31T10:00"),
        ("P1Y", "2024-02-29T10:00", "2023-02-28T10:00"),
        ("P12M", "2026-04-15T10:00", "2025-04-15T10:00"),
        ("P9999W", "2026-04-15T10:00", "1834-08-27T11:50:39"),  # before Paris had a time of zones
    ],
)
def test_durations_are_counted_as_people_count_them(duration: str, now: str, then: str) -> None:
    assert ago(duration, at(now), PARIS) == at(then)


@pytest.mark.parametrize(
    ("instant", "days"),
    [
        ("2026-03-28T22:59:59.999999", "28"),
        ("2026-03-28T23:00:00", "29"),
        ("2026-03-29T00:59:59.999999", "29"),
        ("2026-03-29T21:59:59.999999", "29"),
        ("2026-03-29T22:00:00", "30"),
    ],
)
def test_the_borders_of_the_day_on_which_clocks_change(connection: Connection, instant: str, days: str) -> None:
    """In the databases, not only in Python."""
    gather(connection, [Person("Ana", topics={"offers": ("in", at(instant))}, texts=(at(instant),))], [], [])
    on: dict[str, set[str]] = {}
    for day in ("28", "29", "30"):
        period = {"since": f"2026-03-{day}", "until": f"2026-03-{day}"}
        found = who(connection, {"subscribed": "offers", **period})
        assert found == who(connection, {"replied": period})
        on[day] = found
    assert [day for day, found in on.items() if found] == [days]


def test_now_moves_what_is_within(connection: Connection) -> None:
    gather(connection, [Person("Ana", texts=(at("2026-04-15T09:00"),), values={"visit": "2026-04-15"})], [], [])
    later: list[tuple[datetime, bool]] = [
        (NOW, True),
        (at("2026-04-16T09:00"), True),
        (at("2026-04-16T09:00:01"), False),
    ]
    for now, found in later:
        assert bool(who(connection, {"replied": {"within": "P1D"}}, now)) == found
    assert who(connection, {"field": "visit", "within": "P1D"}, at("2026-04-16T21:59"))
    assert not who(connection, {"field": "visit", "within": "P1D"}, at("2026-04-16T22:00"))  # the 17th in Paris
