"""What looks for work finds it by an index: no tick, claim or count reads all that was ever sent."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.dialects import sqlite

from bot import alarms, jobs, overview, status
from bot.campaigns import batches, control
from bot.consent import facts
from bot.contacts.export import PARTS
from bot.contacts.timeline import SOURCES
from bot.inbox import threads
from bot.outbox import claim, result, settling
from bot.pictures import shelf
from bot.shop.hits import HITS
from models import Thread

HOT: dict[str, Any] = {
    "loose messages": claim.LOOSE,
    "messages of batches": claim.OF_BATCHES,
    "texts that are ready": batches.READY,
    "contacts to lock": claim.LOCK,
    "messages to claim": claim.MINE,
    "messages to mark": claim.MARK,
    "messages that were sent": result.SENT,
    "who is suppressed": facts.ON_LIST,
    "the next recipients": batches.NEXT,
    "recipients judged": batches.OUTCOME,
    "statuses that came too early": status.REOPEN,
    "unknown outcomes": settling.UNKNOWN,
    "calls to a contact": settling.TO_CONTACT,
    "statuses": status.UNFOLDED,
    "messages of statuses": status.OWNERS,
    "messages to lock in order": status.IN_ORDER,
    "messages of which there is news": status.CLIMB,
    "statuses that are folded": status.FOLDED,
    "alarms": alarms.DUE,
    "latest outcomes": control.LATEST_OUTCOMES[0],
    "where a time begins among the texts": overview.FIRST,
    "texts of two weeks": overview.TEXTS,
    "who left in two weeks": overview.OPT_OUTS_AND_UNKNOWN,
    "who waits in the inbox": threads.COUNTS,
    "threads": threads.ROWS.where(threads.IS_WAITING).order_by(Thread.waits_since, Thread.contact_id),
    "one thread": threads.ONE,
    "texts of keywords": HITS,
    "texts that say pictures": shelf.TEXTS,
    **{f"export of {name}": rows.where(key > 0).order_by(key) for name, (rows, key) in PARTS.items()},
    **{f"timeline of {name}": source.rows.order_by(source.at.desc()) for name, source in SOURCES.items()},
    **{f"due in {queue}": query for queue, query in jobs.DUE.items()},
}
GROWS = (  # with every text or person
    "message", "thread", "thread_entry", "callback", "recipient", "contact", "suppression", "consent_event",
)  # fmt: skip


@pytest.mark.parametrize("name", HOT)
def test_a_statement_that_runs_all_the_time_reads_no_whole_table(name: str, sqlite_templates: dict[str, Path]) -> None:
    """SQLite says how it would go about it; PostgreSQL reads the same predicates."""
    written = str(HOT[name].compile(dialect=sqlite.dialect(paramstyle="named")))
    written = re.sub(r"__\[POSTCOMPILE_\w+\]", "'a', 'b'", written)
    with closing(sqlite3.connect(sqlite_templates["empty"])) as connection:
        given = dict.fromkeys(re.findall(r":(\w+)", written), "[]")
        plan = [row[-1] for row in connection.execute(f"EXPLAIN QUERY PLAN {written}", given)]
    scans = [step for step in plan if step.startswith("SCAN") and any(step.startswith(f"SCAN {table}") for table in GROWS)]
    assert not [step for step in scans if "USING" not in step], "\n".join(plan)
    assert not [step for step in plan if step.startswith("SCAN batch") and "USING" not in step], "\n".join(plan)
