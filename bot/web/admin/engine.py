"""Under the hood: which processes live, what is due and how old, jobs that failed, and what waits for somebody's word."""

from flask_babel import gettext, ngettext
from sqlalchemy import Connection

from bot import backlog, jobs, overview
from bot import held as room
from bot import webhook_log as door
from bot.web.admin.pages import Visit, go, page, show

LATEST = 100  # of what came to the door


@page("/engine", role="launcher")
def engine(visit: Visit) -> object:
    """All of it, as it is now."""
    with visit.read() as connection:
        processes, found = backlog.processes(connection), room.held(connection)
        waiting, absent = backlog.waiting(visit.runtime, connection), overview.absent(visit.runtime, connection)
    machine_now = visit.runtime.machine_now()
    return show("engine.html", processes=[(row, backlog.lives(row, machine_now)) for row in processes], waiting=waiting,
                absent=absent, held=found, failed=jobs.failed(visit.runtime),
                answers=visit.runtime.redis_answers(), now=machine_now, most=backlog.MOST_COUNTED)  # fmt: skip


@page("/engine/webhooks", role="launcher")
def webhook_log(visit: Visit) -> object:
    """What came to the carrier's door lately, and what became of it."""
    only = visit.query.get("only", "")
    with visit.read() as connection:
        found = [one for one in door.latest(connection, LATEST) if only in ("", one.what)]
    return show("webhook_log.html", found=found, only=only)


@page("/engine/held", role="admin", methods=("POST",))
def decide_held(visit: Visit) -> object:
    """What fell due while nobody was awake: let go now, or never."""
    lets = visit.form.get("do") == "release"
    done = (room.release if lets else room.refuse)(visit.runtime)

    def note(connection: Connection) -> None:
        if done:
            visit.audit(connection, "held.released" if lets else "held.refused", "held", after={"count": done})

    visit.change(note)
    jobs.wake(visit.runtime, "replies")
    let_go = ngettext("%(num)s thing is let go.", "%(num)s things are let go.", done)
    return go("engine", say=let_go if lets else ngettext("%(num)s thing will never be.", "%(num)s things will never be.", done))


@page("/engine/failed", role="admin", methods=("POST",))
def forget_failed(visit: Visit) -> object:
    """Failed jobs are forgotten: what they were to do is still in the tables, and is done."""
    jobs.forget_failed(visit.runtime)
    return go("engine", say=gettext("They are forgotten."))
