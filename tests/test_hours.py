"""Quiet hours: every minute of the weeks in which clocks change, in zones near and far."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.consent import gate
from bot.consent.hours import CLOSES, NEVER, OPENS, quiet_until, zones

ZONES = ("Europe/Paris", "America/Los_Angeles", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia", "America/St_Johns")
WEEKS = (datetime(2026, 3, 27, tzinfo=UTC), datetime(2026, 10, 23, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC))


def local(instant: datetime, zone: str) -> time:
    return instant.astimezone(ZoneInfo(zone)).time()


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("begin", WEEKS)
def test_the_next_allowed_instant_is_the_first_one(zone: str, begin: datetime) -> None:
    """Asked each 7 minutes of four days: allowed now, or else the very next opening and nothing before it."""
    for minutes in range(0, 4 * 1440, 7):
        now = begin + timedelta(minutes=minutes)
        until = quiet_until(now, [zone])
        if OPENS <= local(now, zone) < CLOSES:
            assert until is None
            continue
        assert until is not None
        assert (local(until, zone), until - now < timedelta(hours=15, minutes=1)) == (OPENS, True)


def test_a_number_that_may_be_in_several_zones_is_texted_when_all_of_them_allow_it() -> None:
    """Réunion and Mayotte share +262."""
    both = zones("+262692123456", None, "Europe/Paris")
    assert len(both) > 1
    until = quiet_until(datetime(2026, 11, 25, 3, tzinfo=UTC), both)
    assert until is not None
    assert all(OPENS <= local(until, zone) < CLOSES for zone in both)
    assert any(local(until - timedelta(minutes=1), zone) < OPENS for zone in both)


def test_zones_so_far_apart_that_no_hour_suits_them_all_are_never_texted() -> None:
    """A Russian mobile may be anywhere from Kaliningrad to Kamchatka: until its owner tells, nothing that sells goes there."""
    far = zones("+79161234567", None, "Europe/Paris")
    assert len(far) > 5
    assert all(quiet_until(datetime(2026, 11, 25, hour, tzinfo=UTC), far) == NEVER for hour in range(24))
    assert gate.judge(gate.Facts("marketing", consented=True, quiet_until=NEVER)) == gate.Refuse("no hour suits")


def test_the_zone_that_a_contact_told_beats_the_one_of_the_number() -> None:
    assert zones("+33612345678", "America/New_York", "Europe/Paris") == ("America/New_York",)
    assert zones("+33612345678", None, "America/New_York") == ("Europe/Paris",)
