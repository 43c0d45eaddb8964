"""The switch for all that leaves: what stands still when somebody throws it, and what leaves when it is let go on."""

from typing import Any

from flask_babel import gettext
from sqlalchemy import Connection

from bot import campaigns, outbox
from bot.web.admin.pages import Visit, go, page, show

MOST_CAMPAIGNS = 20


@page("/sending", role="launcher")
def sending(visit: Visit) -> object:
    """How it stands, and whom it concerns."""
    with visit.read() as connection:
        found = outbox.sending(visit.runtime, connection)
        under_way = [one for one in campaigns.under_way(connection, MOST_CAMPAIGNS) if one.state == "sending"]
    return show("sending.html", found=found, under_way=under_way)


@page("/sending/halt", role="launcher", methods=("POST",))
def halt_sending(visit: Visit) -> object:
    """Let nothing leave. It is said to be so when no call is under way any more."""

    def halt(connection: Connection) -> bool:
        return outbox.halt(visit.runtime, connection, visit.staff)

    visit.change(halt)
    outbox.wait_until_halted(visit.runtime)
    return go("sending", say=gettext("All sending is halted. No text is on its way any more."))


@page("/sending/resume", role="launcher", methods=("POST",))
def resume_sending(visit: Visit) -> object:
    """Let all leave that has waited."""

    def resume(connection: Connection) -> Any:
        return outbox.resume(visit.runtime, connection, visit.staff)

    visit.change(resume)
    return go("home", say=gettext("Sending goes on."))
