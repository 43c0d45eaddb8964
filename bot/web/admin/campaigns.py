"""Campaigns: how far each is, whom it would reach, sent once somebody is sure, stopped, and accounted for."""

import secrets
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from flask import render_template, url_for
from flask_babel import gettext
from sqlalchemy import Connection

from bot import campaigns, jobs, segments, staff
from bot.catalogue import Catalogue, catalogue
from bot.web.admin.composer import PARTS, as_form, campaign_row
from bot.web.admin.look import topic_names
from bot.web.admin.pages import Visit, Wrong, go, instant_of, page, show, whole
from bot.web.api.problems import REFUSALS

AT_ONCE = 15  # a page
RECIPIENTS = 50
MOST_ASKED = 10_000  # contacts that a preview asks; of more it asks some, and says so
SURE_ABOVE = 100  # people: above that, the number is to be typed
GROWN = 1.1  # times as many as were shown: ask again
SETTLES = timedelta(minutes=10)  # after it is finished


@page("/campaigns", role="viewer")
def all_campaigns(visit: Visit) -> object:
    """All of them, the newest first; those under way move by themselves."""
    before = visit.number("before")
    with visit.read() as connection:
        catalogue(connection)  # raises NoShop
        found = campaigns.listed(connection, before, AT_ONCE + 1)
        under_way = [row.id for row, _ in found[:AT_ONCE] if row.state == "sending"]
        rates = campaigns.rates(connection, under_way, visit.runtime.machine_now())
    older = found[AT_ONCE - 1][0].id if len(found) > AT_ONCE else None
    return show("campaigns.html", found=found[:AT_ONCE], rates=rates, older=older, before=before)


@page("/campaigns/<int:campaign_id>", role="viewer")
def campaign(visit: Visit, campaign_id: int) -> object:
    """Before it is sent: whom it would reach and what they would get. From then on: what became of everybody.

    A page that follows it (`?state=`, what it was) is drawn anew as a whole once something else can be done with it.
    """
    return _campaign(visit, campaign_id)


def _campaign(visit: Visit, campaign_id: int, status: int = 200, **known: Any) -> object:
    with visit.read() as connection:
        row = campaign_row(connection, campaign_id)
        if visit.query.get("state", row.state) != row.state:
            return "", 200, {"HX-Redirect": url_for("admin.campaign", campaign_id=campaign_id)}
        shop = catalogue(connection)
        names = segments.names_by_id(connection)
        kept = campaigns.shown(connection, row, names)
        kept |= {part: [names.get(id_) or gettext("a segment that is gone") for id_ in getattr(row, part)] for part in PARTS}
        known |= {"row": row, "kept": kept, "topics": topic_names(shop), "now": visit.now(connection), "zone": shop.shop.zone}
        known["stays_until"] = _stays_until(row, kept, known["now"])
        if row.launched_at is not None or row.state in ("paused", "cancelled"):
            machine_now = visit.runtime.machine_now()
            known["balance"] = campaigns.balance(connection, campaign_id)
            known["rate"] = campaigns.rates(connection, [campaign_id], machine_now)[campaign_id]
        elif visit.staff.may("marketer"):
            known["confirmed"] = staff.find(connection, visit.staff.id).phone_proved_at is not None
            known["was"] = visit.was(_confirmed(connection, row, shop))
        known["moves"] = _moves(row, known.get("balance"), known["now"])
    return show("campaign.html", status, key=secrets.token_hex(8), form=visit.form, **known)


def _moves(row: Any, balance: campaigns.Balance | None, now: datetime) -> bool:
    """Whether there may be news of it by itself: statuses come for a while after it is finished."""
    if row.state in ("scheduled", "sending") or (balance is not None and balance.waiting + balance.unknown):
        return True
    return row.finished_at is not None and now - row.finished_at < SETTLES


def _stays_until(row: Any, kept: Mapping[str, Any], now: datetime) -> datetime | None:
    """Until when its next texts wait, if that is some time yet."""
    until: datetime | None = kept["held_until"]
    return until if until and row.state == "sending" and until - now > timedelta(minutes=1) else None


@page("/campaigns/<int:campaign_id>/preview", role="viewer")
def preview_campaign(visit: Visit, campaign_id: int) -> object:
    """The whole audience asked at the gate, and every text rendered; of a very large one, a part."""
    with visit.read() as connection:
        campaign_row(connection, campaign_id)
    try:
        found = campaigns.preview(visit.runtime, campaign_id, most=MOST_ASKED)
    except REFUSALS as error:
        return render_template("admin/campaign_preview.html", trouble=str(error))
    share = found.matching / found.asked if found.asked else 1.0
    return render_template("admin/campaign_preview.html", found=found, share=share)


