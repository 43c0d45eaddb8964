"""Signing in and out, the link that lets somebody choose a password, and one's own account."""

import io
from urllib.parse import urlsplit

import segno
from flask import redirect, request, session, url_for
from flask_babel import gettext
from markupsafe import Markup
from sqlalchemy import Connection
from werkzeug.wrappers import Response

from bot import staff
from bot.staff import Refused
from bot.web.admin.look import LANGUAGES
from bot.web.admin.pages import ANYBODY, Visit, Wrong, go, page, show


@page("/sign-in", role=ANYBODY, methods=("GET", "POST"))
def sign_in(visit: Visit) -> object:
    """The door. Nothing tells whether it was the address or the password that was wrong."""
    back = _of_ours(request.values.get("next", ""))
    if visit.staff:
        return _redirected(back)
    if request.method == "GET":
        return show("sign_in.html", next=back)
    given = visit.form.get("email", ""), request.form.get("password", ""), visit.form.get("code", "")
    try:
        key = staff.sign_in(visit.runtime, *given, *_from())
    except Refused as refused:
        status = 429 if refused.why == "often" else 422
        return show("sign_in.html", status, next=back, why=refused.why, email=given[0], code=given[2])
    _begin(key)
    return _redirected(back)


@page("/sign-out", role="viewer", methods=("POST",))
def sign_out(visit: Visit) -> object:
    """Out, here only."""
    visit.change(lambda connection: staff.end_session(connection, visit.staff.id, visit.session_id or 0))
    session.clear()
    return go("sign_in")


@page("/link/<shown>", role=ANYBODY, methods=("GET", "POST"))
def link(visit: Visit, shown: str) -> object:
    """Whoever holds the link chooses a password, and is in."""
    with visit.read() as connection:
        row = staff.by_link(connection, shown, visit.runtime.machine_now())
    if row is None:
        return show("link.html", 410, row=None)
    if request.method == "GET":
        return show("link.html", row=row)
    password = request.form.get("password", "")
    if password != request.form.get("again", ""):
        return show("link.html", 422, row=row, errors={"again": gettext("The two are different.")})

    def choose(connection: Connection) -> str | None:
        now = visit.runtime.machine_now()
        if staff.by_link(connection, shown, now) is None:
            return None
        staff.choose_password(connection, row.id, password)
        staff.audit(connection, None, "password.chosen", f"staff {row.id}", now)
        return staff.come_in(connection, row.id, *_from(), now)

    try:
        key = visit.change(choose)
    except Wrong as wrong:
        return show("link.html", 422, row=row, errors=wrong.errors)
    if key is None:
        return show("link.html", 410, row=None)
    _begin(key)
    return go("home")


@page("/begin/<shown>", role=ANYBODY, methods=("GET", "POST"))
def begin(visit: Visit, shown: str) -> object:
    """The first admin makes their own account, by the link that the web process printed."""
    with visit.read() as connection:
        if not staff.is_first(connection, visit.runtime, shown):
            return show("link.html", 410, row=None)
    if request.method == "GET":
        return show("begin.html")
    form, password = visit.form, request.form.get("password", "")
    if password != request.form.get("again", ""):
        return show("begin.html", 422, form=form, errors={"again": gettext("The two are different.")})

    def made(connection: Connection) -> str | None:
        now = visit.runtime.machine_now()
        if not staff.is_first(connection, visit.runtime, shown):
            return None
        staff_id = staff.create(connection, form.get("email", ""), form.get("name", ""), "admin", now)
        staff.choose_password(connection, staff_id, password)
        staff.audit(connection, None, "staff.first", f"staff {staff_id}", now)
        return staff.come_in(connection, staff_id, *_from(), now)

    try:
        key = visit.change(made)
    except Wrong as wrong:
        return show("begin.html", 422, form=form, errors=wrong.errors)
    if key is None:
        return show("link.html", 410, row=None)
    _begin(key)
    return go("home")


@page("/account", role="viewer", methods=("GET",))
def account(visit: Visit) -> object:
    """One's own account."""
    return _account(visit)


def _account(visit: Visit, status: int = 200, **known: object) -> object:
    with visit.read() as connection:
        rows = staff.sessions(connection, visit.staff.id, visit.runtime.machine_now())
    return show("account.html", status, sessions=rows, here=visit.session_id, **known)


