"""What a monitor may ask, and the jump of business time that only the simulated carrier may ask for."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from bot import create_app
from bot.processes import QUEUES, beat, worker
from bot.runtime import open_redis, open_runtime
from tests.house import House, settings

CLOCK = "/phone/clock"


def app_on(database: str, **more: Any) -> Any:
    """A client of an application on this database."""
    return create_app(open_runtime(settings(database, "http://127.0.0.1:1", "http://127.0.0.1:9", **more))).test_client()


def ready(client: Any) -> tuple[int, dict[str, str]]:
    response = client.get("/readyz")
    return response.status_code, response.get_json()


def test_healthz_answers_without_touching_the_database(house: House) -> None:
    """Not one statement; and it answers where there is no database at all."""
    with house.statements() as seen:
        assert house.app.test_client().get("/healthz").get_json() == {"status": "ok"}
    assert seen == []
    assert app_on("sqlite:////nowhere/parley.db").get("/healthz").status_code == 200


def test_readyz_reports_silent_processes_and_is_still_ready(house: House) -> None:
    """A worker that is down must not take the web process off the air."""
    client = house.app.test_client()
    known = {"database": "up", "schema": "current", "redis": "off"}
    assert ready(client) == (200, {"status": "degraded", "worker": "down", "clock": "down", **known})
    for queue in QUEUES:
        beat(house.runtime, worker(queue))
    beat(house.runtime, "clock")
    assert ready(client) == (200, {"status": "ok", "worker": "up", "clock": "up", **known})


def test_readyz_reports_a_redis_that_does_not_answer(house: House) -> None:
    """Texts are answered without it, so this too is a 200."""
    object.__setattr__(house.runtime, "redis", open_redis("unix:///nowhere/redis.sock"))
    code, said = ready(house.app.test_client())
    assert (code, said["status"], said["redis"]) == (200, "degraded", "down")


@pytest.mark.parametrize("address", ["sqlite:////nowhere/parley.db", "postgresql://nobody@127.0.0.1:1/nothing"])
def test_readyz_is_503_without_a_database(address: str) -> None:
    """Nothing that comes in could be kept."""
    assert ready(app_on(address)) == (503, {"status": "down", "database": "down"})


def test_readyz_is_503_on_the_schema_of_another_version(house: House) -> None:
    """And says what to do."""
    with house.runtime.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    code, said = ready(house.app.test_client())
    assert (code, said) == (503, {"status": "down", "database": "up", "schema": "run: parley db upgrade"})


def test_readyz_tells_a_database_without_tables_from_none(tmp_path: Path) -> None:
    """It is up, and its tables are to be made."""
    assert ready(app_on(f"sqlite:///{tmp_path}/empty.db"))[1]["database"] == "up"


@pytest.mark.parametrize("headers", [{}, {"X-Twilio-Signature": "bm8="}])
def test_business_time_jumps_only_when_the_carrier_signs(house: House, headers: dict[str, str]) -> None:
    """Who could move it could end every conversation."""
    before = ahead(house)
    response = house.post(CLOCK, {"seconds": "3600"}, sign=False, **headers)
    assert response.status_code == 403
    assert ahead(house) == before
    assert house.post(CLOCK, {"seconds": "3600"}).status_code == 200
    assert ahead(house) == before + 3600


@pytest.mark.parametrize("seconds", ["-1", "", "1e3", "1.5", "²", "٣", "99999999999"])
def test_business_time_jumps_by_whole_seconds_and_never_back(house: House, seconds: str) -> None:
    """400, and the clock stays."""
    before = ahead(house)
    assert house.post(CLOCK, {"seconds": seconds}).status_code == 400
    assert ahead(house) == before


def test_on_a_real_carrier_there_is_no_phone_and_no_jump(database: str) -> None:
    """Not even a refusal."""
    client = app_on(database, PARLEY_CARRIER="twilio", twilio_api_base=None)
    assert [client.get("/phone").status_code, client.post(CLOCK).status_code] == [404, 404]


def ahead(house: House) -> float:
    """Seconds that business time is ahead of machine time."""
    with house.runtime.read() as connection:
        return (house.runtime.now(connection) - house.runtime.machine_now()).total_seconds().__round__()
