"""Several workers at once, as real processes: everybody once, no faster than the sender may, whatever becomes of Redis."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import update

from bot import embedded
from models import Sender, Shop
from tests import processes
from tests.carrier import ACCOUNT_SID, AUTH_TOKEN
from tests.chaos.redis import Redis
from tests.conftest import skip_or_fail
from tests.crowd import balance, draft, join, number, schedule, state
from tests.house import House
from tests.law import broken

PEOPLE, WORKERS = int(os.environ.get("PARLEY_PEOPLE", "240")), 4
RATE = min(PEOPLE / 6, 250)  # parts a second
ON_THE_WAY = 0.05  # seconds: four processes call from a machine that does much else
PATIENCE_FOR = 60 + 2 * PEOPLE / RATE  # seconds


@pytest.fixture
def redis() -> Iterator[Redis]:
    redis = Redis()
    if redis.url is None:
        skip_or_fail(f"no Redis here: {embedded.HOW_TO_GET}")
    yield redis
    redis.stop()


def test_many_workers_keep_the_pace_and_text_everybody_once(house: House, redis: Redis) -> None:
    """Redis is lost in the middle: what the old one gave is not given again too soon."""
    folder = Path(tempfile.mkdtemp(prefix="parley-workers-"))
    join(house.runtime, map(number, range(PEOPLE)))
    with house.runtime.begin() as connection:
        connection.execute(update(Sender).values(parts_per_second=RATE))
        connection.execute(update(Shop).values(revision=Shop.revision + 1))
    environment = {
        "DATABASE_URL": house.runtime.settings.database_url.replace("+psycopg", ""), "SECRET_KEY": "s" * 40,
        "BASE_URL": house.base_url, "TWILIO_ACCOUNT_SID": ACCOUNT_SID, "TWILIO_AUTH_TOKEN": AUTH_TOKEN,
        "TWILIO_API_BASE": house.carrier.url, "PARLEY_CARRIER": "simulated", "REDIS_URL": redis.url or "",
        "PARLEY_BULK_WORKERS": str(WORKERS), "LOG_LEVEL": "WARNING",
    }  # fmt: skip
    workers = processes.worker(environment, folder / "worker.log")
    clock = processes.clock(environment, folder / "clock.log")
    try:
        campaign = draft(house)
        schedule(house, campaign)
        house.carrier.wait_for(lambda: balance(house, campaign).sent > PEOPLE / 3, "a third is sent", PATIENCE_FOR)
        redis.kill()
        house.carrier.wait_for(lambda: state(house, campaign) == "finished", "it is finished", PATIENCE_FOR)
    finally:
        clock.stop()
        workers.stop()
    shutil.rmtree(folder)
    calls = [call for call in house.carrier.calls() if call["to"].startswith("+336")]
    assert sorted(call["to"] for call in calls) == [number(n) for n in range(PEOPLE)]
    assert balance(house, campaign).sent == PEOPLE
    assert broken(calls, RATE, ON_THE_WAY) == []
