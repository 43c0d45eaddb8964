"""How long people wait for an answer while four status callbacks of every message of a campaign rain down on the server.

Texts arrive at fixed instants whatever the server does, and each is timed from its instant, so that a pause of the server
counts for all who wait through it. Quiet and stormy stretches alternate.
"""

import http.client
import multiprocessing
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from statistics import median, quantiles

from sqlalchemy import select, update

from bot.embedded import redis
from models import Message
from tests.bench.audience import FIRST_PHONE, grow
from tests.bench.carrier import carrier
from tests.bench.inbound import BASE, INBOUND, OURS, STATUS, databases, form
from tests.bench.load import Request, Server, sign
from tests.bench.stage import Stage, stage, wait
from tests.carrier import ACCOUNT_SID, AUTH_TOKEN

ROUNDS, STRETCH_FOR = 3, 10  # seconds
TEXTS, MESSAGES = 25, 100  # a second; the latter is what a short code sends
WORDS = ("queued", "sending", "sent", "delivered")
AT_ONCE = 16  # connections of the carrier
WORKERS = {"postgresql": 2, "sqlite": 1}  # web processes


def texts(first: int, count: int) -> list[Request]:
    """A first text of as many people."""
    forms = (form(i, 0, "BEGIN") | {"From": f"+{FIRST_PHONE + i}"} for i in range(first, first + count))
    return [sign(BASE, INBOUND, one, AUTH_TOKEN) for one in forms]


def statuses(messages: list[tuple[int, str]]) -> list[Request]:
    """All callbacks of these messages (our id, the carrier's), as a carrier's network mixes them."""
    made = []
    for word in WORDS:
        for number, sid in messages:
            given = {"MessageSid": sid, "SmsSid": sid, "AccountSid": ACCOUNT_SID, "MessageStatus": word, "SmsStatus": word,
                     "From": OURS, "To": "+33612340000", "ApiVersion": "2010-04-01"}  # fmt: skip
            made.append(sign(BASE, STATUS.format(number), given, AUTH_TOKEN))
    return made


def post(port: int, requests: list[Request], rate: float) -> list[float]:
    """Post so many a second, whatever the server does: seconds from each one's instant to its answer."""
    lines, began = threading.local(), time.monotonic() + 0.1

    def one(number: int) -> float:
        instant = began + number / rate
        time.sleep(max(0.0, instant - time.monotonic()))
        if not hasattr(lines, "line"):
            lines.line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        request = requests[number]
        headers = {"X-Twilio-Signature": request.signature, "Content-Type": "application/x-www-form-urlencoded"}
        lines.line.request("POST", request.path, request.body, headers)
        answer = lines.line.getresponse()
        answer.read()
        assert answer.status == 200, answer.status
        return time.monotonic() - instant

    with ThreadPoolExecutor(AT_ONCE) as threads:
        return list(threads.map(one, range(len(requests))))


@contextmanager
def raining(port: int, messages: list[tuple[int, str]]) -> Iterator[None]:
    """Meanwhile their callbacks come, from a process of its own."""
    rain = multiprocessing.get_context("spawn").Process(target=post, args=(port, statuses(messages), 4 * MESSAGES))
    rain.start()
    time.sleep(1)  # until it has begun
    yield
    rain.join()
    assert rain.exitcode == 0


def fetched(house: Stage) -> None:
    """The answers have reached the people: nobody tells the server in this bench, and it would ask about each."""
    with house.runtime.begin() as connection:
        open_ones = update(Message).where(Message.state.in_(("answered", "unknown")))
        connection.execute(open_ones.values(state="sent", lease_until=None))


def measure(house: Stage, port: int, messages: list[tuple[int, str]]) -> tuple[list[float], list[float]]:
    """Seconds to an answer, in quiet and in stormy stretches."""
    quiet: list[float] = []
    storm: list[float] = []
    count, share = TEXTS * STRETCH_FOR, len(messages) // ROUNDS
    post(port, texts(2 * ROUNDS * count + 1, count), TEXTS)  # warms up
    for number in range(ROUNDS):
        first = 2 * number * count
        fetched(house)
        quiet += post(port, texts(first + 1, count), TEXTS)
        fetched(house)
        with raining(port, messages[number * share : (number + 1) * share]):
            storm += post(port, texts(first + count + 1, count), TEXTS)
    return quiet, storm


def messages(house: Stage) -> list[tuple[int, str]]:
    """The messages of a campaign that has just been sent."""
    sent, campaign_id = MESSAGES * (STRETCH_FOR + 2) * ROUNDS, house.launch("storm")
    wait(lambda: house.sent(campaign_id) == sent)
    with house.runtime.read() as connection:
        mine = select(Message.id, Message.sid).where(Message.campaign_id == campaign_id, Message.sid.is_not(None))
        return [(row.id, row.sid) for row in connection.execute(mine)]


def main() -> None:
    print(f"{'':12}{'quiet p50':>11}{'p99 ms':>8}{'storm p50':>11}{'p99 ms':>8}{'× quiet':>9}{'target':>8}")
    with databases() as found, redis() as redis_url, carrier(0) as network:
        assert redis_url is not None
        for name, workers in WORKERS.items():
            if len(sys.argv) > 1 and name not in sys.argv[1:]:
                continue
            with stage(found[name], redis_url, network) as house, house.processes():
                grow(house.runtime.engine, MESSAGES * (STRETCH_FOR + 2) * ROUNDS)
                sent = messages(house)
                with Server("bot:create_app()", house.env, workers, threads=8) as web:
                    quiet, storm = measure(house, web.port, sent)
            (calm, worst), (middle, worse) = (
                (1000 * median(times), 1000 * quantiles(times, n=100)[98]) for times in (quiet, storm)
            )
            print(f"{name:12}{calm:11.1f}{worst:8.1f}{middle:11.1f}{worse:8.1f}{worse / worst:9.2f}{'≤ 3':>8}", flush=True)


if __name__ == "__main__":
    main()
