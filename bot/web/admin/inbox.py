"""The inbox: who needs a person, and the thread in which they are answered."""

import secrets
from collections.abc import Callable, Mapping
from typing import Any

from flask import render_template
from flask_babel import gettext
from sqlalchemy import Connection
from werkzeug.exceptions import NotFound

from bot import contacts as people
from bot import inbox as room
from bot import jobs, staff
from bot.catalogue import catalogue
from bot.web.admin.contact import place, row_of
from bot.web.admin.look import topic_names
from bot.web.admin.pages import Visit, Wrong, go, page, show, whole

THREADS, HAPPENINGS, STRANGERS = 30, 40, 100  # at once
DOES: Mapping[str, Callable[..., Any]] = {
    "close": room.close, "reopen": room.reopen, "take_over": room.take_over, "give_back": room.give_back,
    "end_dialog": room.end_dialog,
}  # fmt: skip


@page("/inbox", role="viewer")
def inbox(visit: Visit) -> object:
    """Those who wait, the longest first; or another tab, or who is looked for."""
    tab, asked = _tab(visit), visit.query.get("q", "")
    after = place(visit, "after")
    with visit.read() as connection:
        now = visit.now(connection)
        catalogue(connection)  # raises NoShop
        whole = not visit.staff.may("agent")  # see the list of contacts
        where = people.condition(connection, people.Wanted(asked), now, whole_numbers=whole) if asked else None
        found = room.page(connection, tab, visit.staff.id, now, after, THREADS, where)
        waits, mine, strangers = room.waiting(connection, visit.staff.id, now)
    counts = {"waiting": waits, "mine": mine}
    chosen = visit.number("chosen")
    return show("inbox.html", tab=tab, asked=asked, listed=_listed(visit), found=found, counts=counts, strangers=strangers,
                newer=after is not None, now=now, chosen=chosen, most=room.MOST_COUNTED)  # fmt: skip


def _tab(visit: Visit) -> str:
    tab = visit.query.get("tab", "waiting")
    return tab if tab in room.TABS else "waiting"


def _listed(visit: Visit) -> dict[str, str]:
    """The list that a thread was opened from, and to which one goes back: its tab, what was looked for, how far down."""
    return {"tab": _tab(visit), **{name: visit.query[name] for name in ("q", "after") if visit.query.get(name)}}


@page("/inbox/<int:contact_id>", role="viewer")
def thread(visit: Visit, contact_id: int) -> object:
    """What was said and done with one contact, and the words of an answer to them."""
    return _thread(visit, contact_id)


def _thread(visit: Visit, contact_id: int, status: int = 200, **known: Any) -> object:
    before = place(visit, "before")
    with visit.read() as connection:
        row, now, shop = row_of(connection, contact_id), visit.now(connection), catalogue(connection)
        standing = room.find(connection, contact_id)  # before the texts: none of them is newer than what is said to be seen
        found = people.timeline(connection, row, before, HAPPENINGS + 1)
        everybody = staff.everybody(connection)
        stopped_by = room.stopped_by(visit.runtime, connection, row, now, shop.shop.zone)
        known |= {
            "row": row, "now": now, "thread": standing, "stopped_by": stopped_by,
            "topics": topic_names(shop), "types": shop.fields,
            "subscribed": people.topics(connection, [contact_id])[contact_id],
            "tags": people.tags(connection, [contact_id])[contact_id],
            "team": [one for one in everybody if one.closed_at is None and staff.may(one.role, "agent")],
            "names": {one.id: one.name for one in everybody}, "spoken": people.language(row, shop.shop.languages),
        }  # fmt: skip
    some = found[:HAPPENINGS]
    older = str(some[-1].place) if len(found) > len(some) else None
    known |= {"snoozes": room.SNOOZES, "longest_note": room.LONGEST_NOTE, "key": secrets.token_hex(8), "form": visit.form}
    known |= {"happenings": some[::-1], "older": older, "newer": before is not None, "listed": _listed(visit)}
    return show("inbox_thread.html", status, **known)


@page("/inbox/<int:contact_id>/answer", role="agent", methods=("POST",))
def answer(visit: Visit, contact_id: int) -> object:
    """Say something to them: once, however often the form is sent."""
    form = visit.form

    def say(connection: Connection) -> None:
        row, now = row_of(connection, contact_id, locked=True), visit.now(connection)
        typed = room.Typed(form.get("text", ""), form.get("key", "")[:40], _seen(visit), whole(form.get("answered", "")))
        room.answer(visit.runtime, connection, catalogue(connection), row, visit.staff, typed, now)

    try:
        visit.change(say)
    except Wrong as wrong:
        return _thread(visit, contact_id, 422, errors=wrong.errors)
    jobs.wake(visit.runtime, "replies")
    return go("thread", contact_id=contact_id, **_listed(visit), sent=1)


