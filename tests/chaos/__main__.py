"""`make chaos`: one long run on PostgreSQL, one on SQLite, their table on the page, status 1 if any promise was broken."""

import argparse
import os
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

from bot.runtime import open_engine
from bot.schema import upgrade
from tests.chaos import report
from tests.chaos.databases import Borrowed, Database, File, Postgres
from tests.chaos.redis import Redis
from tests.chaos.run import Outcome, Size, run

SIZES = {
    "PostgreSQL": Size(3400, 3, leavers=340, talkers=130, kills=160, seconds=330, parts_per_second=45),
    "SQLite": Size(1400, 3, leavers=310, talkers=130, kills=70, seconds=270, parts_per_second=25),
}


def open_database(name: str, folder: Path) -> Database:
    """An empty database with our tables."""
    borrowed = os.environ.get("TEST_DATABASE_URL")
    database: Database = File(f"sqlite:///{folder / 'parley.db'}")
    if name == "PostgreSQL":
        database = Borrowed(borrowed) if borrowed else Postgres(folder)
    engine = open_engine(database.url)
    upgrade(engine)
    engine.dispose()
    return database


def play(name: str, size: Size, seed: int) -> Outcome:
    """A run on a database of its own, told as it goes."""
    begun, folder = time.monotonic(), Path(tempfile.mkdtemp(prefix="parley-chaos-"))
    database, redis = open_database(name, folder), Redis()

    def tell(line: str) -> None:
        print(f"{name} {time.monotonic() - begun:4.0f} s  {line}", flush=True)

    try:
        return run(database, redis, size, seed, tell)
    finally:
        database.stop()
        redis.stop()
        shutil.rmtree(folder, ignore_errors=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("databases", nargs="*", help="PostgreSQL, SQLite; both by default")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="of the faults and of what people do")
    asked = parser.parse_args()
    print(f"seed {asked.seed}")
    outcomes = {name: play(name, SIZES[name], asked.seed) for name in asked.databases or SIZES}
    rows = [report.figures(name, asked.seed, outcome) for name, outcome in outcomes.items()]
    print(report.table(rows))
    if not asked.databases:
        report.write(rows, outcomes)
    broken = [f"{name}: {promise}: {case}" for name, outcome in outcomes.items()
              for promise, cases in outcome.broken.items() for case in cases[:20]]  # fmt: skip
    if broken:
        print("\n".join(["", *broken, *(outcome.logs for outcome in outcomes.values())]))
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