@page("/campaigns/<int:campaign_id>/schedule", role="launcher", methods=("POST",))
def schedule_campaign(visit: Visit, campaign_id: int) -> object:
    """Sent now or later, once somebody is sure: asked with the number of people, which is to be typed when they are many.

    What they have looked at is what is sent: nobody has said it anew meanwhile.
    """
    form = visit.form
    try:
        with visit.read() as connection:
            row, shop, now = campaign_row(connection, campaign_id), catalogue(connection), visit.now(connection)
            visit.still(seen := _confirmed(connection, row, shop))
            at = instant_of(form.get("at", ""), shop.shop.zone, "at") if form.get("when") == "later" else None
            if at is not None and at < now:
                raise Wrong({"at": gettext("This is over already.")})
            try:
                whom = segments.audience(connection, row.within, row.without, now)
                count = segments.count(connection, whom, now, row.topic)
            except REFUSALS as error:
                raise Wrong({"": str(error)}) from None
    except Wrong as wrong:
        return _campaign(visit, campaign_id, 422, errors=wrong.errors)
    shown = whole(form.get("sure", ""))
    typed = "".join(filter(str.isalnum, form.get("word", "")))
    known = {"row": row, "count": count, "at": at, "form": form, "was": visit.was(seen)}
    if shown is None or count.reachable > shown * GROWN + 1:
        return show("campaign_sure.html", **known, types=count.reachable > SURE_ABOVE, again=shown is not None)
    if shown > SURE_ABOVE and typed != str(shown):
        known["count"] = count._replace(reachable=shown)
        errors = {"word": gettext("This is not the number.")}
        return show("campaign_sure.html", 422, **known, types=True, again=False, errors=errors)

    def schedule(connection: Connection) -> None:
        visit.still(_confirmed(connection, campaign_row(connection, campaign_id), shop))
        campaigns.schedule(connection, campaign_id, at, visit.now(connection))
        after = {"at": at.isoformat() if at else "now", "confirmed": shown, "reachable": count.reachable}
        visit.audit(connection, "campaign.scheduled", f"campaign {campaign_id}", after=after)

    try:
        visit.change(schedule)
    except Wrong as wrong:
        return _campaign(visit, campaign_id, 422, errors=wrong.errors)
    return go("campaign", campaign_id=campaign_id, say=gettext("It is scheduled.") if at else gettext("It begins now."))


def _confirmed(connection: Connection, row: Any, shop: Catalogue) -> dict[str, Any]:
    """What somebody sends off when they say so: its words, its audience, and where it stands."""
    return as_form(connection, row, shop) | {"state": row.state, "starts_at": str(row.starts_at)}


@page("/campaigns/<int:campaign_id>/unschedule", role="launcher", methods=("POST",))
def unschedule_campaign(visit: Visit, campaign_id: int) -> object:
    """What has not begun is a draft again."""

    def take_back(connection: Connection) -> None:
        campaigns.take_back(connection, campaign_row(connection, campaign_id).id)
        visit.audit(connection, "campaign.unscheduled", f"campaign {campaign_id}")

    return _done(visit, campaign_id, take_back, gettext("It is a draft again: nobody gets it before it is sent."))


@page("/campaigns/<int:campaign_id>/try", role="marketer", methods=("POST",))
def try_campaign(visit: Visit, campaign_id: int) -> object:
    """A text of it to one's own phone."""
    form = visit.form

    def say(connection: Connection) -> str | None:
        row, spoken, key = campaign_row(connection, campaign_id), form.get("language", ""), form.get("key", "")[:40]
        why = campaigns.try_out(visit.runtime, connection, row, visit.staff.id, spoken, key)
        if why is None:
            visit.audit(connection, "campaign.tried", f"campaign {campaign_id}")
        return why

    if why := visit.change(say):
        return _campaign(visit, campaign_id, 422, why_not=why)
    jobs.wake(visit.runtime, "replies")
    return go("campaign", campaign_id=campaign_id, say=gettext("It is on its way to your phone."))


@page("/campaigns/<int:campaign_id>/pause", role="launcher", methods=("POST",))
def pause_campaign(visit: Visit, campaign_id: int) -> object:
    """Nobody else gets it for now. Said to be so when no call of it is under way any more."""
    return _stop(visit, campaign_id, "paused", "campaign.paused", gettext("It is paused. No text of it is on its way any more."))


@page("/campaigns/<int:campaign_id>/cancel", role="launcher", methods=("POST",))
def cancel_campaign(visit: Visit, campaign_id: int) -> object:
    """Whoever has not got it never will."""
    return _stop(visit, campaign_id, "cancelled", "campaign.cancelled", gettext("It is cancelled. Nobody else gets it."))


def _stop(visit: Visit, campaign_id: int, state: str, did: str, say: str) -> object:
    def stop(connection: Connection) -> None:
        campaigns.stop(connection, campaign_row(connection, campaign_id).id, state)
        visit.audit(connection, did, f"campaign {campaign_id}")

    return _done(visit, campaign_id, stop, say, lambda: campaigns.wait(visit.runtime, campaign_id))


@page("/campaigns/<int:campaign_id>/resume", role="launcher", methods=("POST",))
def resume_campaign(visit: Visit, campaign_id: int) -> object:
    """Go on where it was paused."""

    def resume(connection: Connection) -> None:
        campaigns.go_on(visit.runtime, connection, campaign_row(connection, campaign_id).id)
        visit.audit(connection, "campaign.resumed", f"campaign {campaign_id}")

    return _done(visit, campaign_id, resume, gettext("It goes on."))


def _done(
    visit: Visit, campaign_id: int, do: Callable[[Connection], None], say: str, then: Callable[[], None] = lambda: None
) -> object:
    try:
        visit.change(do)
    except Wrong as wrong:
        return _campaign(visit, campaign_id, 422, errors=wrong.errors)
    then()
    return go("campaign", campaign_id=campaign_id, say=say)


@page("/campaigns/<int:campaign_id>/recipients", role="viewer")
def campaign_recipients(visit: Visit, campaign_id: int) -> object:
    """Everybody it was meant for, each with what became of them; or those alone of whom one thing became."""
    outcome, after = visit.query.get("outcome", ""), visit.number("after") or 0
    outcome = outcome if outcome in campaigns.OUTCOMES else ""
    with visit.read() as connection:
        row = campaign_row(connection, campaign_id)
        found = campaigns.recipients(connection, campaign_id, after, RECIPIENTS + 1, outcome or None)
    more = found[RECIPIENTS - 1].id if len(found) > RECIPIENTS else None
    return show("campaign_recipients.html", row=row, found=found[:RECIPIENTS], more=more, after=after, outcome=outcome,
                outcomes=campaigns.OUTCOMES)  # fmt: skip
