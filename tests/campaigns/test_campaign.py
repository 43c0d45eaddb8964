"""A campaign from draft to balance: everybody once, and everybody accounted for."""

from tests.crowd import balance, join, number, run, state, texts
from tests.house import House


def test_everybody_who_agreed_gets_it_once(house: House) -> None:
    """Sent, and the balance says so."""
    join(house.runtime, map(number, range(30)))
    campaign = run(house)
    assert state(house, campaign) == "finished"
    found = balance(house, campaign)
    assert (found.intended, found.sent) == (30, 30)
    assert all(len(house.received(number(n))) == 1 for n in range(30))
    assert house.received(number(7)) == ["ACME : bonjour 000007, -20 % ce week-end. STOP pour arrêter."]
    assert len(texts(house, campaign)) == 30
