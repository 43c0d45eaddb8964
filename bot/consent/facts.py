"""What is true of a contact at this instant, as the gate's judges want to know it: for one message or for many at once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from bot.consent import gate, hours
from bot.consent.ledger import digest
from bot.runtime import Runtime
from models import Subscription, Suppression, one_of

ANSWERS = ("reply", "compliance")  # someone waits for them
SUPPRESSION = Suppression.__table__
ON_LIST = select(SUPPRESSION.c.digest).where(one_of(SUPPRESSION.c.digest, "digests"))


@dataclass(frozen=True, slots=True)
class Moment:
    """What is the same for all who are judged together."""

    simulated: bool
    now: datetime  # business time
    shop_zone: str
    suppressed: Mapping[str, bool]  # by number; one that was not asked about is a KeyError, not a "no"
    _quiet: dict[tuple[str, ...], datetime | None] = field(default_factory=dict)

    def quiet_until(self, zones: tuple[str, ...]) -> datetime | None:
        """See hours.quiet_until: worked out once for all who live there."""
        if zones not in self._quiet:
            self._quiet[zones] = hours.quiet_until(self.now, zones)
        return self._quiet[zones]


def moment(runtime: Runtime, connection: Connection, now: datetime, shop_zone: str, phones: Iterable[str]) -> Moment:
    """The moment at which the owners of these numbers are judged. One query."""
    key = runtime.suppression_key
    digests = {phone: digest(key, phone) for phone in phones}
    listed = set(connection.scalars(ON_LIST, {"digests": list(digests.values())}))
    suppressed = {phone: found in listed for phone, found in digests.items()}
    return Moment(runtime.carrier.is_simulated, now, shop_zone, suppressed)


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
        quiet_until=None if kind in ANSWERS else moment.quiet_until(zones),
    )


def of_one(
    runtime: Runtime, connection: Connection, contact: Any, kind: str, topic: str | None, now: datetime, shop_zone: str,
    *, sent_before: bool = False, expired: bool = False,
) -> tuple[gate.Facts, int | None]:  # fmt: skip
    """The same about one message alone, about a topic, and the event of the contact's consent to it. Two queries."""
    mine = (Subscription.contact_id == contact.id) & (Subscription.topic == topic) & (Subscription.state == "in")
    agreed = connection.scalar(select(Subscription.event_id).where(mine))
    at = moment(runtime, connection, now, shop_zone, [contact.phone])
    return facts(at, contact, kind, agreed, sent_before=sent_before, expired=expired), agreed
