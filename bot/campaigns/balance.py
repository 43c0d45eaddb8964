"""What became of everybody a campaign was meant for: nobody missing, nobody counted twice."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import CompoundSelect, Connection, String, bindparam, cast, func, literal, null, select, union_all

from models import Message, Recipient

_nothing = cast(null(), String)
_recipients = (
    select(literal("recipient"), Recipient.state, Recipient.why, _nothing, _nothing, func.count(), literal(0))
    .where(Recipient.campaign_id == bindparam("campaign"))
    .group_by(Recipient.state, Recipient.why)
)
_messages = (
    select(literal("message"), Message.state, Message.why, Message.error_code, Message.status, func.count(),
           func.sum(Message.parts))
    .where(Message.campaign_id.is_not(None), Message.campaign_id == bindparam("campaign"))
    .group_by(Message.state, Message.why, Message.error_code, Message.status)
)  # fmt: skip
# One statement, so that both are counted at the same instant, however busy the workers are.
COUNTS: CompoundSelect[Any] = union_all(_recipients, _messages)


@dataclass(frozen=True, slots=True)
class Balance:
    """intended = sent + refused + failed + unknown + waiting, or something is wrong (`exact`)."""

    intended: int = 0
    sent: int = 0
    refused: dict[str, int] = field(default_factory=dict)  # reason -> how many
    failed: dict[str, int] = field(default_factory=dict)  # error number -> how many
    unknown: int = 0
    waiting: int = 0
    held: dict[str, int] = field(default_factory=dict)  # of those who wait: why
    parts: int = 0  # of what was sent
    statuses: dict[str, int] = field(default_factory=dict)  # of what was sent: the carrier's own word

    @property
    def exact(self) -> bool:
        """Whether everybody intended is counted once."""
        return self.intended == self.sent + sum(self.refused.values()) + sum(self.failed.values()) + self.unknown + self.waiting

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {name: getattr(self, name) for name in (*self.__dataclass_fields__, "exact")}


def balance(connection: Connection, campaign_id: int) -> Balance:
    """Count a campaign's recipients and their messages, in one query."""
    intended = sent = unknown = waiting = parts = handed_over = 0
    refused, failed, held, statuses = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    rows = connection.execute(COUNTS, {"campaign": campaign_id}).all()
    for state, why, count in ((row[1], row[2], row[5]) for row in rows if row[0] == "recipient"):
        intended += count
        if state == "refused":
            refused[why or "refused"] += count
        elif state == "waiting":
            waiting += count
            held.update({why: count} if why else {})
        else:
            handed_over += count
    for state, why, code, status, count, size in (row[1:] for row in rows if row[0] == "message"):
        if state == "sent":
            sent, parts = sent + count, parts + int(size or 0)
            statuses[status or "sent"] += count
        elif state == "refused":
            refused[why or "refused"] += count
        elif state == "failed":
            failed[code or why or "failed"] += count
        elif state in ("unknown", "answered"):
            unknown += count
        else:
            waiting += count
            held.update({why or "held": count} if state == "held" else {})
        handed_over -= count
    if handed_over > 0:  # their messages went with them
        refused["erased"] += handed_over
    return Balance(intended, sent, dict(refused), dict(failed), unknown, waiting, dict(held), parts, dict(statuses))
