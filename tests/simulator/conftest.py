"""A carrier and a shop for each module, forgetful between tests."""

from collections.abc import Iterator

import pytest

from tests.carrier import SimulatedCarrier, sender
from tests.simulator.cast import ADVANCED, ANA, BO, PATIENT, POOLED, PUBLIC, SELF, SERVICE, TOLLFREE
from tests.simulator.shop import Answer, Shop


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
            sender(f"{inbound}?shop=%C3%A9#rc=2&rp=all&rt=2000", number=PATIENT),
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
