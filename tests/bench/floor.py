"""The least that a webhook can do: check the signature, one durable INSERT, a static answer. The measure of all others."""

import os

from flask import Flask, Response, request
from sqlalchemy import Column, MetaData, String, Table, bindparam
from twilio.request_validator import RequestValidator

from bot.runtime import open_engine
from models import insert

TWIML = '<?xml version="1.0" encoding="UTF-8"?><Response><Message>ok</Message></Response>'
TABLE = Table("floor", MetaData(), Column("sid", String, primary_key=True), Column("body", String))


def create_app() -> Flask:
    """Reads DATABASE_URL, BASE_URL and TWILIO_AUTH_TOKEN. Its table is there already."""
    app = Flask("floor")
    engine = open_engine(os.environ["DATABASE_URL"])
    validator, base = RequestValidator(os.environ["TWILIO_AUTH_TOKEN"]), os.environ["BASE_URL"]
    add = insert(TABLE).values(sid=bindparam("sid"), body=bindparam("body")).on_conflict_do_nothing()

    @app.post("/webhooks/twilio/inbound")
    def inbound() -> Response:
        form = request.form
        if not validator.validate(base + request.environ["RAW_URI"], form, request.headers["X-Twilio-Signature"]):
            return Response(status=403)
        with engine.begin() as connection:
            connection.execute(add, {"sid": form["MessageSid"], "body": form["Body"]})
        return Response(TWIML, content_type="text/xml")

    return app
