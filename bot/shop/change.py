"""Changes of one part of the shop: settings, topics, senders, keywords. Each is tried on the whole shop before it is made.

Whoever changes the shop comes one after the other; running processes see it with their next look at the catalogue.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, delete, select, update

from bot import pictures
from bot.catalogue import touch
from bot.shop.check import ground
from bot.shop.current import TABLES, Current, NoSuch, lock, locked, news, settings
from bot.shop.spec import KeywordPart, SenderPart, SettingsPart, ShopError, TopicPart
from bot.shop.store import put_sender, put_settings, put_topic
from bot.shop.uses import InUse, of_field, of_other_types, of_sender, of_topic, of_types
from dialogs.load import Problem
from models import Keyword, Sender, Topic, insert


def change_settings(connection: Connection, said: SettingsPart) -> None:
    """Give the shop other settings. Raises NoShop, ShopError with all that is wrong, or InUse for a field.

    A field that something needs cannot be left out; one gets no type that the values of contacts do not fit.
    """
    before = locked(connection)
    after = before.saying(**dict(said))
    found = news(before, after, lambda one: one.path.split(".")[0] in SettingsPart.model_fields)
    if found:
        raise ShopError(found)
    for field in sorted(dict(before.ground.fields).keys() - dict(after.ground.fields).keys()):
        _unless(f"`{field}`: {reason}" for reason in of_field(connection, field, before.ground, after.ground))
    _unless(reason for _, reason in of_types(connection, said.fields))
    if set(after.ground.fields) - set(before.ground.fields):
        _unless(of_other_types(connection, before.ground, after.ground))
    put_settings(connection, said)
    touch(connection)


def change_some(connection: Connection, **parts: Any) -> tuple[SettingsPart, SettingsPart]:
    """Change some of the settings and leave the others as they are; before and after. Raises as `change_settings`."""
    lock(connection)
    before = settings(connection)
    after = SettingsPart.model_validate({**before.model_dump(), **parts})
    change_settings(connection, after)
    return before, after


def change_topic(connection: Connection, slug: str, topic: TopicPart) -> bool:
    """Make or change a topic; whether it is new. Raises NoShop, ShopError."""
    before = locked(connection)
    _refuse(before, before.saying(topics={**before.shop.topics, slug: topic}), f"topics.{slug}.")
    put_topic(connection, slug, topic)
    touch(connection)
    return slug not in before.shop.topics


def drop_topic(connection: Connection, slug: str) -> None:
    """Let a topic go that nobody is in for and nothing names. Raises NoShop, NoSuch, InUse."""
    before = locked(connection)
    if slug not in before.shop.topics:
        raise NoSuch("topic")
    connection.execute(select(Topic.id).where(Topic.slug == slug).with_for_update())  # nobody gets in from here on
    others = {name: topic for name, topic in before.shop.topics.items() if name != slug}
    without = before.shop.model_copy(update={"topics": others})
    _unless([] if others else ["it is the last one"])
    _unless(of_topic(connection, slug, before.ground, ground(without, before.scripts)))
    connection.execute(delete(Topic).where(Topic.slug == slug))
    touch(connection)


def change_sender(connection: Connection, sender: SenderPart) -> bool:
    """Make or change a number of ours; whether it is new. Raises NoShop, ShopError."""
    before = locked(connection)
    others = [one for one in before.shop.senders if one.number != sender.number]
    _refuse(before, before.saying(senders=[*others, sender]), f"senders.{len(others)}.")
    put_sender(connection, sender)
    touch(connection)
    return len(others) == len(before.shop.senders)


def drop_sender(connection: Connection, number: str) -> None:
    """Let a number of ours go from which nothing leaves any more. Raises NoShop, NoSuch, InUse."""
    numbers = [sender.number for sender in locked(connection).shop.senders]
    if number not in numbers:
        raise NoSuch("sender")
    _unless(["it is the last one"] if numbers == [number] else of_sender(connection, number))
    connection.execute(delete(Sender).where(Sender.number == number))
    touch(connection)


def make_keyword(connection: Connection, keyword: KeywordPart) -> int:
    """Make a keyword; its id. Raises NoShop, ShopError."""
    _try_keyword(locked(connection), 0, keyword)
    _has_picture(connection, keyword)
    made = connection.scalar(insert(Keyword).values(**keyword.model_dump()).returning(Keyword.id))
    touch(connection)
    return int(made or 0)


def change_keyword(connection: Connection, keyword_id: int, keyword: KeywordPart) -> None:
    """Say a keyword anew. Raises NoShop, NoSuch, ShopError."""
    before = locked(connection)
    if keyword_id not in before.keywords:
        raise NoSuch("keyword")
    _try_keyword(before, keyword_id, keyword)
    _has_picture(connection, keyword)
    connection.execute(update(Keyword).where(Keyword.id == keyword_id).values(**keyword.model_dump()))
    touch(connection)


def drop_keyword(connection: Connection, keyword_id: int) -> None:
    """Let a keyword go; its dialog stays. Raises NoShop, NoSuch."""
    if keyword_id not in locked(connection).keywords:
        raise NoSuch("keyword")
    connection.execute(delete(Keyword).where(Keyword.id == keyword_id))
    touch(connection)


def _try_keyword(before: Current, keyword_id: int, keyword: KeywordPart) -> None:
    """Collisions are told of the later of two keywords, so the new one comes last."""
    others = {id_: one for id_, one in before.keywords.items() if id_ != keyword_id}
    old = {id_: one for id_, one in before.keywords.items() if id_ == keyword_id}
    before = before.saying([*others, *old], keywords=[*others.values(), *old.values()])
    after = before.saying([*others, keyword_id], keywords=[*others.values(), keyword])
    _refuse(before, after, f"keywords.{len(others)}.")


def _has_picture(connection: Connection, keyword: KeywordPart) -> None:
    """A picture of the shop is there, and stays: whoever deletes one waits for this transaction."""
    said = keyword.picture
    if said and said.startswith("/") and not pictures.there(connection, said):
        raise ShopError([Problem(str(TABLES), 1, "picture", "there is no such picture")])


def _refuse(before: Current, after: Current, part: str) -> None:
    """`part`: where the changed part stands; what is wrong with it is told as it stands in the part itself."""
    found = news(before, after, lambda one: one.path.startswith(part))
    if found:
        raise ShopError([replace(one, path=one.path.removeprefix(part)) for one in found])


def _unless(reasons: Iterable[str]) -> None:
    if found := list(reasons):
        raise InUse("; ".join(found))
