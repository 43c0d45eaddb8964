"""What an operator's monitor asks: does the process answer, and is the house fit for work?"""

from flask import Blueprint, Response, current_app, jsonify
from sqlalchemy.exc import DBAPIError

from bot import schema
from bot.processes import QUEUES, alive, worker
from bot.runtime import Runtime

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def answers() -> Response:
    """The process answers; nothing else is touched."""
    return jsonify(status="ok")


@blueprint.get("/readyz")
def ready() -> tuple[Response, int]:
    """503 when the database or its schema is not as it should be; worker, clock and Redis are reported, still 200."""
    runtime: Runtime = current_app.config["PARLEY"]
    try:
        with runtime.read() as connection:
            up_to_date = schema.current(connection) == schema.newest()
            living = alive(connection, runtime.machine_now()) if up_to_date else []
    except DBAPIError:
        return jsonify(status="down", database="down"), 503
    if not up_to_date:
        return jsonify(status="down", database="up", schema="run: parley db upgrade"), 503
    lives = {"worker": set(map(worker, QUEUES)) <= set(living), "clock": "clock" in living}
    parts = {kind: "up" if there else "down" for kind, there in lives.items()}
    parts["redis"] = "off" if runtime.redis is None else "up" if runtime.redis_answers() else "down"
    degraded = "down" in parts.values()
    return jsonify(status="degraded" if degraded else "ok", database="up", schema="current", **parts), 200
