"""What every page goes through: who asks, may they, and what each gets in hand. A page without a role is open to nobody."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar
from urllib.parse import quote
from zoneinfo import ZoneInfo

from flask import Blueprint, current_app, g, redirect, render_template, request, session, url_for
from flask_babel import gettext
from flask_wtf.csrf import CSRFProtect
from pydantic import BaseModel, ValidationError
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from werkzeug.exceptions import Forbidden, HTTPException, NotFound, RequestEntityTooLarge
from werkzeug.wrappers import Response

from bot import shop, staff
from bot.catalogue import NoShop
from bot.runtime import Runtime
from bot.web.admin.mistakes import in_their_words
from bot.web.api.bodies import DIGITS, MAX_ID, can_be_kept
from bot.web.api.problems import REFUSALS, invalid, of_house
from bot.web.pages import harmless

Found = TypeVar("Found")
Shape = TypeVar("Shape", bound=BaseModel)
Do = TypeVar("Do", bound=Callable[..., Any])
ANYBODY = "anybody"  # the role of pages that let people in

FORMS = CSRFProtect()
PREFIX = "/admin"
blueprint = Blueprint("admin", __name__, url_prefix=PREFIX)


@dataclass(frozen=True, slots=True)
class Page:
    """One page: where it is, and who may see it or send its form."""

    path: str
    role: str
    methods: tuple[str, ...]
    do: Callable[..., Any]
    largest: int | None = None  # bytes of what is sent to it, where that is a file
    too_large: Callable[[], Any] | None = None  # what it says to more


PAGES: dict[str, Page] = {}
"""By the name of their endpoint."""


class Wrong(Exception):
    """A form cannot be accepted: what is wrong with which field, "" for the whole. Nothing was changed."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {message}" for name, message in errors.items()))
        self.errors = dict(errors)


def mark(said: Any) -> str:
    """Of plain data that a form shows, to see whether it is still so when the form comes back."""
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:16]


