"""The command line, as an operator types it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.cli import main
from tests.carrier import ACCOUNT_SID, AUTH_TOKEN, SimulatedCarrier

Parley = Callable[..., Result]


@pytest.fixture
def parley(
    request: pytest.FixtureRequest, dialect: str, carrier: SimulatedCarrier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Parley:
    """Runs `parley` with these words, in a folder of its own: on the database of the house, or on an empty one."""
    monkeypatch.chdir(tmp_path)
    database = request.getfixturevalue("stocked" if "house" in request.fixturenames else "database")
    environment = {
        "DATABASE_URL": database, "SECRET_KEY": "s" * 40, "BASE_URL": "http://127.0.0.1:8000", "REDIS_URL": None,
        "TWILIO_ACCOUNT_SID": ACCOUNT_SID, "TWILIO_AUTH_TOKEN": AUTH_TOKEN, "PARLEY_CARRIER": "simulated",
        "TWILIO_API_BASE": carrier.url,
    }  # fmt: skip
    return lambda *words, **more: CliRunner().invoke(main, words, env={**environment, **more.pop("env", {})}, **more)