def _seen(visit: Visit) -> int:
    """Their newest text that stood on the page."""
    return whole(visit.form.get("seen", "")) or 0


@page("/inbox/<int:contact_id>/measure", role="agent", methods=("POST",))
def measure_answer(visit: Visit, contact_id: int) -> object:
    """What the words of an answer would be billed as, and how they would arrive. Nothing is kept."""
    words = visit.form.get("text", "")
    with visit.read() as connection:
        row = row_of(connection, contact_id)
        draft = room.draft(connection, catalogue(connection), row, words) if words else None
    return render_template("admin/counter.html", draft=draft, words=words)


@page("/inbox/<int:contact_id>/canned", role="agent")
def canned_here(visit: Visit, contact_id: int) -> object:
    """What can be said by typing a slash, in the language of a contact."""
    with visit.read() as connection:
        spoken = people.language(row_of(connection, contact_id), catalogue(connection).shop.languages)
        return render_template("admin/canned_here.html", rows=room.all_canned(connection), spoken=spoken)


@page("/inbox/<int:contact_id>/note", role="agent", methods=("POST",))
def note(visit: Visit, contact_id: int) -> object:
    """A note for colleagues."""

    def write(connection: Connection) -> None:
        row_of(connection, contact_id, locked=True)
        room.note(connection, contact_id, visit.staff, visit.form.get("note", ""), visit.now(connection))

    try:
        visit.change(write)
    except Wrong as wrong:
        return _thread(visit, contact_id, 422, errors=wrong.errors)
    return go("thread", contact_id=contact_id, **_listed(visit))


@page("/inbox/<int:contact_id>/assign", role="agent", methods=("POST",))
def assign_thread(visit: Visit, contact_id: int) -> object:
    """Whose it is; without a name, nobody's."""
    wanted = whole(visit.form.get("to", ""))

    def assign(connection: Connection) -> None:
        row_of(connection, contact_id, locked=True)
        to = staff.find(connection, wanted) if wanted is not None else None
        if to is not None and (to.closed_at is not None or not staff.may(to.role, "agent")):
            raise Wrong({"to": gettext("They cannot answer contacts.")})
        room.assign(connection, contact_id, visit.staff, to, visit.now(connection))

    try:
        visit.change(assign)
    except Wrong as wrong:
        return _thread(visit, contact_id, 422, errors={"to": wrong.errors.get("to") or gettext("They cannot answer contacts.")})
    return go("thread", contact_id=contact_id, **_listed(visit))


@page("/inbox/<int:contact_id>/snooze", role="agent", methods=("POST",))
def snooze_thread(visit: Visit, contact_id: int) -> object:
    """Off the list until later, or until they text again."""
    which = visit.form.get("until", "")

    def snooze(connection: Connection) -> None:
        row_of(connection, contact_id, locked=True)
        now = visit.now(connection)
        until = room.snoozed_until(which, now, catalogue(connection).shop.zone)
        room.snooze(connection, contact_id, visit.staff, until, now)

    if which not in room.SNOOZES:
        return _thread(visit, contact_id, 422, errors={"until": gettext("Choose one")})
    visit.change(snooze)
    return go("inbox", **_listed(visit), say=gettext("It comes back by itself."))


@page("/inbox/<int:contact_id>/do", role="agent", methods=("POST",))
def do_in_thread(visit: Visit, contact_id: int) -> object:
    """Close it, open it again; silence the bot, let it go on, end its dialog."""
    did = visit.form.get("do", "")
    if did not in DOES:
        raise NotFound

    def do(connection: Connection) -> None:
        row_of(connection, contact_id, locked=True)
        more = {"seen": _seen(visit)} if did == "close" else {}
        DOES[did](connection, contact_id, visit.staff, visit.now(connection), **more)

    try:
        visit.change(do)
    except Wrong as wrong:
        return _thread(visit, contact_id, 422, errors=wrong.errors)
    if did == "close":
        return go("inbox", **_listed(visit), say=gettext("Closed. Their next text that needs somebody opens it again."))
    return go("thread", contact_id=contact_id, **_listed(visit))


@page("/inbox/strangers", role="viewer")
def strangers(visit: Visit) -> object:
    """Texts that came from no telephone that could be answered."""
    with visit.read() as connection:
        rows = room.strangers(connection, STRANGERS + 1)
    return show("strangers.html", rows=rows[:STRANGERS], more=len(rows) > STRANGERS)


@page("/inbox/strangers/seen", role="agent", methods=("POST",))
def strangers_seen(visit: Visit) -> object:
    """Those that were shown need nobody any more."""
    ids = [id_ for one in visit.many("id")[:STRANGERS] if (id_ := whole(one)) is not None]

    def look(connection: Connection) -> None:
        if count := room.seen(connection, ids):
            visit.audit(connection, "strangers.seen", "texts", after={"texts": count})

    visit.change(look)
    return go("inbox", say=gettext("Done."))
