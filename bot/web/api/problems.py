"""What went wrong, told to programs as problem+json that names each field. Source: RFC 9457."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

from flask import Response, request
from pydantic import BaseModel, Field, ValidationError

from bot.campaigns import CampaignError
from bot.catalogue import NoShop
from bot.consent.outside import ConsentError
from bot.contacts import ContactError
from bot.inbox import InboxError
from bot.segments import BadName, BadRule, NotNow
from bot.shop import TABLES, InUse, NoSuch, ShopError
from dialogs.load import DialogError
from dialogs.load import Problem as Mistake

MOST_TOLD = 20  # errors of one request
CONTENT_TYPE = "application/problem+json"


class FieldError(BaseModel):
    """What is wrong with one field."""

    field: str = Field(description="Where it stands, such as `texts.fr` or `rule.any.0`; empty for the whole.")
    message: str


class ProblemOut(BaseModel):
    """What went wrong."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str = ""
    errors: list[FieldError] = []


class Problem(Exception):
    """The request is not done, and why."""

    def __init__(
        self, status: int, title: str, *, detail: str = "", errors: Iterable[tuple[str, str]] = (), **headers: str
    ) -> None:
        self.status, self.title, self.detail = status, title, detail
        self.errors = [FieldError(field=field, message=message) for field, message in islice(errors, MOST_TOLD)]
        self.headers: Mapping[str, str] = {name.replace("_", "-"): value for name, value in headers.items()}
        super().__init__(title)

    def response(self) -> Response:
        """The answer."""
        told = ProblemOut(title=self.title, status=self.status, detail=self.detail, errors=self.errors)
        answer = Response(told.model_dump_json(), status=self.status, content_type=CONTENT_TYPE)
        answer.headers.update(self.headers)
        return answer


def not_found(what: str) -> Problem:
    """There is no such thing."""
    return Problem(404, "Not found", detail=f"there is no {what}")


def wrong(*errors: tuple[str, str]) -> Problem:
    """These fields cannot be accepted, and why not."""
    return Problem(422, "A field is wrong", errors=errors)


def not_now(why: str, *errors: tuple[str, str]) -> Problem:
    """It cannot be done as things stand; `errors`: because of which fields, if it is because of some."""
    return Problem(409, "It cannot be done now", detail=why, errors=errors)


def invalid(error: ValidationError, within: str = "") -> Problem:
    """What does not fit the shape that is asked for."""
    return Problem(422, "A field is wrong", errors=_told(error, within))


REFUSALS = (CampaignError, BadRule, ContactError, InboxError, ConsentError, NoShop, ShopError, DialogError, NoSuch, InUse)
"""What the house itself refuses."""


def of_house(error: Exception, within: str = "") -> Problem:
    """One of the house's refusals, with its own words. `within`: the field of the body that was handed on."""
    match error:
        case NoShop():
            return Problem(409, "No shop is set up", detail=str(error))
        case NoSuch():
            return not_found(f"such {error}")
        case InUse():
            return not_now(str(error))
        case ShopError() | DialogError():
            return wrong(*map(_of_shop, error.problems))
        case ContactError() | InboxError():
            return wrong(*error.problems)
        case ConsentError():
            return wrong((error.field, error.why)) if error.field else not_now(error.why)
        case CampaignError() | BadRule():
            return _of_room(error, within)
        case ValidationError():
            return invalid(error, within)
    raise error


def _of_shop(one: Mistake) -> tuple[str, str]:
    """A dialog has lines. Words for every language have none in their path: `phrases.0`."""
    path = ".".join(filter(None, one.path.split(".")))
    return (path, one.message) if one.file == str(TABLES) else (path, f"{one.file}, line {one.line}: {one.message}")


def _of_room(error: CampaignError | BadRule, within: str) -> Problem:
    if isinstance(error, NotNow):
        because = [(one.path, one.message) for one in error.problems if one.path]
        return not_now("; ".join(one.message for one in error.problems), *because)
    if isinstance(error, BadRule):
        within = "" if isinstance(error, BadName) else within
        paths = [(".".join(filter(None, (within, one.path))), one.message) for one in error.problems]
        return Problem(422, "A field is wrong", errors=paths)
    status = 422 if any(one.field for one in error.problems) else 409
    return Problem(status, "A field is wrong" if status == 422 else "It cannot be done now", errors=error.problems)


def unexpected(status: int, allow: Iterable[str] | None = None) -> Response:
    """An answer for what no operation has said itself. `allow`: the methods that would have been right."""
    titles = {404: "Not found", 405: "Not allowed here", 413: "Too large", 503: "The database cannot be had"}
    title = titles.get(status, "It went wrong")
    answer = Problem(status, title, detail=f"{request.method} {request.path}").response()
    if allow:
        answer.headers["Allow"] = ", ".join(sorted(allow))
    return answer


def _told(error: ValidationError, within: str) -> Iterator[tuple[str, str]]:
    for one in islice(error.errors(include_url=False, include_context=False, include_input=False), MOST_TOLD):
        if one["type"] == "default_factory_not_called":
            continue  # it would follow from a field that is wrong itself
        yield ".".join(filter(None, (within, *map(str, one["loc"])))), one["msg"]
