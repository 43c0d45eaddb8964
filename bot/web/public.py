"""Pictures at their public address: the carrier fetches them there, without signing in, and so may every phone."""

from typing import Any

from flask import Blueprint, Response, current_app, request
from sqlalchemy.exc import DBAPIError
from werkzeug.exceptions import NotFound

from bot import files, pictures
from bot.runtime import Runtime
from bot.web.api.bodies import MAX_ID
from bot.web.turns import Turns

blueprint = Blueprint("public", __name__)
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
TURNS = Turns(2)  # who reads slowly must not keep webhooks waiting
RETRY_AFTER = 2  # seconds



@blueprint.get("/f/<int:file_id>/<signature>.<extension>")
def picture(file_id: int, signature: str, extension: str) -> Response:
    """A picture of the shop. Whatever is not exactly an address that we gave away is no page."""
    runtime: Runtime = current_app.config["PARLEY"]
    if file_id > MAX_ID or not pictures.of_address(runtime, file_id, signature):
        raise NotFound
    with runtime.read() as connection:
        row = pictures.find(connection, file_id)
    if row is None or pictures.EXTENSIONS[row.type] != extension:
        raise NotFound
    if not TURNS.take(runtime):
        return Response(status=503, headers={"Retry-After": str(RETRY_AFTER), "Cache-Control": "no-store"})
    try:
        answer = of_file(runtime, row)
        answer.headers.update(HEADERS | {"Cache-Control": "public, max-age=3600"})
        answer.call_on_close(TURNS.give_back)
    except BaseException:
        TURNS.give_back()
        raise
    return answer


@blueprint.errorhandler(DBAPIError)
def _no_database(_: DBAPIError) -> Response:
    return Response(status=503)


def of_file(runtime: Runtime, row: Any) -> Response:
    """A picture as browsers and carriers take it: its type is the one that its bytes told us, and nobody guesses another."""
    answer = Response(files.read(runtime, row), content_type=row.type)
    answer.content_length = row.size
    answer.headers["Content-Disposition"] = f"inline; filename=picture.{pictures.EXTENSIONS[row.type]}"
    answer.set_etag(row.digest)
    answer.make_conditional(request)
    return answer