@page("/account/details", role="viewer", methods=("POST",))
def change_details(visit: Visit) -> object:
    """One's own name and language."""
    language = visit.form.get("language", "")
    values = {"name": visit.form.get("name", ""), "language": language if language in LANGUAGES else None}
    try:
        visit.change(lambda connection: staff.change(connection, visit.staff.id, **values))
    except Wrong as wrong:
        return _account(visit, 422, errors=wrong.errors, form=visit.form)
    return go("account", say=gettext("Saved."))


@page("/account/password", role="viewer", methods=("POST",))
def change_password(visit: Visit) -> object:
    """A new password ends all other sessions. The old one is asked for, as often as at the door."""
    old, new = request.form.get("old", ""), request.form.get("password", "")
    if new != request.form.get("again", ""):
        return _account(visit, 422, errors={"again": gettext("The two are different.")})
    try:
        staff.prove(visit.runtime, visit.staff.email, old)
        visit.change(lambda connection: _new_password(visit, connection, new))
    except Refused as refused:
        return _account(visit, 422, errors={"old": _why(refused)})
    except Wrong as wrong:
        return _account(visit, 422, errors=wrong.errors)
    return go("account", say=gettext("Your password is changed. Everywhere else you are signed out."))


def _new_password(visit: Visit, connection: Connection, new: str) -> None:
    staff.choose_password(connection, visit.staff.id, new, keep_session=visit.session_id)
    visit.audit(connection, "password.changed", f"staff {visit.staff.id}")


@page("/account/second-step", role="viewer", methods=("GET", "POST"))
def second_step(visit: Visit) -> object:
    """Add a second step by showing its first code; the secret waits in their own session until then."""
    if request.method == "GET":
        session["totp"] = session.get("totp") or staff.new_totp()
        return show("second_step.html", picture=_picture(visit), secret=session["totp"])
    key, now = session.get("totp"), visit.runtime.machine_now()
    step = staff.totp_step(key, visit.form.get("code", ""), now, None) if key else None
    if step is None:
        session["totp"] = key or staff.new_totp()
        return show("second_step.html", 422, picture=_picture(visit), secret=session["totp"], error=True)
    visit.change(lambda connection: staff.set_totp(connection, visit.staff.id, key, step))
    session.pop("totp")
    return go("account", say=gettext("From now on a code is asked for, too."))


@page("/account/second-step/end", role="viewer", methods=("POST",))
def end_second_step(visit: Visit) -> object:
    """Without it from now on; the password is asked for."""
    try:
        staff.prove(visit.runtime, visit.staff.email, request.form.get("step-old", ""))
    except Refused as refused:
        return _account(visit, 422, errors={"step-old": _why(refused)})
    visit.change(lambda connection: staff.set_totp(connection, visit.staff.id, None, None))
    return go("account", say=gettext("No code is asked for any more."))


@page("/account/sessions/<int:session_id>/end", role="viewer", methods=("POST",))
def end_session(visit: Visit, session_id: int) -> object:
    """Out elsewhere."""
    visit.change(lambda connection: staff.end_session(connection, visit.staff.id, session_id))
    return go("account", say=gettext("Signed out there."))


def _picture(visit: Visit) -> Markup:
    drawn = io.BytesIO()
    address = staff.totp_address(session["totp"], visit.staff.email, "Parley")
    segno.make(address).save(drawn, kind="svg", scale=4, xmldecl=False, svgclass="qr", lineclass=None, light="#fff", dark="#000")
    return Markup(drawn.getvalue().decode())


def _why(refused: Refused) -> str:
    if refused.why == "often":
        return str(gettext("Too many tries. Wait a quarter of an hour, then try again."))
    return str(gettext("This is not your password."))


def _begin(key: str) -> None:
    """A session of its own: nothing of the one before is kept, so nobody can have prepared it."""
    session.clear()
    session["key"] = key
    session.permanent = True


def _from() -> tuple[str, str]:
    return request.remote_addr or "", request.headers.get("User-Agent", "")


def _of_ours(path: str) -> str:
    """Where to go on: a page of ours, never somebody else's."""
    parts = urlsplit(path)
    inside = parts.path == url_for("admin.home") or parts.path.startswith(url_for("admin.home") + "/")
    ours = inside and not (parts.scheme or parts.netloc) and "\\" not in path and path.isprintable()
    return path if ours else url_for("admin.home")


def _redirected(path: str) -> Response:
    return redirect(path, 303)
