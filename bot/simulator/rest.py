"""The part of Twilio's REST API that concerns messages: all that is done with them, their pictures, and the list of our numbers.

Source: Twilio docs, "Messages resource" and "IncomingPhoneNumbers resource". The official client libraries work with it once
scheme and host are replaced.
"""

import asyncio
import base64
import math
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import cache
from typing import Any
from urllib.parse import parse_qs

from aiohttp import web

from bot.simulator import sending
from bot.simulator.carrier import CARRIER, Carrier
from bot.simulator.inbound import Typed, interject
from bot.simulator.journal import instant
from bot.simulator.listing import page
from bot.simulator.messages import API, Message
from bot.simulator.misbehaviour import how, misbehave, refused, seconds
from bot.simulator.receipts import post
from bot.simulator.refusals import BAD_SEND_AT, refusal

Handler = Callable[[Carrier, web.Request], Awaitable[web.StreamResponse]]
THROTTLE_WINDOW_FOR = 1.0
STOP_WAITS_FOR = 1.0


def routes() -> list[web.RouteDef]:
    many = f"{API}/Accounts/{{account}}/Messages.json"
    one = f"{API}/Accounts/{{account}}/Messages/{{sid}}.json"
    media = f"{API}/Accounts/{{account}}/Messages/{{sid}}/Media/{{media}}"
    return [
        web.get(media, _door(picture)),
        web.get(f"{API}/Accounts/{{account}}/IncomingPhoneNumbers.json", _door(numbers)),
        web.post(many, _door(create)),
        web.get(many, _door(list_)),
        web.get(one, _door(fetch)),
        web.post(one, _door(update)),
        web.delete(one, _door(delete)),
    ]


