"""The running API asked all that its description allows and much that it does not, step after step, by Schemathesis.

Nothing may answer with a server's error, or otherwise than the description says. Half the time goes to each database.
"""

import os
import subprocess
import sys
from pathlib import Path

from bot import tokens
from bot.runtime import machine_now, open_engine
from tests.bench.inbound import databases, environment
from tests.bench.load import Server

SECONDS = 600
SCHEMATHESIS = Path(sys.executable).parent / "schemathesis"
# What it takes for wrong need not be so for us, such as a number with blanks, and what the description allows may meet a shop
# that does not. A dialog that is retired can still be read, and an answer that is given again, by its Idempotency-Key, may name
# what has gone since. Whatever we answer, its shape is looked at all the same.
LEFT_OUT = "negative_data_rejection,positive_data_acceptance,use_after_free,ensure_resource_availability"


def fuzz(database: str, seconds: int) -> int:
    """The exit status of a run against a fresh web process on that database."""
    engine = open_engine(database)
    with engine.begin() as connection:
        token = tokens.create(connection, "fuzz", list(tokens.SCOPES), machine_now())
    engine.dispose()
    with Server("bot:create_app()", {**environment(database), "PARLEY_API_RATE": "1000000"}) as server:
        address = f"http://127.0.0.1:{server.port}/api/v1/openapi.json"
        command = [
            str(SCHEMATHESIS), "run", address, "--header", f"Authorization: Bearer {token}", "--exclude-checks", LEFT_OUT,
            "--max-time", str(seconds), "--request-timeout", "20", "--continue-on-failure", "--no-shrink",
        ]  # fmt: skip
        return subprocess.call(command, env={**os.environ, "SCHEMATHESIS_HOOKS": "tests.fuzz_hooks"})


def main() -> None:
    with databases() as found:
        chosen = {name: url for name, url in found.items() if len(sys.argv) < 2 or name in sys.argv[1:]}
        raise SystemExit(max(fuzz(url, SECONDS // len(chosen)) for url in chosen.values()))


if __name__ == "__main__":
    main()
