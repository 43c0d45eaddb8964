"""The law of the throttle finds what breaks it, and nothing else."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.cost import cpu
from tests.law import broken

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


def call(seconds: float, parts: int = 1, lag_ms: float = 0.0) -> dict[str, Any]:
    began_at = (NOON + timedelta(seconds=seconds)).isoformat(timespec="microseconds").replace("+00:00", "Z")
    return {"event": "accepted", "began_at": began_at, "parts": parts, "lag_ms": lag_ms}


def steady(rate: float, count: int, begin: float = 0.0, **more: Any) -> list[dict[str, Any]]:
    return [call(begin + n / rate, **more) for n in range(count)]


@pytest.mark.parametrize(
    "calls",
    [
        [],
        [call(0)],
        [call(0, parts=40)],
        steady(10, 100),
        [call(n / 2, parts=5) for n in range(100)],
        [call(0) for _ in range(11)],
        [*[call(0) for _ in range(11)], call(1.1)],
        [*[call(0) for _ in range(11)], *steady(10, 100, begin=1.1)],
        [call(n / 10, lag_ms=0) for n in reversed(range(50))],
    ],
    ids=[
        "no call at all",
        "a single call",
        "a single message larger than the rate",
        "one part every tenth of a second",
        "five parts every half a second",
        "a second's worth and one message at once",
        "and on with the first part of the next second",
        "and on for ten seconds",
        "calls in the order of their acceptance",
    ],
)
def test_the_law_holds_for(calls: list[dict[str, Any]]) -> None:
    assert broken(calls, rate=10) == []


@pytest.mark.parametrize(
    ("calls", "parts", "allowed"),
    [
        ([call(0) for _ in range(12)], 12, 11),
        ([call(0) for _ in range(6)] + [call(0.999999) for _ in range(6)], 12, 11),
        ([call(0, parts=6), call(0.5, parts=6), call(0.9, parts=6)], 18, 16),
        (steady(10.5, 1000), 1000, 952.43),
        (steady(10, 100) + steady(10, 100, begin=0.05), 200, 100.5),
        (steady(10, 600) + [call(30.05), call(30.06)], None, None),
    ],
    ids=[
        "one part too many at once",
        "one part too many on both sides of a second's change",
        "long messages too close together",
        "a twentieth too fast, for long",
        "two workers who do not know of each other",
        "two parts too many in the middle of a steady minute",
    ],
)
def test_the_law_is_broken_by(calls: list[dict[str, Any]], parts: int | None, allowed: float | None) -> None:
    found = broken(calls, rate=10)
    assert found
    if parts is not None:
        assert max(breach.parts for breach in found) == parts
        assert [breach for breach in found if breach.parts == parts][-1].allowed == pytest.approx(allowed, abs=0.01)


def test_a_carrier_that_was_late_is_no_fast_sender_but_only_by_as_much_as_it_was_late() -> None:
    late = steady(10, 20) + [call(2.5, lag_ms=ms) for ms in (500, 500, 500, 500, 500)] + steady(10, 20, begin=2.5)
    assert broken(late, rate=10) == []
    assert broken([line | {"lag_ms": 0} for line in late], rate=10)
    assert broken(late + [call(2.5, lag_ms=500) for _ in range(6)], rate=10)


@pytest.mark.parametrize("rate", [0.5, 1, 3, 7.25, 25])
def test_it_finds_what_looking_at_every_interval_finds(rate: float) -> None:
    chance = random.Random(rate)
    outcomes = set()
    for _ in range(150):
        span = chance.uniform(0.5, 2.2) * 40 / rate
        whole = [call(round(chance.uniform(0, span), 3), chance.choice((1, 1, 2, 3)), chance.choice((0, 8, 40)))
                 for _ in range(chance.randrange(2, 40))]  # fmt: skip
        calls = sorted(whole, key=lambda line: line["began_at"])
        at = [round(datetime.fromisoformat(line["began_at"]).timestamp() * 1000) for line in calls]
        came = [min(t - line["lag_ms"] for t, line in zip(at[n:], calls[n:], strict=True)) for n in range(len(at))]
        largest = max(line["parts"] for line in calls)
        ends = {
            calls[last]["began_at"]
            for last in range(len(calls))
            for first in range(last + 1)
            if 1000 * sum(line["parts"] for line in calls[first : last + 1])
            > rate * max(1000, at[last] - came[first]) + 1000 * largest
        }
        assert {breach.last for breach in broken(whole, rate)} == ends
        outcomes.add(bool(ends))
    assert outcomes == {True, False}


def test_a_carrier_that_slept_for_long_can_accuse_nobody_of_what_it_did_not_see() -> None:
    assert broken([call(9, lag_ms=9000) for _ in range(90)], rate=10) == []
    assert broken([call(9, lag_ms=9000) for _ in range(92)], rate=10)


def test_fifty_thousand_calls_are_judged_in_a_moment() -> None:
    calls = steady(100, 50_000, lag_ms=10.0)
    assert broken(calls, rate=100) == []
    assert cpu(lambda: broken(calls, rate=100), tries=1) < 1
