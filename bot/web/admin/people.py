"""Who may come in, and who changed what."""

from typing import Any

from flask import request, url_for
from flask_babel import gettext
from sqlalchemy import Connection
from werkzeug.exceptions import NotFound

from bot import staff
from bot.web.admin.pages import Visit, Wrong, go, page, show

CHANGES = 50  # a page


@page("/team", role="admin")
def people(visit: Visit) -> object:
    """Everybody, and a form for one more."""
    return _people(visit)


def _people(visit: Visit, status: int = 200, **known: Any) -> object:
    with visit.read() as connection:
        rows = staff.everybody(connection)
    return show("people.html", status, rows=rows, roles=staff.ROLES, now=visit.runtime.machine_now(), **known)


@page("/team/invite", role="admin", methods=("POST",))
def invite(visit: Visit) -> object:
    """An account, and the link with which its owner chooses a password: shown once."""
    form = visit.form

    def made(connection: Connection) -> tuple[int, str]:
        now = visit.runtime.machine_now()
        staff_id = staff.create(connection, form.get("email", ""), form.get("name", ""), form.get("role", ""), now)
        kept = staff.find(connection, staff_id)
        visit.audit(connection, "staff.invited", f"staff {staff_id}", after={"name": kept.name, "role": kept.role})
        return staff_id, staff.make_link(connection, staff_id, now)

    try:
        staff_id, shown = visit.change(made)
    except Wrong as wrong:
        return _people(visit, 422, errors=wrong.errors, form=form)
    return _linked(visit, staff_id, shown)


@page("/team/<int:staff_id>", role="admin", methods=("GET", "POST"))
def person(visit: Visit, staff_id: int) -> object:
    """One of them: another role, a new link, in or out."""
    if request.method == "GET":
        return _person(visit, staff_id)
    wanted = {"name": visit.form.get("name", ""), "role": visit.form.get("role", "")}

    def change(connection: Connection) -> None:
        _row(connection, staff_id)
        before, after = staff.change(connection, staff_id, **wanted)
        if before != after:
            visit.audit(connection, "staff.changed", f"staff {staff_id}", before, after)

    try:
        visit.change(change)
    except Wrong as wrong:
        return _person(visit, staff_id, 422, errors=wrong.errors, form=visit.form)
    stays = staff_id != visit.staff.id or wanted["role"] == "admin"
    return go("people" if stays else "home", say=gettext("Saved."))


def _person(visit: Visit, staff_id: int, status: int = 200, **known: Any) -> object:
    with visit.read() as connection:
        row, noted = _row(connection, staff_id), staff.entries(connection, about=f"staff {staff_id}")
    return show("person.html", status, row=row, roles=staff.ROLES, changes=noted, **known)


@page("/team/<int:staff_id>/link", role="admin", methods=("POST",))
def new_link(visit: Visit, staff_id: int) -> object:
    """For who has forgotten their password, or let the first link pass."""

    def made(connection: Connection) -> str:
        row = _row(connection, staff_id)
        if row.closed_at is not None:
            raise staff.StaffError("this account is closed")
        visit.audit(connection, "staff.link", f"staff {staff_id}")
        return staff.make_link(connection, staff_id, visit.runtime.machine_now())

    try:
        return _linked(visit, staff_id, visit.change(made))
    except Wrong:
        return go("person", staff_id=staff_id)


@page("/team/<int:staff_id>/close", role="admin", methods=("POST",))
def close_account(visit: Visit, staff_id: int) -> object:
    """They are out at once, everywhere; what they did stays."""

    def close(connection: Connection) -> None:
        _row(connection, staff_id)
        staff.close(connection, staff_id, visit.runtime.machine_now())
        visit.audit(connection, "staff.closed", f"staff {staff_id}")

    try:
        visit.change(close)
    except Wrong as wrong:
        return _person(visit, staff_id, 422, errors=wrong.errors)
    return go("people", say=gettext("The account is closed."))


@page("/team/<int:staff_id>/reopen", role="admin", methods=("POST",))
def reopen_account(visit: Visit, staff_id: int) -> object:
    """They may come in again, with a link."""

    def reopen(connection: Connection) -> str:
        _row(connection, staff_id)
        staff.reopen(connection, staff_id)
        visit.audit(connection, "staff.reopened", f"staff {staff_id}")
        return staff.make_link(connection, staff_id, visit.runtime.machine_now())

    try:
        return _linked(visit, staff_id, visit.change(reopen))
    except Wrong:
        return go("person", staff_id=staff_id)


@page("/changes", role="admin")
def changes(visit: Visit) -> object:
    """Who changed what, the newest first."""
    before = visit.number("before")
    with visit.read() as connection:
        rows = staff.entries(connection, before, CHANGES + 1)
    older = rows[CHANGES - 1].id if len(rows) > CHANGES else None
    return show("changes.html", rows=rows[:CHANGES], older=older, newer=before is not None)


def _linked(visit: Visit, staff_id: int, shown: str) -> object:
    """The link, this once."""
    with visit.read() as connection:
        row = _row(connection, staff_id)
    address = visit.runtime.settings.base_url + url_for("admin.link", shown=shown)
    return show("invited.html", row=row, address=address, days=staff.LINK_FOR.days)


def _row(connection: Connection, staff_id: int) -> Any:
    try:
        return staff.find(connection, staff_id)
    except staff.StaffError:
        raise NotFound from None
