"""What the runs have shown, as the table that anybody may check: docs/chaos.md."""

import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from tests.chaos.judge import PROMISES
from tests.chaos.run import Outcome
from tests.processes import ROOT

PLACE = ROOT / "docs" / "chaos.md"
INTRODUCTION = """# Killed at random

`make chaos` runs web, workers, clock, Redis and PostgreSQL as real processes and kills them with SIGKILL at random instants,
during campaigns and conversations. Meanwhile the carrier drops answers after it has taken a text, loses, doubles and shuffles its
statuses, and its list is late or not to be had; people text STOP and talk with the shop all along. The carrier itself is never
killed: its journal is the judge (`tests/chaos/judge.py`, where each promise is a function).
"""
NOTES = """
*lost*: in the audience, never said STOP, never told; or known as sent to one side only. *unanswered*: a recorded text without its
reply. *after STOP*: told anything after their STOP was acknowledged. *held*: nobody could find out in three attempts whether the
carrier had it; a person decides. *not acknowledged*: every delivery met a dead server, so the person texted again.
*settled*: seconds from the last fault until no outcome was open.
"""


def figures(name: str, seed: int, outcome: Outcome) -> dict[str, str]:
    """One run: what was done to it, and what came of it."""
    case, typed = outcome.case, outcome.case.lines("inbound")
    return {
        "database": name,
        "seed": str(seed),
        "seconds": f"{outcome.seconds:.0f}",
        "kills": str(outcome.struck.total()),
        "recipients": f"{sum(map(len, case.audience.values())):,}",
        "texts": f"{len(typed):,}",
        "STOPs": str(len(case.leavers)),
        "accepted": f"{case.accepted.total():,}",
        **{promise: str(len(outcome.broken[promise])) for promise in PROMISES if promise not in ("balance", "unsettled")},
        "balance": "wrong" if outcome.broken["balance"] else "exact",
        "orphans": str(len(outcome.broken["orphans"])),
        "held": str(len(case.held)),
        "not acknowledged": str(len({line["sid"] for line in typed} - case.acknowledged.keys())),
        "settled": f"{case.settled_after:.0f} s",
    }


def table(rows: Sequence[dict[str, str]]) -> str:
    """Figures as a table, a column for each run."""
    head = "| | " + " | ".join(row["database"] for row in rows) + " |"
    lines = [head, "|---" * (len(rows) + 1) + "|"]
    lines += [f"| {name} | " + " | ".join(row[name] for row in rows) + " |" for name in rows[0] if name != "database"]
    return "\n".join(lines)


def kills(outcomes: dict[str, Outcome]) -> str:
    """How often each was killed: `parent` alone, one `child`, or the whole `tree`."""
    kinds = sorted({kind for outcome in outcomes.values() for kind in outcome.struck})
    rows = [{"database": name, **{kind: str(outcome.struck[kind]) for kind in kinds}} for name, outcome in outcomes.items()]
    return table(rows)


def write(rows: Sequence[dict[str, str]], outcomes: dict[str, Outcome], place: Path = PLACE) -> None:
    """Put it all on the page."""
    made_of = ", ".join(f"{name} {version(name)}" for name in ("sqlalchemy", "psycopg", "rq", "redis", "gunicorn", "twilio"))
    when = f"{datetime.now(UTC).date().isoformat()}, Python {platform.python_version()}, {made_of}."
    place.write_text(f"{INTRODUCTION}\n{when}\n\n{table(rows)}\n{NOTES}\nKilled:\n\n{kills(outcomes)}\n", encoding="utf-8")
