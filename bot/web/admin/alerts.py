"""What needs somebody: the bell of all pages, the alerts behind it, and how each of the staff wants to be told."""

from functools import partial
from typing import Any

from flask import current_app, g, url_for
from flask_babel import get_locale, gettext
from sqlalchemy import Connection

from bot import alerts as room
from bot.alerts.choice import TEXT, WAYS
from bot.catalogue import NoShop, catalogue
from bot.runtime import Runtime
from bot.web.admin.doors import account_page
from bot.web.admin.pages import PAGES, Visit, Wrong, go, page, show, whole
from models.phone import parse

MENDED_AT = {"waiting": "inbox", "campaign": "all_campaigns", "worker": "home"}  # the page; the first one while there is none


@page("/alerts", role="agent")
def alerts(visit: Visit) -> object:
    """Those that are open, and the last that have ended."""
    with visit.read() as connection:
        found, ended, told = room.latest(connection, visit.staff)
        seen_at = room.seen_at(connection, visit.staff)
    language = str(get_locale() or "en")[:2]
    return show("alerts.html", open=found, ended=ended, told=told, seen_at=seen_at, rang=rings(), mended_at=_mended_at,
                say=partial(room.sentence, language=language), advise=partial(room.advice, language=language))  # fmt: skip


@page("/alerts/seen", role="agent", methods=("POST",))
def see_alerts(visit: Visit) -> object:
    """What was shown is not new to them any more."""
    newest = whole(visit.form.get("newest", ""))
    if newest is not None:
        visit.change(lambda connection: room.see(connection, visit.staff, newest))
    return go("alerts")


@page("/alerts/bell", role="agent")
def ring(visit: Visit) -> object:
    """The number on the bell, for a page that stays open: an answer only if it is another one than it shows."""
    if visit.query.get("shown") == str(rings().count):
        return "", 204
    return show("bell.html")


@page("/account/alerts", role="agent", methods=("POST",))
def change_alerts(visit: Visit) -> object:
    """How they want to be told. That they say so, signed in, is their consent to the texts."""
    form, wanted = visit.form, room.concerns(visit.staff.role)
    ways = {kind: form.get(f"alert-{kind}", "") for kind in wanted}

    def keep(connection: Connection) -> None:
        phone = parse(form.get("phone", ""), _country(connection))
        if form.get("phone") and phone is None:
            raise Wrong({"phone": gettext("This is no telephone number. With + and the country it can be from anywhere.")})
        if TEXT in ways.values() and phone is None:
            raise Wrong({"phone": gettext("A text needs a number to go to.")})
        before, after = room.choose(connection, visit.staff.id, ways, phone)
        if before != after:
            visit.audit(connection, "alerts.changed", f"staff {visit.staff.id}", before, after)

    try:
        if wrong := {f"alert-{kind}": gettext("Choose one of these.") for kind, way in ways.items() if way not in WAYS}:
            raise Wrong(wrong)
        visit.change(keep)
    except Wrong as wrong_:
        return account_page(visit, 422, errors=wrong_.errors, alert_form=form)
    return go("account", say=gettext("Saved."))


def rings() -> room.Bell:
    """What rings for who is there; found once for each request."""
    if "bell" not in g:
        runtime: Runtime = current_app.config["PARLEY"]
        with runtime.read() as connection:
            g.bell = room.bell(runtime, connection, g.staff)
    found: room.Bell = g.bell
    return found


def _mended_at(row: Any) -> str:
    name = MENDED_AT[row.kind]
    return url_for(f"admin.{name if name in PAGES else 'home'}")


def _country(connection: Connection) -> str | None:
    try:
        return str(catalogue(connection).shop.country)
    except NoShop:
        return None
