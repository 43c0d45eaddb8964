"""What one contact was told is said again to another only if nothing that the text depends on is different."""

from itertools import product
from types import SimpleNamespace

import pytest

from bot.campaigns.words import Words
from bot.catalogue import catalogue
from tests.house import House

TEMPLATES = {
    "a value": "ACME {{ contact.first_name }} STOP",
    "a default from another value": "ACME {{ contact.first_name | default: contact.city }} STOP",
    "a condition": "ACME {% if contact.city == 'Lyon' %}chez nous{% else %}ailleurs{% endif %} STOP",
    "a name for a value": "ACME {% assign x = contact.city %}{{ x | default: 'vous' }} STOP",
    "a value by the name in another": "ACME {{ contact[contact.first_name] | default: 'vous' }} STOP",
    "a loop": "ACME {% for pair in contact %}.{% endfor %} STOP",
    "bad Liquid": "ACME {{ contact.first_name STOP",
}
VALUES = (None, "Lyon", "city", 1, 1.0, True, " ")


@pytest.mark.parametrize("name", TEMPLATES)
def test_who_has_other_values_gets_another_text(house: House, name: str) -> None:
    campaign = SimpleNamespace(texts={"": TEMPLATES[name]}, topic="offers", kind="marketing", ours=None)
    with house.runtime.read() as connection:
        shop = catalogue(connection)
    words = Words(campaign, shop)
    for first_name, city in product(VALUES, repeat=2):
        values = {"first_name": first_name, "city": city}
        assert words.fill("fr", "+33937000001", values) == Words(campaign, shop).fill("fr", "+33937000001", values)
