"""What is wrong with words before anybody gets them: their topic, the number that says them, and the text in each language."""

from collections.abc import Iterator, Mapping
from types import SimpleNamespace
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from sqlalchemy import Connection, select

from bot.campaigns.words import Unsaid, Words
from bot.catalogue import Catalogue
from bot.settings import is_loopback
from bot.shop.check import NAMES
from bot.text.merge import BadTemplate, tag_uses
from models import Field
from models.field import SAMPLES

# What a text must say, in words for whoever left it out.
MENTIONS = {
    "no STOP mention": "a text that sells must say how to leave: name STOP",
    "no brand": "a text must say who is writing: name the brand, or {{ brand }}",
}


LONGEST_ADDRESS = 2_000  # characters, as in a dialog


class Problem(NamedTuple):
    """What is wrong, and with which field: `texts.fr`."""

    field: str
    message: str


def wrong_words(connection: Connection, shop: Catalogue, said: Any) -> Iterator[Problem]:
    """All that is wrong with what is `said`: its topic, texts, kind and ours, as in a draft."""
    if said.topic not in shop.topics:
        yield Problem("topic", f"there is no topic {said.topic!r}, only {', '.join(shop.topics)}")
    if said.ours is not None and said.ours not in shop.senders:
        yield Problem("ours", f"{said.ours} is none of our numbers")
    missing = [lang for lang in shop.shop.languages if lang not in said.texts] if "" not in said.texts else []
    if missing:
        yield Problem("texts", f"this is not said in: {', '.join(missing)}")
    fields = {row.name: row.type for row in connection.execute(select(Field.name, Field.type))}
    for lang, template in said.texts.items():
        if lang and lang not in shop.shop.languages:
            yield Problem(f"texts.{lang}", f"the shop speaks {', '.join(shop.shop.languages)}")
        for message in _wrong_text(shop, said, lang, template, fields):
            yield Problem(f"texts.{lang}" if lang else "texts", message)


def can_be_fetched(address: str) -> bool:
    """Whether a carrier can fetch a picture there: over https, or in the demo from this machine, which is its own BASE_URL."""
    try:
        parts = urlsplit(address)
        there = bool(parts.hostname) and "@" not in parts.netloc and (parts.port or 1) > 0
    except ValueError:
        return False
    plain = address.isascii() and address.isprintable() and " " not in address and len(address) <= LONGEST_ADDRESS
    return there and plain and (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(address)))


def _wrong_text(shop: Catalogue, wanted: Any, lang: str, template: str, fields: Mapping[str, str]) -> Iterator[str]:
    """Filled in with everything, and with nothing, it must still be a text that names its sender and the way out."""
    try:
        tags = [".".join(use.path) for use in tag_uses(template)]
    except BadTemplate as error:
        yield str(error)
        return
    unknown = [tag for tag in tags if tag not in NAMES and not (tag.startswith("contact.") and tag[8:] in fields)]
    for tag in dict.fromkeys(unknown):
        yield f"{{{{ {tag} }}}} is not a merge tag that can be filled in: there is no such field"
    if unknown or wanted.topic not in shop.topics:
        return
    one = SimpleNamespace(texts={"": template}, topic=wanted.topic, kind=wanted.kind, ours=None)
    for full in (True, False):
        values = {name: SAMPLES[type_] for name, type_ in fields.items()} if full else {}
        said = Words(one, shop).fill(lang or shop.shop.languages[0], next(iter(shop.senders)), values)
        if isinstance(said, Unsaid) and said.why in MENTIONS:
            yield MENTIONS[said.why]
            return
        if isinstance(said, Unsaid) and full:  # without values it may be unsayable: the preview counts who then gets nothing
            yield f"it cannot be said: {said.why}"
