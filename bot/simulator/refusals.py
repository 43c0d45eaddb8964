"""Why the carrier refuses a text, in its own error numbers.

Sources: Twilio docs, "Error and warning dictionary" and "Test credentials" (the magic numbers).
"""

import re
from typing import Any
from urllib.parse import urlsplit

from bot.simulator.carrier import Carrier
from bot.simulator.messages import Message
from bot.simulator.parts import utf16_units

MESSAGES = {
    20001: "Unknown parameters",
    20003: "Authenticate",
    20404: "The requested resource was not found",
    20429: "Too Many Requests",
    20500: "Internal Server Error",
    20503: "Service Unavailable",
    21211: "The 'To' number is not a valid phone number",
    21212: "The 'From' number is not a valid phone number, shortcode, or alphanumeric sender ID",
    21266: "'To' and 'From' number cannot be the same",
    21408: "Permission to send an SMS has not been enabled for the region indicated by the 'To' number",
    21602: "Message body is required",
    21603: "A 'From' phone number is required",
    21604: "A 'To' phone number is required",
    21606: "The 'From' phone number is not a valid, message-capable Twilio phone number for this destination",
    21609: "Invalid 'StatusCallback' URL",
    21610: "Attempt to send to unsubscribed recipient",
    21611: "This 'From' number has exceeded the maximum number of queued messages",
    21612: "The 'To' phone number is not currently reachable using the 'From' phone number",
    21614: "The 'To' number is not a valid mobile number",
    21617: "The concatenated message body exceeds the 1600 character limit",
    21623: "Number of media files exceeds allowed limit",
    21701: "The Messaging Service does not exist",
    30409: "Message cannot be canceled",
    35114: "SendAt timestamp is missing or invalid",
}
STATUSES = {20003: 401, 20404: 404, 20429: 429, 20500: 500, 20503: 503, 21408: 403, 30409: 409}
MAGIC_TO = {
    "+15005550001": 21211,
    "+15005550002": 21612,
    "+15005550003": 21408,
    "+15005550004": 21610,
    "+15005550009": 21614,
}
MAGIC_FROM = {"+15005550001": 21212, "+15005550007": 21606, "+15005550008": 21611}
MAGIC_GOOD_FROM = "+15005550006"
BAD_SEND_AT = 35114
LONGEST_BODY = 1600
MOST_MEDIA = 10
E164 = re.compile(r"\+[1-9]\d{6,14}")
SENDER = re.compile(r"\+?\d{3,15}|[A-Za-z0-9 _&+-]{1,11}")


def error(code: int, http: int | None = None) -> tuple[int, dict[str, Any]]:
    """The HTTP status and the JSON body that Twilio answers a refusal with."""
    status = http or STATUSES.get(code, 400)
    more = f"https://www.twilio.com/docs/errors/{code}"
    return status, {"code": code, "message": MESSAGES.get(code, "Refused"), "more_info": more, "status": status}


def refusal(carrier: Carrier, message: Message) -> int | None:
    """The error number that this text is refused with at once, or None. A service's blocks show only later."""
    if not message.to:
        return 21604
    if not message.body and not message.media:
        return 21602
    if utf16_units(message.body) > LONGEST_BODY:
        return 21617
    if len(message.media) > MOST_MEDIA:
        return 21623
    if message.status_url and not _is_callable(message.status_url):
        return 21609
    return _wrong_sender(carrier, message) or _wrong_recipient(carrier, message)


def _wrong_sender(carrier: Carrier, message: Message) -> int | None:
    number = message.from_
    if message.service_sid:
        return None if carrier.config.pool(message.service_sid) else 21701
    if not number:
        return 21603
    if number in MAGIC_FROM:
        return MAGIC_FROM[number]
    if not SENDER.fullmatch(number):
        return 21212
    return None if number == MAGIC_GOOD_FROM or carrier.config.sender(number) else 21606


def _wrong_recipient(carrier: Carrier, message: Message) -> int | None:
    if message.to in MAGIC_TO:
        return MAGIC_TO[message.to]
    if not E164.fullmatch(message.to):
        return 21211
    if message.to == message.from_:
        return 21266
    sender = carrier.config.sender(message.from_)
    if sender and not message.service_sid and carrier.blocks.has(sender, message.to):
        return 21610
    return None


def _is_callable(url: str) -> bool:
    """Twilio refuses callback hosts with an underscore, and anything but http."""
    try:
        split = urlsplit(url)
    except ValueError:
        return False
    return split.scheme in ("http", "https") and bool(split.hostname) and "_" not in (split.hostname or "")
