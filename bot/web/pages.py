"""What all pages have in common: what they may load, and where it comes from. And the one that says what programs can do."""

from pathlib import Path

from flask import Blueprint, Response, current_app, send_from_directory

from bot.runtime import Runtime
from bot.web.api import docs

HERE = Path(__file__).parent
PACKAGES = HERE.parents[1] / "node_modules"
PICO = "@picocss/pico/css/pico.min.css"
HEADERS = {
    # The data: pictures are the arrows and ticks inside Pico's own style sheet.
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
blueprint = Blueprint("pages", __name__)


@blueprint.get("/static/<name>")
def static(name: str) -> Response:
    """A file of ours, or the style sheet that the others build on."""
    if name == "pico.css":
        return send_from_directory(PACKAGES, PICO, conditional=True)
    return send_from_directory(HERE / "static", name, conditional=True)


@blueprint.get("/api/docs")
def api() -> str:
    """What programs can do; anybody may read it."""
    runtime: Runtime = current_app.config["PARLEY"]
    return docs.page(runtime.settings.base_url)


@blueprint.after_request
def _harmless(answer: Response) -> Response:
    answer.headers.update(HEADERS)
    return answer
