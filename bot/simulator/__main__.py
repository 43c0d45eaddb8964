"""`python -m bot.simulator`: start the simulated carrier."""

import argparse
import asyncio
from pathlib import Path

from bot.simulator.config import load
from bot.simulator.server import serve


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bot.simulator", description=__doc__)
    parser.add_argument("--port", type=int, default=9000, help="where to listen on 127.0.0.1; 0 = any free port")
    parser.add_argument("--config", type=Path, required=True, help="JSON file: senders, handsets, crowd, faults")
    parser.add_argument("--journal", type=Path, help="append every event to this file, one JSON object a line")
    given = parser.parse_args()
    try:
        config = load(given.config)
    except (OSError, ValueError, TypeError) as wrong:
        parser.error(f"{given.config}: {wrong}")
    asyncio.run(serve(config, given.port, given.journal))


if __name__ == "__main__":
    main()
