"""Signing in and out, the link that lets somebody choose a password, and one's own account."""

from urllib.parse import urlsplit

from flask import current_app, redirect, request, session, url_for
from flask_babel import gettext
from itsdangerous import BadData, URLSafeTimedSerializer
from sqlalchemy import Connection
from werkzeug.wrappers import Response

from bot import alerts, staff
from bot.staff import Refused
from bot.web.admin.look import LANGUAGES, qr
from bot.web.admin.pages import ANYBODY, Visit, Wrong, go, page, show

SECRET_FOR = 900  # seconds that the secret of a second step waits for its first code


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
    _begin(visit, key)
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

    def choose(connection: Connection) -> str | None:
        now = visit.runtime.machine_now()
        chosen = staff.use_link(connection, shown, kept, visit.form.get("code", ""), now)
        if chosen is None:
            return None
        staff.audit(connection, staff.staff(chosen), "password.chosen", f"staff {chosen.id}", now)
        return staff.come_in(connection, chosen.id, *_from(), now)

    try:
        kept = _new_password(row.email, row.name)
        key = visit.change(choose)
    except Wrong as wrong:
        return show("link.html", 422, row=row, errors=wrong.errors)
    except Refused:
        return show("link.html", 422, row=row, errors={"code": _not_the_code()})
    if key is None:
        return show("link.html", 410, row=None)
    _begin(visit, key)
    return go("home")


@page("/begin/<shown>", role=ANYBODY, methods=("GET", "POST"))
def begin(visit: Visit, shown: str) -> object:
    """The first admin makes their own account, by the link that the web process printed."""
    with visit.read() as connection:
        if not staff.is_first(connection, visit.runtime, shown):
            return show("link.html", 410, row=None, first=True)
    if request.method == "GET":
        return show("begin.html")
    form = visit.form

    def made(connection: Connection) -> str | None:
        now = visit.runtime.machine_now()
        staff.alone(connection, "the first admin")
        if not staff.is_first(connection, visit.runtime, shown):
            return None
        staff_id = staff.create(connection, form.get("email", ""), form.get("name", ""), "admin", now)
        staff.set_password(connection, staff_id, kept)
        staff.audit(connection, staff.staff(staff.find(connection, staff_id)), "staff.first", f"staff {staff_id}", now)
        return staff.come_in(connection, staff_id, *_from(), now)

    try:
        kept = _new_password(form.get("email", ""), form.get("name", ""))
        key = visit.change(made)
    except Wrong as wrong:
        return show("begin.html", 422, form=form, errors=wrong.errors)
    if key is None:
        return show("link.html", 410, row=None, first=True)
    _begin(visit, key)
    return go("home")


@page("/account", role="viewer", methods=("GET",))
def account(visit: Visit) -> object:
    """One's own account."""
    return account_page(visit)


def account_page(visit: Visit, status: int = 200, **known: object) -> object:
    with visit.read() as connection:
        rows = staff.sessions(connection, visit.staff.id, visit.runtime.machine_now())
        told = alerts.choice(visit.runtime, connection, visit.staff.id)
    return show("account.html", status, sessions=rows, told=told, here=visit.session_id, **known)


@page("/account/details", role="viewer", methods=("POST",))
def change_details(visit: Visit) -> object:
    """One's own name and language."""
    language = visit.form.get("language", "")
    wanted = {"name": visit.form.get("name", ""), "language": language if language in LANGUAGES else None}

    def change(connection: Connection) -> None:
        before, after = staff.change(connection, visit.staff.id, **wanted)
        if before != after:
            visit.audit(connection, "staff.changed", f"staff {visit.staff.id}", before, after)

    try:
        visit.change(change)
    except Wrong as wrong:
        return account_page(visit, 422, errors=wrong.errors, form=visit.form)
    return go("account", say=gettext("Saved."))


@page("/account/password", role="viewer", methods=("POST",))
def change_password(visit: Visit) -> object:
    """A new password ends all other sessions. The old one is asked for, as often as at the door."""

    def change(connection: Connection) -> None:
        staff.set_password(connection, visit.staff.id, kept, keep_session=visit.session_id)
        visit.audit(connection, "password.changed", f"staff {visit.staff.id}")

    try:
        kept = _new_password(visit.staff.email, visit.staff.name)
        _prove(visit, "old")
        visit.change(change)
    except Wrong as wrong:
        return account_page(visit, 422, errors=wrong.errors)
    return go("account", say=gettext("Your password is changed. Everywhere else you are signed out."))


