"""The page with two handsets on which one plays the customer. Everything it shows comes from the control API."""

import json
from html import escape
from pathlib import Path
from string import Template

from aiohttp import web

STATIC = Path(__file__).parent / "static"
PICO = Path(__file__).parents[2] / "node_modules/@picocss/pico/css/pico.min.css"
LANGUAGES = ("en", "fr")
TYPES = {".js": "text/javascript", ".css": "text/css", ".json": "application/json", ".svg": "image/svg+xml"}
HEADERS = {
    # The data: pictures are the arrows and ticks inside Pico's own style sheet.
    "Content-Security-Policy": "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


def routes() -> list[web.RouteDef]:
    return [web.get("/", to_phone), web.get("/phone", phone), web.get("/static/{name}", static)]


async def to_phone(request: web.Request) -> web.Response:
    raise web.HTTPFound("/phone")


async def phone(request: web.Request) -> web.Response:
    """The page, in the language asked for by ?lang= or else by the browser."""
    language = request.query.get("lang", "")
    if language not in LANGUAGES:
        language = preferred(request.headers.get("Accept-Language", ""))
    words = json.loads((STATIC / f"words.{language}.json").read_text(encoding="utf-8"))
    page = Template((STATIC / "phone.html").read_text(encoding="utf-8"))
    html = page.substitute({name: escape(word) for name, word in words.items()}, lang=language)
    return web.Response(text=html, content_type="text/html", headers=HEADERS | {"Vary": "Accept-Language"})


async def static(request: web.Request) -> web.Response:
    name = request.match_info["name"]
    if name == "pico.css":
        # Without the front-end packages the page is plain, and works.
        style = PICO.read_text(encoding="utf-8") if PICO.exists() else ""
        return web.Response(text=style, content_type="text/css", headers=HEADERS)
    path = STATIC / name
    if path.parent != STATIC or path.suffix not in TYPES or not path.is_file():
        raise web.HTTPNotFound
    return web.Response(body=path.read_bytes(), content_type=TYPES[path.suffix], charset="utf-8", headers=HEADERS)


def preferred(accepted: str) -> str:
    """The first of our languages that a browser names; browsers name the best first."""
    named = (entry.strip()[:2].lower() for entry in accepted.split(","))
    return next((language for language in named if language in LANGUAGES), LANGUAGES[0])
