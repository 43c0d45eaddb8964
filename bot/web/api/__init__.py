"""The programs' door, /api/v1: it translates and does nothing else.

  operations   token, scope, rate, body, transaction, answer      bodies, paging   what is read      problems   what went wrong
  keys         the same request twice                             openapi          the description   the others   a resource each
"""

from flask import Flask, Response, jsonify
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from werkzeug.exceptions import HTTPException

from bot.runtime import Runtime
from bot.web.api import campaigns, contacts, explain, segments, texts
from bot.web.api.openapi import document
from bot.web.api.operations import OPERATIONS, blueprint
from bot.web.api.problems import unexpected
from bot.web.api.rates import Rates

__all__ = ["OPERATIONS", "PREFIX", "campaigns", "contacts", "document", "explain", "open_api", "segments", "texts", "unexpected"]

PREFIX = "/api/"


def open_api(app: Flask, runtime: Runtime) -> None:
    """Open the door."""
    app.config["PARLEY_RATES"] = Rates(runtime)
    app.register_blueprint(blueprint)


@blueprint.get("/openapi.json")
def openapi() -> Response:
    """The API's own description; anybody may read it."""
    return jsonify(document())


@blueprint.errorhandler(DBAPIError)
def _no_database(error: DBAPIError) -> Response:
    if not isinstance(error, (OperationalError, InterfaceError)):
        raise error
    return unexpected(503)


@blueprint.errorhandler(HTTPException)
def _refused(error: HTTPException) -> Response:
    return unexpected(error.code or 500)
