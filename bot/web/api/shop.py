"""The shop: its settings, what people say yes or no to, and the numbers it texts from. All as its file has them."""

from typing import Any

from pydantic import Field, TypeAdapter, ValidationError

from bot import shop
from bot.shop.spec import SenderPart, SettingsPart, TopicPart
from bot.web.api.operations import Call, operation
from bot.web.api.paging import Page, PageQuery, page
from bot.web.api.problems import invalid, wrong
from dialogs.parts import Name
from models import Sender, Topic

SETTINGS = {
    "brand": "ACME", "contact_line": "+33 1 23 45 67 89", "zone": "Europe/Paris", "country": "FR", "languages": ["fr", "en"],
    "texts": {"help": {"fr": "{{ brand }} : appelez {{ contact_line }}", "en": "{{ brand }}: call {{ contact_line }}"}},
    "fields": [{"name": "postcode", "purpose": "To tell people about shops near them only"}],
}  # fmt: skip
TOPIC = {
    "names": {"fr": "nos offres", "en": "our offers"}, "frequencies": {"fr": "2 par mois au plus", "en": "at most 2 a month"},
    "fees": {"fr": "prix d'un SMS", "en": "Msg & data rates may apply"}, "contacts": {"": "hello@acme.example"},
    "proof": "double",
}  # fmt: skip
SENDER = {"number": "+33937000001", "country": "FR", "opt_out": "self", "parts_per_second": 10}
_SLUG: TypeAdapter[str] = TypeAdapter(Name)


class TopicOut(TopicPart):
    """A topic, and how everything else calls it."""

    slug: Name = Field(description="In segments, campaigns, dialogs and consent.")


@operation("GET", "/shop", scope="shop:read", answer=SettingsPart)
def get_shop(call: Call) -> SettingsPart:
    """Who is talking: brand, place, languages, what the shop says by itself, and what it remembers of people."""
    return shop.settings(call.connection)


@operation("PUT", "/shop", scope="shop:write", body=SettingsPart, answer=SettingsPart, example=SETTINGS)
def put_shop(call: Call) -> SettingsPart:
    """Give the shop other settings, all of them.

    A language can be added once topics and dialogs speak it. Texts that are left out are said as every new shop says them.
    Fields that are left out are filled and said no longer, unless something needs them: 409 says what. What was remembered in
    them stays with the contacts until they are erased.
    """
    shop.change_settings(call.connection, call.body)
    return shop.settings(call.connection)


@operation("GET", "/topics", scope="shop:read", query=PageQuery, answer=Page[TopicOut])
def list_topics(call: Call) -> Page[TopicOut]:
    """All topics, page by page."""
    return page(shop.page(call.connection, Topic, call.query.cursor, call.query.limit + 1), call.query, _topic)


@operation("GET", "/topics/<slug>", scope="shop:read", answer=TopicOut)
def get_topic(call: Call, slug: str) -> TopicOut:
    """One topic."""
    return _topic(shop.one(call.connection, Topic.slug, slug))


@operation("PUT", "/topics/<slug>", scope="shop:write", body=TopicPart, answer=TopicOut, also=(201,), example=TOPIC)
def put_topic(call: Call, slug: str) -> TopicOut:
    """Make or change a topic. 201 when it is new.

    One that changes from `single` to `double` needs a second yes from then on: consents that were given with one stay in force.
    """
    try:
        _SLUG.validate_python(slug)
    except ValidationError as error:
        raise invalid(error, "slug") from None
    call.status = 201 if shop.change_topic(call.connection, slug, call.body) else 200
    return get_topic(call, slug)


@operation("DELETE", "/topics/<slug>", scope="shop:write")
def delete_topic(call: Call, slug: str) -> None:
    """Let a topic go, unless people are in for it, or a campaign, a segment or a dialog is about it: 409 says how many."""
    shop.drop_topic(call.connection, slug)


@operation("GET", "/senders", scope="shop:read", query=PageQuery, answer=Page[SenderPart])
def list_senders(call: Call) -> Page[SenderPart]:
    """All numbers of ours, page by page."""
    return page(shop.page(call.connection, Sender, call.query.cursor, call.query.limit + 1), call.query, _sender)


@operation("GET", "/senders/<number>", scope="shop:read", answer=SenderPart)
def get_sender(call: Call, number: str) -> SenderPart:
    """One number of ours."""
    return _sender(shop.one(call.connection, Sender.number, number))


@operation("PUT", "/senders/<number>", scope="shop:write", body=SenderPart, answer=SenderPart, also=(201,), example=SENDER)
def put_sender(call: Call, number: str) -> SenderPart:
    """Make or change a number of ours. 201 when it is new."""
    if call.body.number != number:
        raise wrong(("number", "is not the one in the address"))
    call.status = 201 if shop.change_sender(call.connection, call.body) else 200
    return get_sender(call, number)


@operation("DELETE", "/senders/<number>", scope="shop:write")
def delete_sender(call: Call, number: str) -> None:
    """Let a number of ours go, unless texts or campaigns wait to leave from it, or it is the last."""
    shop.drop_sender(call.connection, number)


def _topic(row: Any) -> TopicOut:
    return TopicOut(**shop.said(TopicOut, row))


def _sender(row: Any) -> SenderPart:
    return SenderPart(**shop.said(SenderPart, row))
