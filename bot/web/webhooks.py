"""The carrier's door: inbound texts, the fallback address, delivery statuses. It translates and does nothing else.

A 2xx from here means durably recorded. Whatever goes wrong, the answer is TwiML: Twilio texts a text/plain answer to the
customer, keeps cookies, and takes a 429 for an error (Twilio docs, Messaging webhooks).
"""

import logging
from collections.abc import Callable
from typing import TypeVar

from flask import Blueprint, Response, current_app, request
from sqlalchemy.exc import DBAPIError
from werkzeug.exceptions import HTTPException

from bot import inbound, status, webhook_log
from bot.carriers import CONTENT_TYPE, Forbidden, Malformed, Reply, WebhookRequest
from bot.runtime import Runtime

log = logging.getLogger(__name__)
T = TypeVar("T")
blueprint = Blueprint("webhooks", __name__, url_prefix="/webhooks/twilio")


def empty(code: int = 200) -> Response:
    """A TwiML answer without words."""
    return Response('<?xml version="1.0" encoding="UTF-8"?><Response/>', status=code, content_type=CONTENT_TYPE)


@blueprint.post("/inbound")
def text_came() -> Response:
    """A text from a customer; the reply goes back in the answer."""
    return _receive(fallback=False)


@blueprint.post("/fallback")
def text_came_again() -> Response:
    """The same text, after the carrier's first fetch of our answer failed."""
    return _receive(fallback=True)


@blueprint.post("/status")
@blueprint.post("/status/<int:message_id>")
def status_came(message_id: int | None = None) -> Response:
    """What became of a message of ours; also the `action` of replies in an answer."""
    runtime = _runtime()
    call = signed_request()
    runtime.carrier.verify(call)
    report = runtime.carrier.read_status(call)
    _twice(lambda: status.append(runtime, report, message_id))
    return empty()


@blueprint.errorhandler(Forbidden)
def _forbidden(error: Forbidden) -> Response:
    log.warning("webhook refused: %s", error)
    _note(error)
    return empty(403)


@blueprint.errorhandler(Malformed)
def _malformed(error: Malformed) -> Response:
    log.warning("webhook not understood: %s", error)
    _note(error)
    return empty(400)


@blueprint.errorhandler(DBAPIError)
def _no_database(error: DBAPIError) -> Response:
    log.error("webhook not recorded: %s", type(error.orig).__name__)
    return empty(503)


@blueprint.errorhandler(Exception)
def _broken(error: Exception) -> Response:
    if isinstance(error, HTTPException):  # too large, say
        return empty(error.code or 500)
    log.error("webhook failed", exc_info=error)
    return empty(500)


def _note(error: Exception) -> None:
    path = str(request.url_rule).removeprefix("/webhooks/twilio/").partition("/")[0]
    webhook_log.refuse(_runtime(), path, str(error), request.remote_addr or "")


def signed_request() -> WebhookRequest:
    """The request as it came over the wire: signatures are over the raw path and query, not over what Flask makes of them."""
    raw = request.environ.get("RAW_URI") or request.environ.get("REQUEST_URI") or request.full_path.rstrip("?")
    if not raw.startswith("/"):  # absolute form, as proxies may send it
        raw = "/" + raw.split("://", 1)[-1].partition("/")[2]
    path, _, query = raw.partition("?")
    return WebhookRequest(
        path=path,
        query=query,
        form=list(request.form.items(multi=True)),
        signature=request.headers.get("X-Twilio-Signature"),
        content_type=request.content_type or "",
        settings_header=request.headers.get("X-Twilio-Webhooks-Signature-Settings"),
    )


def _receive(*, fallback: bool) -> Response:
    runtime = _runtime()
    call = signed_request()
    runtime.carrier.verify(call)
    text = runtime.carrier.read_inbound(call)
    reply: Reply | None = _twice(lambda: inbound.receive(runtime, text, fallback=fallback))
    log.info("text %s: %s", text.sid, "answered" if reply else "recorded")
    return Response(runtime.carrier.answer(reply), content_type=CONTENT_TYPE)


def _twice(record: Callable[[], T]) -> T:
    """A pooled connection may have died with the database's restart: then once more, on a new one. Recording is idempotent."""
    try:
        return record()
    except DBAPIError as error:
        if not error.connection_invalidated:
            raise
        return record()


def _runtime() -> Runtime:
    runtime: Runtime = current_app.config["PARLEY"]
    return runtime
