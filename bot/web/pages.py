"""What all pages have in common: what they may load, and where it comes from. And the one that says what programs can do."""

from pathlib import Path

from flask import Blueprint, Response, current_app, send_from_directory
from werkzeug.wrappers import Response as AnyResponse

from bot.runtime import Runtime
from bot.web.api import docs

HERE = Path(__file__).parent
PACKAGES = HERE.parents[1] / "node_modules"
OF_OTHERS = {
    "pico.css": "@picocss/pico/css/pico.min.css",
    "htmx.js": "htmx.org/dist/htmx.min.js",
}
"""Files that are not ours: as pages call them, and where they lie."""
HEADERS = {
    # The data: pictures are the arrows and ticks inside Pico's own style sheet.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # a form that is sent says from which page
}
blueprint = Blueprint("pages", __name__)


@blueprint.get("/static/<name>")
def static(name: str) -> Response:
    """A file of ours, or one that they build on."""
    if name in OF_OTHERS:
        return send_from_directory(PACKAGES, OF_OTHERS[name], conditional=True)
    return send_from_directory(HERE / "static", name, conditional=True)


@blueprint.get("/api/docs")
def api() -> str:
    """What programs can do; anybody may read it."""
    runtime: Runtime = current_app.config["PARLEY"]
    return docs.page(runtime.settings.base_url)


@blueprint.after_request
def harmless(answer: AnyResponse) -> AnyResponse:
    """Pages run and load what is ours, and nothing else."""
    answer.headers.update(HEADERS)
    return answer
