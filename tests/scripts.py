"""A shop of a test's own dialogs, each opened by a keyword that is its name."""

from pathlib import Path

from bot.shop import load_shop
from tests.house import SHOP, House


def publish(house: House, folder: Path, interrupting: str = "", **dialogs: str) -> None:
    """Load the tests' shop with these dialogs and no others (name → its YAML without the name). Again: a new version."""
    for name, script in dialogs.items():
        (folder / f"{name}.yaml").write_text(f"name: {name}\nkind: reply\n{script}", encoding="utf-8")
    keywords = [
        f"{{phrases: {name}, dialog: {name}, interrupts: {str(name == interrupting).lower()}}}" for name in dialogs
    ]
    head = SHOP.read_text(encoding="utf-8").partition("dialogs:")[0]
    files = ", ".join(f"{name}.yaml" for name in dialogs)
    (folder / "shop.yaml").write_text(f"{head}dialogs: [{files}]\nkeywords: [{', '.join(keywords)}]\n", encoding="utf-8")
    with house.runtime.begin() as connection:
        load_shop(connection, folder / "shop.yaml")
