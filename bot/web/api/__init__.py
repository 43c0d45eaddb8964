"""The programs' door, /api/v1: it translates and does nothing else.

  operations   token, scope, rate, body, transaction, answer      bodies, paging   what is read      problems   what went wrong
  keys         the same request twice                             openapi          the description   the others   a resource each
"""

from flask import Flask, Response, jsonify
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError
from werkzeug.exceptions import HTTPException
from werkzeug.routing import IntegerConverter

from bot.web.api import (
    campaigns,
    consent,
    contacts,
    dialogs,
    dossier,
    explain,
    keywords,
    messages,
    segments,
    sending,
    shop,
    texts,
)
from bot.web.api.bodies import DIGITS
from bot.web.api.openapi import document
from bot.web.api.operations import OPERATIONS, blueprint
from bot.web.api.problems import not_now, unexpected

__all__ = ["OPERATIONS", "PREFIX", "RESOURCES", "document", "open_api", "refused"]

RESOURCES = (campaigns, consent, contacts, dialogs, dossier, explain, keywords, messages, segments, sending, shop, texts)
"""Where the operations are declared: to import them is enough."""
PREFIX = "/api/"


class IdConverter(IntegerConverter):
    """An id as a database can hold it; a longer number is no address."""

    regex = DIGITS.pattern


def open_api(app: Flask) -> None:
    """Open the door."""
    app.url_map.converters["id"] = IdConverter
    app.register_blueprint(blueprint)


@blueprint.get("/openapi.json")
def openapi() -> Response:
    """The API's own description; anybody may read it."""
    return jsonify(document())


@blueprint.errorhandler(DBAPIError)
def _no_database(error: DBAPIError) -> Response:
    if isinstance(error, (OperationalError, InterfaceError)):
        return unexpected(503)
    if isinstance(error, IntegrityError):  # what it was about has gone, or come, at this very instant
        return not_now("something else was done to it at the same time: try again").response()
    raise error


@blueprint.errorhandler(HTTPException)
def refused(error: HTTPException) -> Response:
    """What Flask itself refuses."""
    return unexpected(error.code or 500, getattr(error, "valid_methods", None))


@blueprint.after_request
def _keep_nowhere(answer: Response) -> Response:
    answer.headers["Cache-Control"] = "no-store"  # it is about people
    return answer