def _door(handler: Handler) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Who calls, and how many at once; then the call itself."""

    async def enter(request: web.Request) -> web.StreamResponse:
        carrier = request.app[CARRIER]
        carrier.calls_now += 1
        try:
            response = await handler(carrier, request) if _is_known(carrier, request) else refused(20003)
            if not response.prepared:
                response.headers["Twilio-Concurrent-Requests"] = str(carrier.calls_now)
            return response
        finally:
            carrier.calls_now -= 1

    return enter


def _is_known(carrier: Carrier, request: web.Request) -> bool:
    config = carrier.config
    allowed = _basic(config.account_sid, config.auth_token)
    return request.headers.get("Authorization") == allowed and request.match_info["account"] == config.account_sid


@cache
def _basic(account: str, token: str) -> str:
    return "Basic " + base64.b64encode(f"{account}:{token}".encode()).decode()


async def create(carrier: Carrier, request: web.Request) -> web.StreamResponse:
    """Take a text, unless a fault or a rule speaks against it.

    1. wait as long as the faults say
    2. a fault that keeps the text out answers
    3. the rules and the throttle; then a fault may let the handset text STOP
    4. the text is taken, though its caller may have gone; perhaps its statuses are told first
    5. the answer, as the fault wants it
    """
    began = _began(carrier)
    message, misread = _asked(carrier, parse_qs((await request.read()).decode("utf-8", "replace")))
    ends = message.to, message.from_ or message.service_sid
    latency = carrier.faults.wait_for("latency_ms", *ends)
    if latency:
        await asyncio.sleep(latency)
    mode = carrier.faults.pick("create", *ends)
    takes, ending = how(mode)
    if not takes:
        sending.keep_out(carrier, message, mode, **began)
        return await misbehave(request, ending)
    if mode.startswith("slow"):
        await asyncio.sleep(seconds(mode))
    code = misread or refusal(carrier, message) or _throttled(carrier, message)
    if code:
        sending.refuse(carrier, message, code, **began)
        return refused(code)
    if carrier.faults.get("stop_before_accept", *ends):
        await _let_stop(carrier, message)
    telling = sending.accept(carrier, message, **began)
    shown = message.as_twilio()
    if telling and carrier.faults.get("receipt_before_answer", *ends):
        await telling
    return await misbehave(request, ending, shown) if ending else web.json_response(shown, status=201)


def _began(carrier: Carrier) -> dict[str, Any]:
    """When a call came, for the journal: now, or up to `lag_ms` earlier where we ourselves are late."""
    lag_ms = math.ceil(carrier.pulse.lag() * 1_000_000) / 1000
    return {"began_at": instant(datetime.now(UTC), "microseconds"), "lag_ms": lag_ms}


async def _let_stop(carrier: Carrier, message: Message) -> None:
    """The customer leaves at the worst moment: we have the call, and not yet taken the text."""
    sender = carrier.config.sender(sending.number_for(carrier, message))
    if sender:
        await interject(carrier, sender, Typed(message.to, "STOP"), longest=STOP_WAITS_FOR)


def _asked(carrier: Carrier, form: dict[str, list[str]]) -> tuple[Message, int | None]:
    """The text that a create call asks for, and an error number if its hour cannot be read."""

    def one(name: str) -> str | None:
        return form.get(name, [""])[-1] or None

    send_at, misread = None, None
    if one("ScheduleType") == "fixed":
        try:
            send_at = datetime.fromisoformat(one("SendAt") or "").astimezone(UTC)
        except ValueError:
            misread = BAD_SEND_AT
    message = Message(
        carrier.config.account_sid,
        from_=one("From"),
        to=one("To") or "",
        body=one("Body") or "",
        origin="api",
        media=tuple(form.get("MediaUrl", ())),
        service_sid=one("MessagingServiceSid"),
        status_url=one("StatusCallback"),
        send_at=send_at,
    )
    return message, misread


def _throttled(carrier: Carrier, message: Message) -> int | None:
    """429 when a sender is more than a second ahead of its parts per second."""
    number = message.from_ or message.service_sid or ""
    rate = carrier.faults.get("parts_per_second", number)
    if not rate:
        return None
    now = asyncio.get_running_loop().time()
    free_at = max(carrier.busy_until[number], now)
    if free_at - now >= THROTTLE_WINDOW_FOR:
        return 20429
    carrier.busy_until[number] = free_at + message.size.parts / rate
    return None


async def list_(carrier: Carrier, request: web.Request) -> web.StreamResponse:
    if carrier.faults.get("list_unavailable", request.query.get("To")):
        return refused(20503)
    return web.json_response(page(carrier, request.path, request.query))


async def numbers(carrier: Carrier, request: web.Request) -> web.StreamResponse:
    """Our numbers, all on one page. Short codes and names are not among them."""
    shown = [
        {
            "account_sid": carrier.config.account_sid, "sid": f"PN{place:032x}", "phone_number": one.number,
            "friendly_name": one.name, "capabilities": {"sms": True, "mms": True, "voice": False, "fax": False},
            "sms_url": one.inbound_url, "sms_fallback_url": one.fallback_url or "",
        }
        for place, one in enumerate(carrier.config.senders) if one.number.startswith("+")
    ]  # fmt: skip
    return web.json_response({"incoming_phone_numbers": shown, "page": 0, "page_size": len(shown), "next_page_uri": None})


async def fetch(carrier: Carrier, request: web.Request) -> web.StreamResponse:
    message = carrier.messages.by_sid.get(request.match_info["sid"])
    return web.json_response(message.as_twilio()) if message else refused(20404)


async def picture(carrier: Carrier, request: web.Request) -> web.StreamResponse:
    """What came with a text, as it came."""
    found = carrier.pictures.find(request.match_info["media"])
    carrier.journal.write("media", sid=request.match_info["media"], found=found is not None)
    return web.Response(body=found.content, content_type=found.type) if found else refused(20404)


async def update(carrier: Carrier, request: web.Request) -> web.StreamResponse:
    """Body="" wipes the text from the carrier's books; Status=canceled stops one that waits for its hour."""
    message = carrier.messages.by_sid.get(request.match_info["sid"])
    if not message:
        return refused(20404)
    form = await request.post()
    if form.get("Status") == "canceled":
        if message.status != "scheduled":
            return refused(30409)
        message.become("canceled")
        carrier.background(post(carrier, message, "canceled"))
    elif form.get("Body") == "":
        message.redacted = True
    else:
        return refused(20001)
    return web.json_response(message.as_twilio())


async def delete(carrier: Carrier, request: web.Request) -> web.StreamResponse:
    message = carrier.messages.by_sid.get(request.match_info["sid"])
    if not message:
        return refused(20404)
    carrier.messages.remove(message)
    return web.Response(status=204)
