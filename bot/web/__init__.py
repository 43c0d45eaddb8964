"""The web doors: the carrier's webhooks, health, API, pages, pictures, the demo's phone. The only package that knows Flask."""

from typing import Any

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from bot import log, waste
from bot.runtime import Runtime, open_runtime
from bot.settings import load
from bot.web import admin, api, health, pages, phone, public, webhooks
from bot.web.api.rates import Rates

LARGEST_BODY = 64 * 1024  # bytes: a text with all its parameters is a few thousand


def make_app(runtime: Runtime | None = None) -> Flask:
    """The application on its runtime; without one, on the environment's settings."""
    if runtime is None:
        settings = load()
        log.setup(settings.log_level)
        runtime = open_runtime(settings)
        runtime.check_suppression_key()
        waste.search_rarely()
    app = Flask("bot.web", static_folder=None)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.config.update(MAX_CONTENT_LENGTH=LARGEST_BODY)
    app.register_blueprint(webhooks.blueprint)
    app.register_blueprint(health.blueprint)
    app.register_blueprint(pages.blueprint)
    app.register_blueprint(public.blueprint)
    api.open_api(app)
    admin.open_pages(app, runtime)
    if runtime.carrier.is_simulated:
        app.register_blueprint(phone.blueprint)
    app.register_error_handler(HTTPException, _refused)
    return move(app, runtime)


def move(app: Flask, runtime: Runtime) -> Flask:
    """The same application on another runtime, whose addresses, secrets and proxies are the same."""
    app.config.update(PARLEY=runtime, PARLEY_RATES=Rates(runtime))
    return app


def _refused(error: HTTPException) -> Any:
    """Errors in the language of who asked. Never text/plain: a carrier would text it to the customer."""
    if request.path.startswith("/webhooks/"):
        return webhooks.empty(error.code or 500)
    if request.path.startswith(api.PREFIX):
        return api.refused(error)
    if request.path.startswith(admin.PREFIX):
        return admin.refused(error)
    body = f"<!doctype html><title>{error.code}</title><p>{error.code} {error.name}</p>"
    return Response(body, status=error.code, content_type="text/html; charset=utf-8")
