"""Can the reply of a keyword be said: to everybody, in every language of the shop, and in not too many parts?"""

from collections.abc import Iterator, Mapping
from typing import Any

from bot.catalogue import in_language
from bot.shop.spec import KeywordPart, ShopPart, TopicPart, Where
from bot.text.merge import BadTemplate, MissingTag, TagUse, render, tag_uses
from bot.text.parts import MOST_PARTS, measure
from dialogs.proof import LONG, WIDE

OWN_NAMES = frozenset({"brand", "contact_line", "sender"})  # what texts that belong to no dialog can always say
ABOUT = {"name": "names", "frequency": "frequencies", "fees": "fees", "contact": "contacts"}  # of a topic, by merge tag

Wrong = Iterator[tuple[Where, str]]


def wrong_reply(keyword: KeywordPart, shop: ShopPart, topics: Mapping[str, TopicPart]) -> Wrong:
    """All that is wrong with what a keyword says, or with its saying nothing, and where: a path in the keyword."""
    if (keyword.dialog is None) == (keyword.reply is None):
        yield ("reply" if keyword.reply else "dialog",), "a keyword opens a dialog or says a reply: exactly one of them"
    if keyword.reply is None:
        yield from _only_beside_a_reply(keyword)
        return
    if keyword.topic is not None and keyword.topic not in topics:
        yield ("topic",), f"there is no topic `{keyword.topic}`"
        return
    missing = [lang for lang in shop.languages if lang not in keyword.reply]
    if missing and "" not in keyword.reply:
        yield ("reply",), f"this is not said in: {', '.join(missing)}"
    topic = topics.get(keyword.topic or "")
    for lang, template in keyword.reply.items():
        yield from ((("reply", lang), message) for message in _wrong_words(template, lang, shop, topic))


def _only_beside_a_reply(keyword: KeywordPart) -> Wrong:
    if keyword.picture is not None:
        yield ("picture",), "a picture goes with a reply: this keyword has none"
    if keyword.topic is not None:
        yield ("topic",), "a dialog says itself what it is about: only a reply needs a topic"


def _wrong_words(template: str, lang: str, shop: ShopPart, topic: TopicPart | None) -> Iterator[str]:
    """Filled in with nothing known of the contact, and with all of it as long as it may well be."""
    try:
        uses = tag_uses(template)
        wrong = list(dict.fromkeys(filter(None, (_wrong_tag(use, shop, topic) for use in uses))))
        yield from wrong
        if not wrong:
            yield from _wrong_when_said(template, [_values(shop, topic, lang, fill) for fill in (None, LONG, WIDE)])
    except (BadTemplate, MissingTag) as error:
        yield str(error)


def _wrong_tag(use: TagUse, shop: ShopPart, topic: TopicPart | None) -> str | None:
    tag, of_topic = ".".join(use.path), use.path[0] == "topic" and use.path[1:] in {(name,) for name in ABOUT}
    if of_topic and topic is None:
        return f"{{{{ {tag} }}}} needs a topic for this reply"
    is_field = tag in {f"contact.{field.name}" for field in shop.fields}
    if not (of_topic or is_field or tag in OWN_NAMES):
        return f"{{{{ {tag} }}}} is not a merge tag that can be filled in here"
    if is_field and not use.has_default:
        return f"{{{{ {tag} }}}} is not always known: add a default, such as {{{{ {tag} | default: 'you' }}}}"
    return None


def _values(shop: ShopPart, topic: TopicPart | None, lang: str, fill: str | None) -> dict[str, Any]:
    first = shop.languages[0]
    about = {name: in_language(getattr(topic, words), lang or first, first) for name, words in ABOUT.items()} if topic else {}
    theirs = dict.fromkeys((field.name for field in shop.fields), fill)
    sender = max((one.number for one in shop.senders), key=len)
    return {"brand": shop.brand, "contact_line": shop.contact_line, "sender": sender, "topic": about, "contact": theirs}


def _wrong_when_said(template: str, fillings: list[dict[str, Any]]) -> Iterator[str]:
    said = [render(template, values) for values in fillings]
    if not all(words.strip() for words in said):
        yield "this says nothing"
    if max(measure(words).parts for words in said) > MOST_PARTS:
        yield f"this can become more than {MOST_PARTS} parts"
