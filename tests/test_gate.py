"""The gate: each judge on plain facts, who decides when several object, and what is kept of a verdict."""

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.consent import gate
from bot.consent.gate import Facts, Go, Hold, Refuse, Verdict
from bot.consent.hours import NEVER

LATER = datetime(2027, 1, 2, 3, 4, tzinfo=UTC)
MOST = gate.REPLIES_PER_HOUR

# judge -> facts that it lets pass, and facts that it objects to with its verdict
CASES: dict[str, tuple[list[dict[str, Any]], list[tuple[dict[str, Any], Verdict]]]] = {
    "sample": (
        [{"kind": "reply"}, {"kind": "reply", "sample": True, "simulated": True}],
        [({"kind": "reply", "sample": True}, Refuse("sample")), ({"kind": "compliance", "sample": True}, Refuse("sample"))],
    ),
    "suppressed": (
        [{"kind": "reply"}, {"kind": "staff"}, {"kind": "compliance", "suppressed": True}],
        [
            ({"kind": kind, "suppressed": True, "consented": True}, Refuse("suppressed"))
            for kind in ("reply", "opt_in", "service", "marketing", "staff")
        ],
    ),
    "consented": (
        [
            *({"kind": kind} for kind in ("compliance", "reply", "opt_in", "staff")),
            *({"kind": kind, "consented": True} for kind in ("service", "marketing")),
        ],
        [({"kind": kind}, Refuse("no consent")) for kind in ("service", "marketing")],
    ),
    "unreachable": (
        [{"kind": "reply", "unreachable": True}, {"kind": "marketing", "consented": True}],
        [
            ({"kind": kind, "unreachable": True, "consented": True}, Refuse("unreachable"))
            for kind in ("opt_in", "service", "marketing", "staff")
        ],
    ),
    "already_sent": ([{"kind": "reply"}], [({"kind": "reply", "sent_before": True}, Refuse("already sent"))]),
    "looping": (
        [
            {"kind": "reply", "replies_in_hour": MOST - 1},
            {"kind": "marketing", "replies_in_hour": MOST, "consented": True},
        ],
        [
            ({"kind": "reply", "replies_in_hour": MOST}, Refuse("loop guard")),
            ({"kind": "compliance", "replies_in_hour": MOST + 1}, Refuse("loop guard")),
        ],
    ),
    "expired": ([{"kind": "reply"}], [({"kind": "reply", "expired": True}, Refuse("expired"))]),
    "preferences": (
        [
            {"kind": "marketing", "consented": True},
            *({"kind": "service", "consented": True, wish: LATER} for wish in ("paused_until", "rested_until")),
            *({"kind": "reply", wish: LATER} for wish in ("paused_until", "rested_until")),
        ],
        [
            ({"kind": "marketing", "consented": True, "paused_until": LATER}, Hold("paused", LATER)),
            ({"kind": "marketing", "consented": True, "rested_until": LATER}, Hold("fewer texts", LATER)),
        ],
    ),
    "quiet": (
        [
            *({"kind": kind, "quiet_until": LATER} for kind in ("reply", "staff")),
            {"kind": "service", "quiet_until": LATER, "consented": True},
        ],
        [
            ({"kind": "marketing", "quiet_until": LATER, "consented": True}, Hold("quiet hours", LATER)),
            ({"kind": "opt_in", "quiet_until": LATER}, Hold("quiet hours", LATER)),
            ({"kind": "marketing", "quiet_until": NEVER, "consented": True}, Refuse("no hour suits")),
        ],
    ),
}  # fmt: skip


def test_every_judge_has_its_cases() -> None:
    """Who adds a judge says here what it is for."""
    assert list(CASES) == [judge.__name__ for judge in gate.JUDGES]


@pytest.mark.parametrize("name", CASES)
def test_a_judge_objects_to_this_and_to_nothing_else(name: str) -> None:
    """Alone, and as one of all the judges."""
    judge = getattr(gate, name)
    passing, objected = CASES[name]
    for facts in passing:
        assert (judge(Facts(**facts)), gate.judge(Facts(**facts))) == (None, Go()), facts
    for facts, verdict in objected:
        assert (judge(Facts(**facts)), gate.judge(Facts(**facts))) == (verdict, verdict), facts


def test_the_first_judge_who_objects_decides() -> None:
    """A made-up contact who also stopped and never agreed: the order of the judges is the policy."""
    facts = Facts(kind="marketing", sample=True, suppressed=True, paused_until=LATER)
    assert gate.judge(facts) == Refuse("sample")
    assert gate.judge(facts, gate.JUDGES[1:]) == Refuse("suppressed")
    assert gate.judge(facts, gate.JUDGES[2:]) == Refuse("no consent")
    assert gate.judge(facts, gate.JUDGES[3:]) == Hold("paused", LATER)


@pytest.mark.parametrize(
    ("facts", "kept"),
    [
        (Facts(kind="reply"), {"outcome": "go", "why": "passed", "facts": {"kind": "reply"}}),
        (
            Facts(kind="reply", suppressed=True, replies_in_hour=2),
            {
                "outcome": "refuse", "why": "suppressed",
                "facts": {"kind": "reply", "suppressed": True, "replies_in_hour": 2},
            },
        ),
        (
            Facts(kind="marketing", consented=True, paused_until=LATER),
            {
                "outcome": "hold", "why": "paused",
                "facts": {"kind": "marketing", "consented": True, "paused_until": "2027-01-02T03:04:00+00:00"},
            },
        ),
    ],
)  # fmt: skip
def test_a_verdict_is_kept_with_its_reason_and_the_facts_that_say_something(facts: Facts, kept: dict[str, Any]) -> None:
    """As JSON: which judge, on which facts."""
    assert gate.record(gate.judge(facts), facts) == kept
