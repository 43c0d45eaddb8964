"""The forms that Twilio posts to us, read with care: what we rely on must be there once, what we do not know is welcome.

Source: Twilio docs, "Twilio's request to your incoming message webhook URL" and "Track outbound message status".
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from bot.carriers import Inbound, Malformed, OptOut, Status, WebhookRequest
from bot.carriers.twilio.ranks import rank

LONGEST_BODY = 10_000  # Twilio promises 1,600; what is longer is kept so far
LONGEST_FIELD = 255
MOST_MEDIA = 10
LONGEST_MEDIA = 2_000

_MEDIA = tuple(f"MediaUrl{n}" for n in range(MOST_MEDIA))
_RELIED_ON = {
    "MessageSid", "SmsSid", "SmsMessageSid", "AccountSid", "From", "To", "Body", "NumMedia", "NumSegments",
    "MessagingServiceSid", "OptOutType", "FromCountry", "MessageStatus", "SmsStatus", "ErrorCode", *_MEDIA,
}  # fmt: skip
_SID = re.compile(r"(?:SM|MM)[0-9a-f]{32}", re.IGNORECASE)
_HOST = re.compile(r"(?:[a-z0-9-]+\.)+twilio\.com")
_OPT_OUT: dict[str, OptOut] = {"STOP": "stop", "START": "start", "HELP": "help"}


def inbound(request: WebhookRequest, api_base: str | None) -> Inbound:
    """A text that someone sent us; media only if it lies at Twilio or at `api_base`. Raises Malformed."""
    fields = _fields(request)
    return Inbound(
        account=_required(fields, "AccountSid"),
        sid=_sid(fields),
        sender=_short(_required(fields, "From")),
        to=_short(_required(fields, "To")),
        body=fields.get("Body", "")[:LONGEST_BODY],
        # The count that comes with them adds nothing: it may be missing, blank or no number.
        media=tuple(url for name in _MEDIA if (url := fields.get(name)) and _at_carrier(url, api_base)),
        opt_out=_OPT_OUT.get(fields.get("OptOutType", "").upper()),
        country=_short(fields.get("FromCountry", "")) or None,
    )


def status(request: WebhookRequest) -> Status:
    """What has become of a message of ours. Raises Malformed."""
    fields = _fields(request)
    _required(fields, "AccountSid")
    word = _short(_required(fields, "MessageStatus"))
    return Status(_sid(fields), word, rank(word), _short(fields.get("ErrorCode", "")) or None)


def _fields(request: WebhookRequest) -> dict[str, str]:
    # A signature does not say where one field ends and the next begins, nor how often one was repeated.
    if request.content_type.partition(";")[0].strip().lower() != "application/x-www-form-urlencoded":
        raise Malformed("not a form")
    fields: dict[str, str] = {}
    for name, value in request.form:
        if name in fields and name in _RELIED_ON:
            raise Malformed(f"{name} twice")
        fields[name] = value
    return fields


def _required(fields: dict[str, str], name: str) -> str:
    if name not in fields:
        raise Malformed(f"{name} missing")
    return fields[name]


def _sid(fields: dict[str, str]) -> str:
    sid = _required(fields, "MessageSid")
    if not _SID.fullmatch(sid):
        raise Malformed("MessageSid is not one")
    return sid[:2].upper() + sid[2:].lower()


def _short(value: str) -> str:
    """A field as one line that any database can store."""
    return value if value.isprintable() and len(value) <= LONGEST_FIELD else _printable(value)


def _printable(value: str) -> str:
    return "".join(character for character in value if character.isprintable())[:LONGEST_FIELD]


def _at_carrier(url: str, api_base: str | None) -> bool:
    if len(url) > LONGEST_MEDIA or not url.isascii() or not url.isprintable() or " " in url:
        return False
    if api_base and url.startswith(f"{api_base}/"):
        return True
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    # The whole host part, so that no user name, port or look-alike can stand before or behind it.
    return parts.scheme == "https" and bool(_HOST.fullmatch(parts.netloc.lower()))
