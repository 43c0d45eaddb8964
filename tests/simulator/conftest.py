"""A carrier and a shop for each module, forgetful between tests; a Chromium for the page."""

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.carrier import SimulatedCarrier, sender
from tests.simulator.cast import ADVANCED, ANA, BO, PATIENT, POOLED, PUBLIC, SELF, SERVICE, TOLLFREE
from tests.simulator.shop import Answer, Shop

CHROMIUM_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


@pytest.fixture(scope="module")
def _shop() -> Iterator[Shop]:
    shop = Shop()
    yield shop
    shop.close()


@pytest.fixture(scope="module")
def _carrier(_shop: Shop) -> Iterator[SimulatedCarrier]:
    inbound = f"{_shop.url}/inbound"
    with SimulatedCarrier(
        senders=[
            sender(inbound, hint=["JOIN"], sign_base=PUBLIC),
            sender(inbound, number=ADVANCED, opt_out="advanced", service_sid=SERVICE),
            sender(inbound, number=TOLLFREE, opt_out="tollfree", country="US"),
            sender(inbound, number=SELF, opt_out="self"),
            sender(inbound, number=POOLED, service_sid=SERVICE, fallback_url=f"{_shop.url}/fallback"),
            sender(f"{inbound}?shop=%C3%A9#rc=2&rp=all&rt=300", number=PATIENT),
        ],
        handsets=[{"number": ANA, "name": "Ana", "country": "FR"}, {"number": BO, "name": "Bo", "country": "FR"}],
        clock_url=f"{_shop.url}/phone/clock",
    ) as carrier:
        yield carrier


@pytest.fixture
def shop(_shop: Shop) -> Shop:
    _shop.calls.clear()
    _shop.answers = {"/inbound": Answer(), "/fallback": Answer()}
    return _shop


@pytest.fixture
def carrier(_carrier: SimulatedCarrier, shop: Shop) -> SimulatedCarrier:
    _carrier.reset()
    return _carrier


# Not for the session: while it runs, its event loop keeps every other test from starting one.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        why = "no Chromium on PATH: install it from the system's packages to test the pages"
        if os.environ.get("PARLEY_TESTS_MUST_NOT_SKIP") == "1":
            pytest.fail(why)
        pytest.skip(why)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()
