"""What the words of a dialog cost, before anybody gets them."""

from bot.catalogue import Catalogue
from bot.text.merge import BadTemplate, MissingTag, render, tag_uses
from bot.text.parts import Measure, measure
from dialogs.topics import menu
from models.field import SAMPLES


def measured(shop: Catalogue, topic: str | None, language: str, template: str) -> Measure | None:
    """What words of a dialog are billed as, with a value of each type where people have theirs. None: they cannot be said."""
    try:
        answers = {use.path[1]: "X" * 5 for use in tag_uses(template) if use.path[0] == "answers" and len(use.path) > 1}
        values = {name: SAMPLES[type_] for name, type_ in shop.fields.items()}
        known = shop.context(language, topic, next(iter(shop.senders), ""), values)
        topics = menu(shop.topic_names, language, lambda _: True)
        return measure(render(template, known | {"answers": answers, "topics": topics}).strip())
    except (BadTemplate, MissingTag):
        return None
