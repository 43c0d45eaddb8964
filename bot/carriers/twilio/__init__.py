"""Twilio, or the simulated carrier that speaks like it: how it signs, what it posts, what it is answered, its API."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from bot.carriers import Forbidden, Inbound, Listed, OptOut, OptOutMode, Outgoing, Reply, SendResult, Status
from bot.carriers import WebhookRequest as Request
from bot.carriers.twilio import forms, media, optout, signature, twiml
from bot.carriers.twilio.api import Api
from bot.settings import Settings


class Twilio:
    """The `Carrier` of one Twilio account. Webhooks need nothing but this; sending happens between open and close."""

    name = "twilio"

    def __init__(self, settings: Settings) -> None:
        self.is_simulated = settings.carrier == "simulated"
        # Twilio publishes no bound; the simulated carrier's list is never more than 15 s late.
        self.settling_for = 20.0 if self.is_simulated else 120.0
        self._base_url = settings.base_url
        self._account = settings.twilio_account_sid
        self._api_base = settings.twilio_api_base
        token, previous = settings.twilio_auth_token, settings.twilio_auth_token_previous
        self._validators = signature.validators(t.get_secret_value() for t in (token, previous) if t)
        self._token = token.get_secret_value()
        self._new_api = partial(Api, self._account, self._token, self._api_base)
        self._api = self._new_api()

    def verify(self, request: Request) -> None:
        """Raise Forbidden unless the request is signed for the address that we are set to and names no other account."""
        if request.settings_header:
            # The header only names how the sender signed; believing it would let a forger choose.
            raise Forbidden("signed with a shared key, which Parley does not use")
        url = self._base_url + request.path + (f"?{request.query}" if request.query else "")
        if not signature.matches(self._validators, url, request.form, request.signature):
            raise Forbidden("no valid signature for this address")
        if any(name == "AccountSid" and value != self._account for name, value in request.form):
            raise Forbidden("another account")

    def read_inbound(self, request: Request) -> Inbound:
        """Read a text that someone sent us."""
        return forms.inbound(request, self._api_base)

    def read_status(self, request: Request) -> Status:
        """Read what has become of a message of ours."""
        return forms.status(request)

    def answer(self, reply: Reply | None) -> str:
        """TwiML with one message or none."""
        return twiml.response(reply, self._status_url(reply.message_id)) if reply else twiml.EMPTY

    def answers_itself(self, text: str, mode: OptOutMode) -> OptOut | None:
        """Whether Twilio or the network takes this very text for STOP, START or HELP."""
        return optout.WORDS[mode].get(text.strip().casefold())

    async def open(self) -> None:
        """Get ready to send and list."""
        self._api.open()

    async def close(self) -> None:
        """Drop the connections."""
        await self._api.close()

    async def send(self, outgoing: Outgoing) -> SendResult:
        """Hand over one message, once."""
        return await self._api.send(outgoing, self._status_url(outgoing.message_id))

    async def fetch(self, address: str, most: int) -> bytes | None:
        """A picture of our account, and nothing else."""
        return await media.fetch(address, self._account, self._token, self._api_base, most)

    async def numbers(self) -> tuple[str, ...]:
        """Our numbers, asked over a connection of its own: a page asks for them now and then, in an event loop of its own."""
        api = self._new_api()
        api.open()
        try:
            return await api.numbers()
        finally:
            await api.close()

    async def list(self, to: str, since: datetime) -> list[Listed]:
        """What Twilio's records hold for that number."""
        return await self._api.list(to, since)

    def _status_url(self, message_id: int) -> str:
        # Our own id, because a status can arrive before the answer that tells us Twilio's.
        return f"{self._base_url}/webhooks/twilio/status/{message_id}"
