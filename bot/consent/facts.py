"""What is true of a contact at this instant, as the gate's judges want to know it: for one message or for many at once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, func, select

from bot.consent import gate, hours
from bot.consent.ledger import digest
from bot.runtime import Runtime
from models import Message, Subscription, Suppression, one_of
from models.message import in_state

ANSWERS = ("reply", "compliance")  # someone waits for them
SUPPRESSION = Suppression.__table__
MESSAGE = Message.__table__
MARKETED = (
    select(MESSAGE.c.contact_id, func.max(MESSAGE.c.at).label("at"))
    .where(one_of(MESSAGE.c.contact_id, "ids"), MESSAGE.c.direction == "out", MESSAGE.c.at > bindparam("since"))
    .where(MESSAGE.c.kind == "marketing", in_state("sending", "unknown", "sent"))
    .group_by(MESSAGE.c.contact_id)
)
"""When these people last had a text that sells."""
ON_LIST = select(SUPPRESSION.c.digest).where(one_of(SUPPRESSION.c.digest, "digests"))


@dataclass(frozen=True, slots=True)
class Moment:
    """What is the same for all who are judged together."""

    simulated: bool
    now: datetime  # business time
    shop_zone: str
    suppressed: Mapping[str, bool]  # by number; one that was not asked about is a KeyError, not a "no"
    _marketed: dict[int, datetime]  # when those who asked for fewer texts last had one that sells
    _quiet: dict[tuple[str, ...], datetime | None] = field(default_factory=dict)

    def quiet_until(self, zones: tuple[str, ...]) -> datetime | None:
        """See hours.quiet_until: worked out once for all who live there."""
        if zones not in self._quiet:
            self._quiet[zones] = hours.quiet_until(self.now, zones)
        return self._quiet[zones]

    def rested_until(self, contact: Any) -> datetime | None:
        """When the next text that sells may come to someone who asked for fewer; None: now."""
        last = self._marketed.get(contact.id) if contact.one_in_days else None
        until = last + timedelta(days=contact.one_in_days) if last else None
        return until if until and until > self.now else None

    def marketed(self, contact: Any) -> None:
        """A text that sells goes to them now: the next one of those who are judged together knows."""
        self._marketed[contact.id] = self.now


def moment(runtime: Runtime, connection: Connection, now: datetime, shop_zone: str, contacts: Iterable[Any]) -> Moment:
    """The moment at which these contacts, rows of theirs, are judged. One query, and one more if anyone wants fewer texts."""
    key, contacts = runtime.suppression_key, [one for one in contacts if one.phone]
    digests = {one.phone: digest(key, one.phone) for one in contacts}
    listed = set(connection.scalars(ON_LIST, {"digests": list(digests.values())}))
    suppressed = {phone: found in listed for phone, found in digests.items()}
    return Moment(runtime.carrier.is_simulated, now, shop_zone, suppressed, _marketed(connection, now, contacts))


def _marketed(connection: Connection, now: datetime, contacts: Iterable[Any]) -> dict[int, datetime]:
    slow = {one.id: one.one_in_days for one in contacts if one.one_in_days}
    if not slow:
        return {}
    known = {"ids": list(slow), "since": now - timedelta(days=max(slow.values()))}
    return {row.contact_id: row.at for row in connection.execute(MARKETED, known)}


def facts(
    moment: Moment, contact: Any, kind: str, agreed: int | None, *, sent_before: bool = False, expired: bool = False
) -> gate.Facts:
    """The facts about a message of that kind to a contact, whose row was just read; `agreed`: the event of their consent."""
    waits = contact.paused_until is not None and contact.paused_until > moment.now
    zones = hours.zones(contact.phone, contact.zone, moment.shop_zone)
    return gate.Facts(
        kind=kind,
        sample=contact.sample,
        simulated=moment.simulated,
        suppressed=moment.suppressed[contact.phone],
        consented=agreed is not None,
        sent_before=sent_before,
        expired=expired,
        unreachable=contact.unreachable_at is not None,
        paused_until=contact.paused_until if waits else None,
        rested_until=moment.rested_until(contact),
        quiet_until=None if kind in ANSWERS else moment.quiet_until(zones),
    )


def of_one(
    runtime: Runtime, connection: Connection, contact: Any, kind: str, topic: str | None, now: datetime, shop_zone: str,
    *, sent_before: bool = False, expired: bool = False,
) -> tuple[gate.Facts, int | None]:  # fmt: skip
    """The same about one message alone, about a topic, and the event of the contact's consent to it: one query more."""
    mine = (Subscription.contact_id == contact.id) & (Subscription.topic == topic) & (Subscription.state == "in")
    agreed = connection.scalar(select(Subscription.event_id).where(mine))
    at = moment(runtime, connection, now, shop_zone, [contact])
    return facts(at, contact, kind, agreed, sent_before=sent_before, expired=expired), agreed
