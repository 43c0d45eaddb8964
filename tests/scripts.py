"""A shop of a test's own dialogs, each opened by a keyword that is its name."""

from pathlib import Path

from bot.consent.ledger import Ledger, Proof
from bot.contacts import meet
from bot.shop import load_shop
from tests.house import PEOPLE, SHOP, House


def publish(house: House, folder: Path, interrupting: str = "", **dialogs: str) -> None:
    """Load the tests' shop with these dialogs and no others (name → its YAML without the name). Again: a new version."""
    for name, script in dialogs.items():
        (folder / f"{name}.yaml").write_text(f"name: {name}\nkind: service\ntopic: orders\n{script}", encoding="utf-8")
    keywords = [
        f"{{phrases: {name}, dialog: {name}, interrupts: {str(name == interrupting).lower()}}}" for name in dialogs
    ]
    head = SHOP.read_text(encoding="utf-8").partition("dialogs:")[0]
    files = ", ".join(f"{name}.yaml" for name in dialogs)
    (folder / "shop.yaml").write_text(f"{head}dialogs: [{files}]\nkeywords: [{', '.join(keywords)}]\n", encoding="utf-8")
    with house.runtime.begin() as connection:
        load_shop(connection, folder / "shop.yaml")
    agree(house, "Bo")


def agree(house: House, *people: str) -> None:
    """These people agree to order news, the topic of such dialogs: what a dialog says when it wakes needs consent."""
    with house.runtime.begin() as connection:
        now = house.runtime.now(connection)
        for who in people:
            contact = meet(connection, PEOPLE.get(who, who), now)
            ledger = Ledger(connection, contact, house.runtime.suppression_key)
            ledger.opt_in("orders", Proof("order news?", "oui", None, "text"), now, "single")
