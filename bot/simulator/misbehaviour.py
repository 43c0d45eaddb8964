"""How the REST API answers, when it answers well and when a fault wants it to answer badly."""

import asyncio
import json
from typing import Any

from aiohttp import web

from bot.simulator.refusals import error

DRIP_FOR = 0.2
SLOW_FOR = 20.0


def refused(code: int, http: int | None = None) -> web.Response:
    status, body = error(code, http)
    return web.json_response(body, status=status)


def how(mode: str) -> tuple[bool, str]:
    """Whether a create mode takes the text, and how its answer goes wrong ("" = it does not)."""
    if mode == "ok" or mode.startswith("slow"):
        return True, ""
    return mode == "drip" or mode.startswith("accept_then_"), mode.removeprefix("accept_then_")


def seconds(mode: str) -> float:
    return float(mode.partition(":")[2] or SLOW_FOR)


async def misbehave(request: web.Request, mode: str, shown: dict[str, Any] | None = None) -> web.StreamResponse:
    """Answer as a fault says; `shown` is the text's JSON when it was taken."""
    kind, _, detail = mode.partition(":")
    match kind:
        case "429":
            return refused(20429)
        case "error":
            return refused(int(detail or 20500))
        case "502html":
            page = "<html><head><title>502 Bad Gateway</title></head><body>502 Bad Gateway</body></html>"
            return web.Response(text=page, content_type="text/html", status=502)
        case "rfc9457":
            problem = {"type": "about:blank", "title": "Bad Request", "status": 400, "code": 21000, "detail": "Refused"}
            return web.json_response(problem, status=400, content_type="application/problem+json")
        case "200empty":
            return web.json_response({})
        case "garbage200":
            return web.Response(text="<<<not json", content_type="application/json")
        case "drop":
            if request.transport:
                request.transport.close()
            return web.Response()
        case "slow":
            await asyncio.sleep(seconds(mode))
        case "drip":
            return await _drip(request, json.dumps(shown).encode())
    return web.json_response(shown, status=201)


async def _drip(request: web.Request, content: bytes) -> web.StreamResponse:
    """A good answer, byte by byte: it never pauses long enough for a limit on reading, only a total limit ends it."""
    response = web.StreamResponse(status=201, headers={"Content-Type": "application/json"})
    response.content_length = len(content)
    await response.prepare(request)
    for place in range(len(content)):
        try:
            await response.write(content[place : place + 1])
        except ConnectionError:
            break
        await asyncio.sleep(DRIP_FOR)
    return response
