"""The demo's phone: the way to the simulated carrier's page, and the jump of business time. Absent on a real carrier."""

from flask import Blueprint, Response, current_app, jsonify, redirect, request
from sqlalchemy import update
from werkzeug.wrappers import Response as AnyResponse

from bot.carriers import Forbidden
from bot.runtime import Runtime
from bot.web.webhooks import signed_request
from models import Clock, insert

blueprint = Blueprint("phone", __name__)
LONGEST_JUMP = 366 * 24 * 3600  # seconds


@blueprint.get("/phone")
def page() -> AnyResponse:
    """The phone's page is the simulated carrier's own."""
    runtime: Runtime = current_app.config["PARLEY"]
    return redirect(f"{runtime.settings.twilio_api_base}/phone", 302)


@blueprint.post("/phone/clock")
def jump() -> Response | tuple[Response, int]:
    """Move business time forward by `seconds` (0 only asks for it); signed by the carrier like its webhooks."""
    runtime: Runtime = current_app.config["PARLEY"]
    try:
        runtime.carrier.verify(signed_request())
    except Forbidden:
        return jsonify(error="not signed by the simulated carrier"), 403
    asked = request.form.get("seconds", "")
    if not (asked.isascii() and asked.isdigit() and int(asked) <= LONGEST_JUMP):
        return jsonify(error=f"seconds must be a whole number from 0 to {LONGEST_JUMP}"), 400
    with runtime.begin() as connection:
        connection.execute(insert(Clock).values(id=1, ahead_for=0).on_conflict_do_nothing())
        connection.execute(update(Clock).values(ahead_for=Clock.ahead_for + int(asked)))
        return jsonify(now=runtime.now(connection).isoformat())
