"""Under the hood: which processes live, what is due and how old, jobs that failed, and what waits for somebody's word."""

from collections import Counter

from flask_babel import gettext, ngettext
from sqlalchemy import Connection
from werkzeug.exceptions import BadRequest

from bot import backlog, jobs, overview
from bot import held as room
from bot import webhook_log as door
from bot.web.admin.pages import Visit, Wrong, go, page, show

LATEST = 50  # of what came to the door


@page("/engine", role="launcher")
def engine(visit: Visit) -> object:
    """All of it, as it is now."""
    with visit.read() as connection:
        processes, found = backlog.processes(connection), room.held(connection)
        waiting, absent = backlog.waiting(visit.runtime, connection), overview.absent(visit.runtime, connection)
    machine_now, wake_ups = visit.runtime.machine_now(), jobs.wake_ups(visit.runtime)
    living = [row for row in processes if backlog.lives(row, machine_now)]
    gone = Counter(row.kind for row in processes if row not in living)
    return show("engine.html", living=living, gone=gone, waiting=waiting, absent=absent, held=found, wake_ups=wake_ups,
                failed=jobs.failed(visit.runtime), now=machine_now, most=backlog.MOST_COUNTED)  # fmt: skip


@page("/engine/webhooks", role="launcher")
def webhook_log(visit: Visit) -> object:
    """What came to the carrier's door lately, and what became of it."""
    only = visit.query.get("only", "")
    only = only if only in door.KINDS else ""
    with visit.read() as connection:
        found = door.latest(connection, LATEST, only or None)
    return show("webhook_log.html", found=found, only=only)


@page("/engine/held", role="admin", methods=("POST",))
def decide_held(visit: Visit) -> object:
    """What fell due while nobody was awake: let go now, or never."""
    do = visit.form.get("do")
    if do not in ("release", "refuse"):
        raise BadRequest
    lets = do == "release"

    def decide(connection: Connection) -> int:
        total = room.held(connection).total
        if visit.form.get("sure", str(total)) != str(total):
            raise Wrong({"": gettext("It has become more or less meanwhile: look once more.")})
        done = room.release(connection, visit.runtime.machine_now()) if lets else room.refuse(connection)
        if done:
            visit.audit(connection, "held.released" if lets else "held.refused", "held", after={"count": done})
        return done

    try:
        done = visit.change(decide)
    except Wrong as wrong:
        return go("engine", say=wrong.errors[""])
    jobs.wake(visit.runtime, "replies")
    let_go = ngettext("%(num)s thing is let go.", "%(num)s things are let go.", done)
    return go("engine", say=let_go if lets else ngettext("%(num)s thing will never be.", "%(num)s things will never be.", done))


@page("/engine/failed", role="admin", methods=("POST",))
def forget_failed(visit: Visit) -> object:
    """Failed jobs are forgotten: what they were to do is still in the tables, and is done."""
    forgotten = jobs.forget_failed(visit.runtime)
    return go("engine", say=gettext("They are forgotten.") if forgotten else gettext("Redis does not answer: try again later."))
