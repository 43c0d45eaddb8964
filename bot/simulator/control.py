"""What tests and the phone page ask of the carrier: type a text, look at a phone, read the journal, make things fail.

JSON in and out, for this machine only: a page of another site that finds the port gets nothing.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from bot.simulator.carrier import CARRIER, Carrier
from bot.simulator.inbound import Typed, hear, hear_later
from bot.simulator.parts import measure, utf16_units

HERE = frozenset({"127.0.0.1", "localhost", "::1"})
KEEP_ALIVE_FOR = 15.0
PIECE = 500


class Wrong(Exception):
    """The request cannot be understood; the text says why."""


def routes() -> list[web.RouteDef]:
    return [
        web.post("/control/text", _json(text)),
        web.post("/control/measure", _json(measured)),
        web.post("/control/faults", _json(faults)),
        web.post("/control/reset", _json(reset)),
        web.post("/control/clock", _json(clock)),
        web.get("/control/handsets/{number}", handset),
        web.get("/control/media/{sid}/{place}", media),
        web.get("/control/journal", journal),
        web.get("/control/counts", counts),
        web.get("/control/senders", senders),
        web.get("/control/events", events),
    ]


@web.middleware
async def only_here(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Refuse other sites' pages, also those whose name was made to point to this machine."""
    if not request.path.startswith("/control/"):
        return await handler(request)
    origin = request.headers.get("Origin")
    if urlsplit(f"//{request.host}").hostname not in HERE or (origin and urlsplit(origin).netloc != request.host):
        return web.json_response({"error": "for this machine only"}, status=403)
    if request.method == "POST" and request.content_type != "application/json":
        return web.json_response({"error": "JSON, please"}, status=415)
    response = await handler(request)
    # Who has been answered finds in the file what the answer tells of.
    request.app[CARRIER].journal.save()
    return response


def _json(
    answer: Callable[[Carrier, dict[str, Any]], Awaitable[Any]],
) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        try:
            given = await request.json() if request.can_read_body else {}
            if not isinstance(given, dict):
                raise Wrong("an object, please")
            return web.json_response(await answer(request.app[CARRIER], given))
        except (Wrong, ValueError, TypeError, KeyError) as wrong:
            return web.json_response({"error": str(wrong)}, status=400)

    return handle


async def text(carrier: Carrier, given: dict[str, Any]) -> Any:
    """Type a text on a handset; {"sid", "attempts": each try of a webhook}, or at once with "wait": false."""
    sender = carrier.config.sender(given.pop("to"))
    if sender is None:
        raise Wrong("to: not one of the senders")
    wait = given.pop("wait", True)
    typed = Typed(given.pop("from"), given.pop("body", ""), **given)
    if not wait:
        return {"sid": hear_later(carrier, sender, typed).sid, "attempts": []}
    message, attempts = await hear(carrier, sender, typed)
    return {"sid": message.sid, "attempts": [attempt.as_json() for attempt in attempts]}


async def measured(carrier: Carrier, given: dict[str, Any]) -> Any:
    size = measure(given["body"])
    return {"encoding": size.encoding, "parts": size.parts, "units": utf16_units(given["body"])}


async def faults(carrier: Carrier, given: dict[str, Any]) -> Any:
    carrier.faults.merge(given)
    return {**carrier.faults.everywhere, "numbers": carrier.faults.numbers}


async def reset(carrier: Carrier, given: dict[str, Any]) -> Any:
    await carrier.reset()
    return {}


async def clock(carrier: Carrier, given: dict[str, Any]) -> Any:
    """Let the shop's time jump ahead (0 asks what time it is there): {"now": …}, or {"error": …} as the shop put it."""
    if not carrier.config.clock_url:
        raise Wrong("this shop's clock cannot be moved")
    form = [("seconds", str(int(given["seconds"])))]
    answer = (await carrier.webhooks.call(carrier.config.clock_url, form, retries=0))[-1]
    try:
        said = json.loads(answer.body)
        now = datetime.fromisoformat(said["now"])
    except (ValueError, KeyError, TypeError):
        return {"error": _complaint(answer.body, answer.status)}
    carrier.business_offset = now - datetime.now(UTC)
    return {"now": said["now"]}


def _complaint(body: str, status: int | None) -> str:
    """What the shop said against it, in its own words where it has some."""
    try:
        said = json.loads(body)
        return str(said.get("error") or said.get("detail") or said.get("title") or said)
    except (ValueError, AttributeError):
        return "the shop does not answer" if status is None else f"the shop answered {status}"


async def handset(request: web.Request) -> web.Response:
    texts = request.app[CARRIER].handsets.texts(request.match_info["number"], _after(request))
    return web.json_response({"texts": texts})


async def media(request: web.Request) -> web.Response:
    """A picture of a text, as the phone shows it; 204 where there is none to be had."""
    carrier, place = request.app[CARRIER], request.match_info["place"]
    message = carrier.messages.by_sid.get(request.match_info["sid"])
    if message is None or not place.isdecimal():
        return web.Response(status=204)
    found = await carrier.pictures.shown(carrier.webhooks.addresses, message, int(place))
    if found is None:
        return web.Response(status=204)
    return web.Response(body=found.content, content_type=found.type, headers={"Cache-Control": "max-age=3600"})


async def journal(request: web.Request) -> web.StreamResponse:
    """The journal's lines, or those of the events named by ?event=: piece by piece, so that no call waits for it."""
    lines = request.app[CARRIER].journal.lines(_after(request), request.query.getall("event", []))
    response = web.StreamResponse(headers={"Content-Type": "application/json; charset=utf-8"})
    await response.prepare(request)
    await response.write(b'{"events": [')
    for begin in range(0, len(lines), PIECE):
        piece = ", ".join(lines[begin : begin + PIECE])
        await response.write(f"{', ' if begin else ''}{piece}".encode())
        await asyncio.sleep(0)
    await response.write(b"]}")
    return response


async def counts(request: web.Request) -> web.Response:
    """How many lines of each event the journal has: quick, however long it is."""
    return web.json_response(request.app[CARRIER].journal.counts)


async def senders(request: web.Request) -> web.Response:
    """Whom one can text, from which phones, and whether time can jump: what the phone page needs to begin."""
    config = request.app[CARRIER].config
    shown = [
        {"number": s.number, "name": s.name, "country": s.country, "opt_out": s.opt_out, "hint": list(s.hint)}
        for s in config.senders
    ]
    phones = [{"number": h.number, "name": h.name, "country": h.country} for h in config.handsets]
    return web.json_response({"senders": shown, "handsets": phones, "clock": bool(config.clock_url)})


async def events(request: web.Request) -> web.StreamResponse:
    """Server-sent events: {"handset", "text"} for each text that comes on a phone or whose status changes."""
    watcher: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    watchers = request.app[CARRIER].handsets.watchers
    watchers.add(watcher)
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-cache"})
    try:
        await response.prepare(request)
        await response.write(b": open\n\n")
        while True:
            try:
                event = await asyncio.wait_for(watcher.get(), KEEP_ALIVE_FOR)
                await response.write(f"data: {json.dumps(event, ensure_ascii=False)}\n\n".encode())
            except TimeoutError:
                await response.write(b": still here\n\n")
    except ConnectionError:
        return response
    finally:
        watchers.discard(watcher)


def _after(request: web.Request) -> int:
    after = request.query.get("after", "0")
    return int(after) if after.isdigit() else 0
