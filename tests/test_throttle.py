"""The throttle: so many parts per second of a sender, over all processes, whatever happens to Redis."""

import subprocess
import threading
import time
from itertools import pairwise

import pytest
from redis import Redis

import bot.throttle
from bot import embedded
from bot.runtime import open_redis
from bot.throttle import BORN, LATE_FOR, ClockThrottle, LocalThrottle, NoThrottle, RedisThrottle, Throttle
from tests.conftest import skip_or_fail

OURS = "+33937000001"


@pytest.fixture
def shared(redis_url: str) -> RedisThrottle:
    """A throttle on a Redis that has been there for a while."""
    redis = open_redis(redis_url)
    assert redis
    redis.flushall()
    redis.set(BORN, 1)
    return RedisThrottle(redis)


@pytest.fixture(params=["local", "redis"])
def throttle(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Throttle:
    """On a busy machine Redis may take its time: that costs slots, which is another test's matter."""
    monkeypatch.setattr(bot.throttle, "LATE_FOR", 10.0)
    found: Throttle = LocalThrottle() if request.param == "local" else request.getfixturevalue("shared")
    return found


def gaps(throttle: Throttle, parts: list[int], rate: float) -> list[float]:
    taken = throttle.take(OURS, parts, rate, 60.0).taken
    return [round(b.at - a.at, 3) for a, b in pairwise(taken)]


def test_each_message_has_its_own_slot_after_the_one_before(throttle: Throttle) -> None:
    """A little wider than the rate asks for, so that lateness breaks no law."""
    assert gaps(throttle, [1, 1, 3, 1], 10) == pytest.approx([0.105, 0.105, 0.316], abs=0.002)


def test_only_slots_that_are_near_are_given(throttle: Throttle) -> None:
    slots = throttle.take(OURS, [1] * 10, 10, 0.25)
    assert len(slots.taken) == 3
    assert slots.again_in == pytest.approx(0.066, abs=0.03)


def test_looking_takes_nothing(throttle: Throttle) -> None:
    for _ in range(3):
        assert len(throttle.look(OURS, [1] * 10, 10, 0.25).taken) == 3


def test_nothing_is_saved_up_while_nobody_sends(throttle: Throttle) -> None:
    throttle.take(OURS, [1], 10, 1.0)
    time.sleep(0.5)
    first = throttle.take(OURS, [1] * 5, 10, 0.25)
    assert len(first.taken) == 3


def test_senders_do_not_wait_for_each_other(throttle: Throttle) -> None:
    throttle.take(OURS, [10], 1, 1.0)
    assert throttle.look("38600", [1], 1, 0.01).taken


def test_a_pause_that_the_carrier_asks_for_is_kept(throttle: Throttle) -> None:
    throttle.hold(OURS, 2.0)
    slots = throttle.look(OURS, [1], 100, 0.25)
    assert slots.taken == ()
    assert slots.again_in == pytest.approx(1.75, abs=0.1)


def test_processes_share_the_slots(redis_url: str, shared: RedisThrottle) -> None:
    """Four at once: no two slots overlap."""
    found: list[float] = []

    def take() -> None:
        redis = open_redis(redis_url)
        assert redis
        mine = RedisThrottle(redis)
        for _ in range(10):
            found.extend(slot.at for slot in mine.take(OURS, [1, 1], 100, 60.0).taken)

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found.sort()
    assert len(found) == 80
    assert found[-1] - found[0] > 79 * 0.0105 - LATE_FOR


def test_a_new_redis_starts_empty(redis_url: str, shared: RedisThrottle) -> None:
    """What the old one gave is not known: a second without slots."""
    with Redis.from_url(redis_url) as client:
        client.flushall()
    slots = shared.look(OURS, [1], 100, 0.25)
    assert slots.taken == ()
    assert slots.again_in == pytest.approx(0.75, abs=0.1)


def test_without_redis_nobody_sends_but_the_clock() -> None:
    gone = open_redis("unix:///nowhere/redis.sock")
    assert gone
    with pytest.raises(NoThrottle):
        RedisThrottle(gone).take(OURS, [1], 10, 1.0)
    clock = ClockThrottle(gone)
    assert clock.take(OURS, [1], 10, 0.25).taken == ()  # workers may have sent a moment ago
    assert clock.take(OURS, [1], 10, 1.5).taken


def test_when_redis_is_back_the_clock_takes_its_slots_there_again() -> None:
    """After a moment without any: what it gave itself is not known there."""
    binary = embedded.binary()
    if binary is None:
        skip_or_fail(f"no Redis here: {embedded.HOW_TO_GET}")
    assert binary
    with embedded.private_folder() as folder:
        redis = open_redis(embedded.address(folder))
        clock = ClockThrottle(redis)
        assert clock.take(OURS, [1], 10, 1.5).taken
        process = subprocess.Popen(embedded.command(binary, folder), stdout=subprocess.DEVNULL)
        try:
            embedded.wait_for(embedded.address(folder))
            assert clock.take(OURS, [1], 10, 0.25).taken == ()
            assert redis is not None
            assert redis.get(BORN) is not None
        finally:
            process.terminate()
            process.wait(10)
