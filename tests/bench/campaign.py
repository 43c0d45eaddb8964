"""What a campaign costs and how fast it leaves, beside a first draft with one job for each recipient, in one run.

CPU is the kernel's account: of the workers and the clock, and beside it of all who work for a message, that is also of who
launches or enqueues, of Redis and of PostgreSQL; for us as for the first draft. The carrier answers in 50 ms.
"""

import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import median

from rq import Queue
from rq.serializers import JSONSerializer

from bot.embedded import redis
from bot.jobs import WAKE_UP
from tests.bench import campaign_naive as naive
from tests.bench.audience import grow
from tests.bench.carrier import carrier
from tests.bench.inbound import databases
from tests.bench.stage import LOG, TEXT, Stage, head, show, stage, wait
from tests.bench.usage import cpu
from tests.processes import Process

LATENCY, IN_FLIGHT = 0.05, 50
ROUNDS, MANY, FEW = 3, 20_000, 400  # messages a round: ours, and the first draft's
EMPTY = 200  # wake-ups for which nothing is to be done
DRAFT = [sys.executable, "-c", "from tests.bench.campaign_naive import work; work()"]


@dataclass(slots=True)
class Costs:
    """A figure of each round."""

    ours: list[float] = field(default_factory=list)  # CPU seconds of a message, of workers and clock
    draft: list[float] = field(default_factory=list)
    all_ours: list[float] = field(default_factory=list)  # and of all others
    all_draft: list[float] = field(default_factory=list)
    speed: list[float] = field(default_factory=list)  # calls a second
    jobs: list[float] = field(default_factory=list)  # wake-ups a message
    in_flight: int = 0


@contextmanager
def spent(house: Stage, pids: Iterable[int], messages: int, ours: list[float], in_all: list[float]) -> Iterator[None]:
    """Note what the block costs a message."""
    before, others = cpu(*pids), time.thread_time() + cpu(*house.servers())
    yield
    ours.append((cpu(*pids) - before) / messages)
    in_all.append(ours[-1] + (time.thread_time() + cpu(*house.servers()) - others) / messages)


def send(house: Stage, pids: dict[str, int], name: str, costs: Costs) -> None:
    """A campaign of ours."""
    jobs = house.jobs()
    with spent(house, pids.values(), MANY, costs.ours, costs.all_ours):
        campaign_id = house.launch(name)
        wait(lambda: house.sent(campaign_id) == MANY, every=0.5)
    costs.jobs.append((house.jobs() - jobs) / MANY)
    seen = house.carrier.counts()
    costs.speed.append(seen.calls / (seen.last_at - seen.first_at + LATENCY))
    costs.in_flight = max(costs.in_flight, seen.most_in_flight)


def send_naively(house: Stage, draft: int, recipients: list[int], costs: Costs) -> None:
    """A few messages of the first draft."""
    there = naive.sent(house.runtime.engine)
    with spent(house, [draft], len(recipients), costs.draft, costs.all_draft):
        naive.launch(house.env["REDIS_URL"], recipients)
        wait(lambda: naive.sent(house.runtime.engine) == there + len(recipients), every=0.5)


def empty_job(house: Stage, pids: dict[str, int]) -> float:
    """CPU seconds of a wake-up of the queue `bulk` that finds nothing to do: who wakes, the worker, Redis."""
    queue = Queue("bulk", connection=house.redis, serializer=JSONSerializer)

    def used() -> float:
        return time.thread_time() + cpu(pids["bulk"], house.servers()[0])

    before, jobs = used(), house.jobs()
    for _ in range(EMPTY):
        queue.enqueue("bot.jobs.bulk", **WAKE_UP)
    wait(lambda: house.jobs() >= jobs + EMPTY, every=0.5)
    return (used() - before) / EMPTY


def measure(house: Stage) -> tuple[Costs, float]:
    """Both in turns; then what the queue alone costs."""
    grow(house.runtime.engine, MANY)
    recipients, costs = naive.prepare(house.runtime.engine, (ROUNDS + 1) * FEW, TEXT), Costs()
    env = {name: house.env[name] for name in ("DATABASE_URL", "REDIS_URL", "TWILIO_API_BASE")}
    with house.processes() as pids, Process(DRAFT, env, LOG) as draft:
        for number in range(ROUNDS + 1):
            if number == 1:
                costs = Costs()  # the first round has warmed up
            send(house, pids, f"round {number}", costs)
            send_naively(house, draft.process.pid, recipients[number * FEW : (number + 1) * FEW], costs)
        return costs, empty_job(house, pids)


def report(name: str, costs: Costs, empty: float) -> None:
    """The table's rows of one database."""
    ours, draft, speed = median(costs.ours), median(costs.draft), median(costs.speed)
    ratio, most, queue = draft / ours, IN_FLIGHT / LATENCY, empty * median(costs.jobs)
    show(name, "CPU of a message, µs", f"{1e6 * ours:.0f}")
    show(name, "CPU of a message of the first draft, µs", f"{1e6 * draft:.0f}")
    show(name, "first draft ÷ ours", f"{ratio:.1f}", "≥ 20", ratio >= 20)
    show(name, "first draft ÷ ours, with Redis and PostgreSQL", f"{median(costs.all_draft) / median(costs.all_ours):.1f}")
    show(name, "calls in flight at most", f"{costs.in_flight}", f"≤ {IN_FLIGHT}", costs.in_flight <= IN_FLIGHT)
    show(name, "messages a second, one worker", f"{speed:.0f}")
    show(name, "of in-flight ÷ latency, %", f"{100 * speed / most:.0f}", "≥ 75", speed >= 0.75 * most)
    show(name, "CPU of the queue for a message, µs", f"{1e6 * queue:.1f}", "≤ 15", queue <= 15e-6)


def main() -> None:
    head()
    with databases() as found, redis() as url, carrier(LATENCY) as network:
        assert url is not None, "this bench needs Redis"
        for name in found:
            if len(sys.argv) > 1 and name not in sys.argv[1:]:
                continue
            with stage(found[name], url, network) as house:
                report(name, *measure(house))


if __name__ == "__main__":
    main()
