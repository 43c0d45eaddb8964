"""The switch for all that leaves: halted at once, whoever wants it said, and let go on."""

from datetime import datetime

from pydantic import BaseModel, Field

from bot import outbox
from bot.web.api.operations import Call, operation


class SendingOut(BaseModel):
    """Whether all may leave, and how much is waiting for it or under way."""

    halted_at: datetime | None = Field(description="null: all may leave.")
    halted_by: str | None = Field(description="Somebody of the shop, the name of a token, or `parley`: a command.")
    texts: int = Field(description="Of dialogs, staff and programs, that are ready to leave. 10001: more than 10,000.")
    late: int = Field(description="Of these: answers and alerts that come too late by now, and will be refused.")
    campaigns: int = Field(description="That are under way.")


@operation("GET", "/sending", scope="sending:read", answer=SendingOut)
def get_sending(call: Call) -> SendingOut:
    """Whether all sending is halted, since when and by whom, and how much waits."""
    return _shown(call)


@operation("POST", "/sending/halt", scope="sending:write", answer=SendingOut, after=outbox.wait_until_halted)
def halt_sending(call: Call) -> SendingOut:
    """Let nothing leave from now on. When this is answered, no text is on its way any more.

    Campaigns, dialogs, staff and programs wait; nothing is lost or refused for it. Only STOP, START and HELP are still confirmed.
    An answer that has waited for 15 minutes is refused as `expired` when sending goes on. Halted already: nothing changes.
    """
    outbox.halt(call.runtime, call.connection, call.token.name)
    return _shown(call)


@operation("POST", "/sending/resume", scope="sending:write", answer=SendingOut)
def resume_sending(call: Call) -> SendingOut:
    """Let all leave again that has waited; the gate is asked as ever. Not halted: nothing changes."""
    outbox.resume(call.runtime, call.connection, call.token.name)
    return _shown(call)


def _shown(call: Call) -> SendingOut:
    return SendingOut(**outbox.sending(call.runtime, call.connection)._asdict())
