"""What grows with the audience of a campaign, and what does not: memory of the workers, Redis, the wait for the first text.

The carrier answers at once here: it is the size that is measured, not the speed.
"""

import sys
import time
from contextlib import suppress

from bot.campaigns import CampaignError, cancel
from bot.embedded import redis
from tests.bench.audience import grow
from tests.bench.carrier import carrier
from tests.bench.inbound import databases
from tests.bench.stage import Stage, head, show, stage, wait
from tests.bench.usage import peak

SMALL, LARGE, HUGE, MILLION = 20_000, 200_000, 400_000, 1_000_000
FLAT = 1.1  # resident memory differs by a few MB from one start to the next


def memory(house: Stage, size: int) -> tuple[float, int]:
    """Fresh workers send the first messages of a campaign of that size: MB of the largest worker, bytes more in Redis."""
    grow(house.runtime.engine, size)
    with house.processes() as pids:
        before, campaign_id = house.memory(), house.launch(f"to {size}")
        resident, redis_used = 0.0, before
        while house.sent(campaign_id) < SMALL:
            resident = max(resident, peak(pids["default"], pids["bulk"]))
            redis_used = max(redis_used, house.memory())
            time.sleep(0.1)
        end(house, campaign_id)
        return resident, redis_used - before


def snapshot(house: Stage) -> tuple[float, float]:
    """Seconds from the launch of a huge campaign until its audience is frozen, and until its first text left."""
    grow(house.runtime.engine, HUGE)
    with house.processes():
        campaign_id, launched = house.launch("huge"), 0.0
        while (row := house.campaign(campaign_id)).last_id is None or row.taken_to < row.last_id:
            if not launched and row.launched_at is not None:
                launched = time.monotonic()
            time.sleep(0.01)
        taken = time.monotonic()
        wait(lambda: house.carrier.counts().calls > 0)
        first = house.carrier.counts().first_at
        end(house, campaign_id)
    assert house.recipients(campaign_id) == HUGE
    return taken - launched, first - launched


def end(house: Stage, campaign_id: int) -> None:
    """What has not been sent never will be; perhaps all has."""
    with suppress(CampaignError):
        cancel(house.runtime, campaign_id)


def measure(name: str, house: Stage) -> None:
    """One after the other: the audience only grows."""
    (small, few), (large, more) = memory(house, SMALL), memory(house, LARGE)
    show(name, f"MB of the largest worker at {SMALL:,} recipients", f"{small:.1f}")
    show(name, f"MB of the largest worker at {LARGE:,} recipients", f"{large:.1f}", f"≤ × {FLAT}", large <= FLAT * small)
    million = (more + max(0, more - few) * (MILLION - LARGE) / (LARGE - SMALL)) / 1e6  # the line through both
    show(name, f"MB more in Redis, for {MILLION:,} recipients", f"{million:.2f}", "≤ 5", million <= 5)
    taken, first = snapshot(house)
    show(name, f"seconds to freeze an audience of {HUGE:,}", f"{taken:.1f}", "≤ 5", taken <= 5)
    show(name, "seconds until the first text left", f"{first:.1f}", "sooner", first < taken)


def main() -> None:
    head()
    with databases() as found, redis() as url, carrier(0) as network:
        assert url is not None, "this bench needs Redis"
        for name in found:
            if len(sys.argv) > 1 and name not in sys.argv[1:]:
                continue
            with stage(found[name], url, network) as house:
                measure(name, house)


if __name__ == "__main__":
    main()
