"""Five thousand copies of one webhook at once, from 64 clients to two processes: one row, one turn, one reply."""

from sqlalchemy import func, select

from bot.runtime import open_engine
from models import Conversation, Message
from tests.bench.inbound import databases, environment, form
from tests.bench.load import Server, sign
from tests.carrier import AUTH_TOKEN

COPIES, CLIENTS = 5_000, 64
BASE, INBOUND = "https://bench.example.org", "/webhooks/twilio/inbound"


def main() -> None:
    print(f"{'':12}{'copies/s':>10}{'rows':>6}{'turns':>7}{'replies':>9}{'2xx':>7}")
    with databases() as found:
        for name in ("postgresql", "sqlite"):
            one = sign(BASE, INBOUND, form(1, 1, "BEGIN"), AUTH_TOKEN)
            with Server("bot:create_app()", environment(found[name]), workers=2, threads=8) as parley:
                _, seconds, answers = parley.load([one] * COPIES, CLIENTS)
            engine = open_engine(found[name])
            with engine.connect() as connection:
                rows = connection.scalar(select(func.count()).where(Message.direction == "in"))
                turns = connection.scalar(select(func.sum(Conversation.step) + func.count()))
            engine.dispose()
            replies = sum("<Message" in answer for answer in answers)
            good = sum(answer.startswith("200") for answer in answers)
            print(f"{name:12}{COPIES / seconds:10.0f}{rows:6}{turns:7}{replies:9}{good:7}", flush=True)
            assert (rows, turns, replies, good) == (1, 1, 1, COPIES)


if __name__ == "__main__":
    main()