@page("/account/second-step", role="viewer", methods=("GET", "POST"))
def second_step(visit: Visit) -> object:
    """Add a second step, where there is none, by showing its first code. The secret travels in the form, signed, for a while."""
    if visit.staff.has_second_step:
        return go("account")
    if request.method == "GET":
        return _second_step(visit, staff.new_totp())
    try:
        key = _signer().loads(visit.form.get("secret", ""), max_age=SECRET_FOR)["key"]
    except (BadData, KeyError, TypeError):
        return _second_step(visit, staff.new_totp(), 422, {"code": gettext("That took too long: here is another one.")})
    step = staff.totp_step(key, visit.form.get("code", ""), visit.runtime.machine_now(), None)
    if step is None:
        return _second_step(visit, key, 422, {"code": _not_the_code()})

    def turn_on(connection: Connection) -> None:
        staff.set_totp(connection, visit.staff.id, key, step)
        visit.audit(connection, "second step.on", f"staff {visit.staff.id}")

    try:
        _prove(visit, "old")
        visit.change(turn_on)
    except Wrong as wrong:
        return _second_step(visit, key, 422, wrong.errors)
    return go("account", say=gettext("From now on a code is asked for, too."))


def _second_step(visit: Visit, key: str, status: int = 200, errors: dict[str, str] | None = None) -> object:
    picture = qr(staff.totp_address(key, visit.staff.email, "Parley"))
    sent = _signer().dumps({"key": key})
    return show("second_step.html", status, picture=picture, secret=key, sent=sent, errors=errors or {})


@page("/account/second-step/end", role="viewer", methods=("POST",))
def end_second_step(visit: Visit) -> object:
    """Without it from now on; the password is asked for."""

    def turn_off(connection: Connection) -> None:
        staff.set_totp(connection, visit.staff.id, None, None)
        visit.audit(connection, "second step.off", f"staff {visit.staff.id}")

    try:
        _prove(visit, "step-old")
        visit.change(turn_off)
    except Wrong as wrong:
        return account_page(visit, 422, errors=wrong.errors)
    return go("account", say=gettext("No code is asked for any more."))


@page("/account/sessions/<int:session_id>/end", role="viewer", methods=("POST",))
def end_session(visit: Visit, session_id: int) -> object:
    """Out elsewhere."""
    visit.change(lambda connection: staff.end_session(connection, visit.staff.id, session_id))
    return go("account", say=gettext("Signed out there."))


def _new_password(email: str, name: str) -> str:
    """The password of the form, typed twice, as it is kept. Raises Wrong."""
    password = request.form.get("password", "")
    if password != request.form.get("again", ""):
        raise Wrong({"again": gettext("The two are different.")})
    try:
        return staff.new_password(password, email, name)
    except staff.StaffError as error:
        raise Wrong({error.field: str(error)}) from None


def _prove(visit: Visit, name: str) -> None:
    """Is it still them? The password in that field of the form says so. Raises Wrong."""
    try:
        staff.prove(visit.runtime, visit.staff.email, request.form.get(name, ""), _from()[0])
    except Refused as refused:
        if refused.why == "often":
            raise Wrong({name: gettext("Too many tries. Wait a quarter of an hour, then try again.")}) from None
        raise Wrong({name: gettext("This is not your password.")}) from None


def _not_the_code() -> str:
    return str(gettext("This is not the code of this minute. Is the time right on your phone?"))


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.secret_key or "", salt="second step")


def _begin(visit: Visit, key: str) -> None:
    """A session of its own: nothing of the one before is kept, so nobody can have prepared it; it ends on our side, too."""
    if visit.staff:
        visit.change(lambda connection: staff.end_session(connection, visit.staff.id, visit.session_id or 0))
    session.clear()
    session["key"] = key
    session.permanent = True


def _from() -> tuple[str, str]:
    return request.remote_addr or "", request.headers.get("User-Agent", "")


def _of_ours(path: str) -> str:
    """Where to go on: a page of ours, never somebody else's."""
    try:
        parts = urlsplit(path)
    except ValueError:
        return url_for("admin.home")
    inside = parts.path == url_for("admin.home") or parts.path.startswith(url_for("admin.home") + "/")
    ours = inside and not (parts.scheme or parts.netloc) and "\\" not in path and path.isprintable()
    return path if ours else url_for("admin.home")


def _redirected(path: str) -> Response:
    return redirect(path, 303)
