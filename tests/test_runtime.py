"""What every way stands on: instants with a zone, and the one key that the suppression list was made with."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import StatementError

from bot import create_app, log
from bot.alarms import set_alarm
from bot.runtime import open_runtime
from models import Alarm, Clock
from tests.house import PARIS, House, settings

OTHER_KEY = "t" * 40


def test_a_datetime_without_a_zone_is_refused(house: House) -> None:
    """Nobody can say when it is."""
    with house.runtime.begin() as connection, pytest.raises(StatementError, match="no instant"):
        set_alarm(connection, "wake", 1, 0, datetime(2027, 1, 1, 12))  # noqa: DTZ001


def test_an_instant_comes_back_as_the_same_instant_in_utc(house: House) -> None:
    """Whatever zone it was written in."""
    tokyo = datetime(2027, 1, 1, 3, 30, tzinfo=timezone(timedelta(hours=9)))
    with house.runtime.begin() as connection:
        set_alarm(connection, "wake", 1, 0, tokyo)
        known = connection.scalar(select(Alarm.due_at))
    assert known == tokyo
    assert known.tzinfo is UTC


def test_with_another_secret_key_and_nobody_stopped_the_house_starts(database: str) -> None:
    """There is nobody to forget."""
    open_runtime(settings(database, "http://127.0.0.1:1", "http://127.0.0.1:9", secret_key=OTHER_KEY)).check_suppression_key()


def test_with_another_secret_key_than_the_list_of_the_stopped_no_process_starts(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their numbers could not be found in it, and they would be texted again."""
    house.text("Bo", "STOP", to=PARIS)
    house.runtime.check_suppression_key()
    known = house.runtime.settings
    environment = {
        "DATABASE_URL": known.database_url, "SECRET_KEY": OTHER_KEY, "BASE_URL": known.base_url,
        "TWILIO_ACCOUNT_SID": known.twilio_account_sid, "TWILIO_AUTH_TOKEN": known.twilio_auth_token.get_secret_value(),
        "TWILIO_API_BASE": known.twilio_api_base or "", "PARLEY_CARRIER": "simulated", "REDIS_URL": "",
    }  # fmt: skip
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(log, "setup", lambda _: None)  # the log of the tests is pytest's
    with pytest.raises(SystemExit, match="SECRET_KEY"):
        create_app()


def test_business_time_is_machine_time_on_a_real_carrier(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """However far the demo's clock was moved in this database."""
    with house.runtime.begin() as connection:
        connection.execute(update(Clock).values(ahead_for=3600))
    noon = datetime(2027, 1, 1, 12, tzinfo=UTC)
    runtime = replace(house.runtime, machine_now=lambda: noon)
    with runtime.read() as connection:
        assert runtime.now(connection) == noon + timedelta(hours=1)
        monkeypatch.setattr(runtime.carrier, "is_simulated", False)
        assert runtime.now(connection) == noon
