"""Text it: what to text to which number, and whether it has arrived and been answered."""

from bot import shop
from bot.catalogue import catalogue
from bot.heard import heard
from bot.web.admin.look import qr
from bot.web.admin.pages import Visit, page, show
from models import Keyword
from models.phone import sender_kind

PATIENTLY = "#rc=2&rp=all"
"""How the carrier calls us: twice more, whatever went wrong. Source: Twilio docs, webhooks connection overrides."""


@page("/shop/try", role="admin")
def shop_try(visit: Visit) -> object:
    """The last step, which sees by itself when it is done: asked again with the mark of what it showed, it may say "no news"."""
    with visit.read() as connection:
        known, now = catalogue(connection), heard(connection)
        if visit.query.get("seen") == now.mark:
            return "", 204
        keyword = next(iter(shop.page(connection, Keyword, 0, 1)), None)
    ours = next((number for number in known.senders if sender_kind(number) in ("e164", "short_code")), "")
    word = _word(keyword.phrases, known.shop.languages) if keyword else ""
    hooks = {name: f"{visit.runtime.settings.base_url}/webhooks/twilio/{name}" for name in ("inbound", "fallback")}
    hooks["inbound"] += PATIENTLY
    return show("shop_try.html", heard=now, ours=ours, word=word, hooks=hooks, simulated=visit.runtime.carrier.is_simulated,
                picture=qr(f"SMSTO:{ours}:{word}") if ours and word else None)  # fmt: skip


def _word(phrases: dict[str, list[str]], languages: list[str]) -> str:
    """What to text first: in the shop's own language, if it is said in it."""
    for language in (*languages, "", *phrases):
        if phrases.get(language):
            return phrases[language][0].upper()
    return ""
