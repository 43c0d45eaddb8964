"""How a webhook address is signed, reached, and how patiently it is called."""

import pytest

from bot.simulator.addresses import Addresses, Patience, patience
from bot.simulator.config import Sender

ALL = frozenset({"all"})


@pytest.mark.parametrize(
    ("fragment", "wanted"),
    [
        ("", Patience(5, 15, 15, 1, frozenset({"ct"}))),
        ("#rc=2&rp=all", Patience(5, 15, 15, 2, ALL)),
        ("#rc=9&ct=50&rt=1000&tt=99999&rp=4xx,rt", Patience(0.1, 1, 15, 5, frozenset({"4xx", "rt"}))),
        ("#rc=many&ct=soon&sni=y", Patience(5, 15, 15, 1, frozenset({"ct"}))),
    ],
)
def test_the_fragment_says_how_patiently(fragment: str, wanted: Patience) -> None:
    assert patience(f"https://shop.example/in?a=1{fragment}") == wanted


def test_behind_a_proxy_the_public_address_is_signed_and_the_local_one_reached() -> None:
    local, public = "http://127.0.0.1:8000", "https://shop.example/base"
    addresses = Addresses([Sender("+33937000001", f"{local}/in?q=%C3%A9#rc=2", sign_base=f"{public}/")])
    assert addresses.signed(f"{local}/in?q=%C3%A9#rc=2") == f"{public}/in?q=%C3%A9"
    assert addresses.reached(f"{public}/status/7#rp=all") == f"{local}/status/7"
    assert addresses.signed("https://elsewhere.example/a#b") == "https://elsewhere.example/a"
