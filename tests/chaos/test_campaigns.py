"""A campaign and conversations on real processes, all of which are killed at random: the small form of `make chaos`."""

import random
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot import embedded
from tests.chaos.__main__ import open_database
from tests.chaos.databases import Database
from tests.chaos.redis import Redis
from tests.chaos.run import Size, run
from tests.conftest import skip_or_fail

SMALL = Size(people=240, campaigns=1, leavers=30, talkers=12, kills=14, seconds=24, parts_per_second=15)


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def store(request: pytest.FixtureRequest) -> Iterator[Database]:
    """A database that can be killed."""
    folder = Path(tempfile.mkdtemp(prefix="parley-chaos-"))
    database = open_database(request.param, folder)
    yield database
    database.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def redis() -> Iterator[Redis]:
    """A Redis that can be killed."""
    redis = Redis()
    if redis.url is None:
        skip_or_fail(f"no Redis here: {embedded.HOW_TO_GET}")
    yield redis
    redis.stop()


def test_whoever_is_killed_everybody_is_told_once_and_nobody_after_a_stop(store: Database, redis: Redis) -> None:
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    outcome = run(store, redis, SMALL, seed, print)
    broken = {promise: cases for promise, cases in outcome.broken.items() if cases}
    assert not broken, f"seed {seed}\n{outcome.logs}"
    assert outcome.struck.total() >= SMALL.kills / 2
