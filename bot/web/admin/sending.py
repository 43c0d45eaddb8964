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
    return _sending(visit)


def _sending(visit: Visit, status: int = 200, **known: Any) -> object:
    with visit.read() as connection:
        found = outbox.sending(visit.runtime, connection)
        under_way = campaigns.listed(connection, None, MOST_CAMPAIGNS, ("sending",))
    return show("sending.html", status, found=found, under_way=under_way, **known)


@page("/sending/halt", role="launcher", methods=("POST",))
def halt_sending(visit: Visit) -> object:
    """Let nothing leave. It is said to be so when no call is under way any more."""

    def halt(connection: Connection) -> bool:
        return outbox.halt(visit.runtime, connection, visit.staff)

    visit.change(halt)
    outbox.wait_until_halted(visit.runtime)
    if not _is_halted(visit):
        return go("sending", say=gettext("Somebody has let sending go on meanwhile."))
    return go("sending", say=gettext("All sending is halted. No text is on its way any more."))


@page("/sending/resume", role="launcher", methods=("POST",))
def resume_sending(visit: Visit) -> object:
    """Let all leave that has waited, if it is still the halt that they have seen."""

    def resume(connection: Connection) -> bool:
        return outbox.resume(visit.runtime, connection, visit.staff, visit.form.get("was", ""))

    if visit.change(resume):
        return go("home", say=gettext("Sending goes on."))
    if not _is_halted(visit):
        return go("home", say=gettext("Somebody has let sending go on already."))
    another = gettext("Sending has been halted anew since you opened this page. It is as below now: look, and decide again.")
    return _sending(visit, 422, errors={"": another})


def _is_halted(visit: Visit) -> bool:
    with visit.read() as connection:
        return outbox.frame(connection).halted_at is not None