@dataclass(slots=True)
class Visit:
    """One request as a page sees it."""

    runtime: Runtime
    staff: Any  # None on a page for anybody
    session_id: int | None = None
    form: Mapping[str, str] = field(default_factory=dict)
    many: Callable[[str], list[str]] = lambda _: []  # all values of a field of the form
    verbatim: Callable[[str], str] = lambda _: ""  # one value with the blanks around it
    query: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, Any] = field(default_factory=dict)
    overwrites: str = ""  # the mark of what somebody else has kept meanwhile

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Look: nothing that a GET does can change anything."""
        with self.runtime.read() as connection:
            yield connection

    def change(self, do: Callable[[Connection], Found], within: str = "") -> Found:
        """Do it in one transaction. What the house refuses is told beside its field: raises Wrong. `within`: see `of_house`."""

        def done() -> Found:
            with self.runtime.begin() as connection:
                return do(connection)

        try:
            return shop.holding(done)
        except staff.StaffError as error:
            raise Wrong({error.field: str(error)}) from None
        except (*REFUSALS, ValidationError) as error:
            raise Wrong(told(error, within)) from None

    def audit(self, connection: Connection, did: str, about: str, before: Any = None, after: Any = None) -> None:
        """Write down that they did it, in the transaction that does."""
        staff.audit(connection, self.staff, did, about, self.runtime.machine_now(), before, after)

    def still(self, kept: Any) -> None:
        """What the form showed is what is kept by now: nobody overwrites unseen what somebody else has just changed.

        Raises Wrong. The form shows it as `was`.
        """
        if self.form.get("was", mark(kept)) != mark(kept):
            self.overwrites = mark(kept)
            raise Wrong({"": gettext("Somebody has changed it meanwhile: look at theirs. Sent once more, yours stands instead.")})

    def was(self, kept: Any) -> str:
        """The mark of what a form is about, for `still`: as it came, or of what is kept now, of which they have been told."""
        return self.overwrites or self.form.get("was") or mark(kept)

    def file(self, name: str) -> tuple[str, bytes]:
        """A file of the form: what its owner calls it, and what is in it; both empty if none was chosen."""
        sent = self.files.get(name)
        return (_clean(sent.filename or ""), sent.read()) if sent else ("", b"")

    def number(self, name: str) -> int | None:
        """A whole number in the address, if one stands there that a database can hold."""
        return whole(self.query.get(name, ""))

    def now(self, connection: Connection) -> datetime:
        """Business time."""
        return self.runtime.now(connection)


def by_language(form: Mapping[str, str], field: str) -> dict[str, str]:
    """What was typed into `field.fr`, `field.en` and, for every language, `field`."""
    return {name.removeprefix(field).removeprefix("."): typed
            for name, typed in form.items() if name.partition(".")[0] == field}  # fmt: skip


def whole(written: str) -> int | None:
    """A whole number that a database can hold, if that is what stands there."""
    return int(written) if DIGITS.fullmatch(written) else None


def instant_of(written: str, zone: str, field: str) -> datetime:
    """A day and an hour as a form says them, in a zone; of an hour that comes twice, the later one. Raises Wrong."""
    try:
        at = datetime.strptime(written, "%Y-%m-%dT%H:%M").replace(tzinfo=ZoneInfo(zone), fold=1)  # the zone is given
        there = at.astimezone(UTC).astimezone(at.tzinfo)
    except (ValueError, OverflowError):
        raise Wrong({field: gettext("Write a day and an hour.")}) from None
    if there.replace(tzinfo=None) != at.replace(tzinfo=None):
        raise Wrong({field: gettext("There is no such hour on that day: the clock goes forward.")})
    return at


def told(error: Exception, within: str = "") -> dict[str, str]:
    """A refusal of the house by field, in the words of who reads; a second one of a field is told with the first."""
    problem = of_house(error, within)
    found: dict[str, str] = {}
    for one in problem.errors:
        message = in_their_words(one.message)
        found[one.field] = f"{found[one.field]} {message}" if one.field in found else message
    return found or {"": in_their_words(problem.detail or problem.title)}


def shaped(model: type[Shape], given: Mapping[str, Any]) -> Shape:
    """What a form says, in the shape that the API takes. Raises Wrong."""
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise Wrong({one.field: in_their_words(one.message) for one in invalid(error).errors}) from None


def page(
    path: str, *, role: str, methods: tuple[str, ...] = ("GET",), largest: int | None = None,
    too_large: Callable[[], Any] | None = None,
) -> Callable[[Do], Do]:  # fmt: skip
    """Declare a page: the function gets a Visit and what stands in the path, and returns what `show` or `go` give."""
    assert role == ANYBODY or role in staff.ROLES, role

    def declare(do: Do) -> Do:
        name = do.__name__
        PAGES[name] = Page(path, role, methods, do, largest, too_large)
        blueprint.add_url_rule(path, name, partial(_serve, PAGES[name]), methods=list(methods))
        return do

    return declare


def show(template: str, status: int = 200, **known: Any) -> tuple[str, int]:
    """A page, drawn. `errors`: what is wrong with which field of its form, as the house says it."""
    errors = {name: in_their_words(message) for name, message in known.pop("errors", {}).items()}
    return render_template(f"admin/{template}", errors=errors, **known), status


def go(name: str, /, *, say: str | None = None, **path: Any) -> Response:
    """Go on to another page of ours, which says that it is done."""
    if say is not None:
        session["said"] = say
    return redirect(url_for(f"admin.{name}", **path), 303)


@blueprint.before_request
def _may_they() -> Any:
    """What is no page of the list is nobody's; nobody else's page can send one of our forms. Raises HTTPException."""
    page = PAGES.get((request.endpoint or "").removeprefix("admin."))
    if page is None:
        raise Forbidden
    who = meet()
    if page.role != ANYBODY and who is None:
        return _to_the_door()
    if who is not None and page.largest and who[0].may(page.role):
        request.max_content_length = request.max_form_memory_size = page.largest
    if who is None or request.endpoint != "admin.sign_in":  # the door leads on whoever is in, from however old a form
        try:
            FORMS.protect()
        except RequestEntityTooLarge:
            if page.too_large is None or request.max_content_length != page.largest:
                raise
            return page.too_large()  # nothing of it was read
    if page.role != ANYBODY and who is not None and not who[0].may(page.role):
        raise Forbidden
    return None


def meet() -> tuple[Any, int] | None:
    """Who is there, by what their browser shows, and the id of their session; found once for each request."""
    if "who" not in g:
        runtime: Runtime = current_app.config["PARLEY"]
        # A page that was left open asks for news by itself: nobody was seen.
        asks_itself = "Asks-Itself" in request.headers or request.endpoint == "admin.live"
        g.who = staff.let_in(runtime, session["key"], noted=not asks_itself) if "key" in session else None
        g.staff = g.who[0] if g.who else None
    found: tuple[Any, int] | None = g.who
    return found


def for_their_eyes(answer: Response) -> Response:
    """Pages are about people: nobody keeps a copy of one on the way, and none runs or loads what is not ours."""
    if request.path.startswith(PREFIX):
        answer.headers.setdefault("Cache-Control", "no-store")
        harmless(answer)
    return answer


def _serve(page: Page, **path: Any) -> Any:
    if not all(named <= MAX_ID if isinstance(named, int) else can_be_kept(named) for named in path.values()):
        raise NotFound
    runtime, who = current_app.config["PARLEY"], meet()
    form, query, session_id = _kept(request.form), _kept(request.args), who[1] if who else None
    visit = Visit(runtime, g.staff, session_id, form, _all_of, _verbatim, query, request.files)
    return page.do(visit, **path)


def _kept(given: Any) -> dict[str, str]:
    """Fields as a database can hold them: without letters that none can have, lines that end in one way, blanks around gone."""
    return {name: _clean(value) for name, value in given.items() if can_be_kept(name)}


def _all_of(name: str) -> list[str]:
    return [_clean(value) for value in request.form.getlist(name)]


def _verbatim(name: str) -> str:
    return _letters(request.form.get(name, ""))


def _clean(value: str) -> str:
    return _letters(value).strip()


def _letters(value: str) -> str:
    kept = value if can_be_kept(value) else "".join(filter(can_be_kept, value))
    return kept.replace("\r\n", "\n")


def _to_the_door() -> Response:
    """Sign in first, then come back here: the path is ours, nobody else's."""
    session.pop("key", None)
    if "HX-Request" in request.headers:
        return Response(status=401)  # a part of a page: the door does not belong into it
    back = f"?next={quote(request.full_path.rstrip('?'))}" if request.method == "GET" else ""
    return redirect(url_for("admin.sign_in") + back, 303)


@blueprint.errorhandler(NoShop)
def _nothing_yet(_: NoShop) -> Response:
    """The first page says how a shop is set up."""
    return go("home")


@blueprint.errorhandler(HTTPException)
def refused(error: HTTPException) -> tuple[str, int]:
    """In words, to whoever is there; 400: the form is not of a page of ours, or it was open for too long."""
    code = error.code or 500
    if code >= 500:
        g.staff = None  # to know who it is would need the database
    else:
        meet()
    return show("error.html", code, code=code)


@blueprint.errorhandler(DBAPIError)
def _no_database(error: DBAPIError) -> tuple[str, int]:
    if isinstance(error, (OperationalError, InterfaceError)):
        g.zone, g.staff = "UTC", None
        return show("error.html", 503, code=503)
    raise error
