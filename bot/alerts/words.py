"""What an alert says: the same words on the pages, in letters and in texts."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select

from models import Alert
from models.alert import OPEN

EN: Mapping[str, str] = {
    "waiting": "1 person waits for an answer",
    "waiting, many": "{count} people wait for an answer",
    "waiting, advice": "Nobody has answered them yet.",
    "campaign": "The campaign “{name}” has paused itself: {why}",
    "campaign, one": "1 campaign has paused itself",
    "campaign, many": "{count} campaigns have paused themselves",
    "campaign, advice": "Nobody more gets it until somebody resumes it.",
    "worker": "Not running: {absent}",
    "worker, advice": "Texts that come in are answered; the clock does the other work meanwhile, slowly.",
    "clock": "Not running: the clock",
    "clock, advice": "Texts that come in are answered; all else waits, and nobody can be told by e-mail or text.",
    "too many errors": "too many of its texts failed",
    "audience": "its recipients could not be written down",
    "outage": "it was due while nothing was running",
    "worker replies": "the worker for replies",
    "worker default": "the worker for audiences",
    "worker bulk": "the worker for campaigns",
    "letter": "See what is to be done: {link}\n\nHow you are told, you choose in your account: {account}",
}
FR: Mapping[str, str] = {
    "waiting": "1 personne attend une réponse",
    "waiting, many": "{count} personnes attendent une réponse",
    "waiting, advice": "Personne ne leur a encore répondu.",
    "campaign": "La campagne « {name} » s'est mise en pause : {why}",
    "campaign, one": "1 campagne s'est mise en pause",
    "campaign, many": "{count} campagnes se sont mises en pause",
    "campaign, advice": "Personne d'autre ne la reçoit tant qu'elle n'est pas reprise.",
    "worker": "Ne tourne pas : {absent}",
    "worker, advice": "Les SMS reçus ont leur réponse ; l'horloge fait le reste en attendant, lentement.",
    "clock": "Ne tourne pas : l'horloge",
    "clock, advice": "Les SMS reçus ont leur réponse ; tout le reste attend, et personne ne peut être prévenu par e-mail ou SMS.",
    "too many errors": "trop de ses SMS ont échoué",
    "audience": "la liste de ses destinataires n'a pas pu être établie",
    "outage": "elle était prévue pendant que rien ne tournait",
    "worker replies": "le processus des réponses",
    "worker default": "le processus des audiences",
    "worker bulk": "le processus des campagnes",
    "letter": "Voir ce qu'il y a à faire : {link}\n\nVous choisissez dans votre compte comment vous êtes prévenu : {account}",
}
LANGUAGES: Mapping[str, Mapping[str, str]] = {"en": EN, "fr": FR}


def spoken(wanted: str | None, shop: Sequence[str]) -> str:
    """The language for somebody: the one of their pages, else the first of the shop's that we speak."""
    return next((code for code in (wanted, *shop) if code is not None and code in LANGUAGES), "en")


def sentence(kind: str, facts: Mapping[str, Any], language: str) -> str:
    """One alert."""
    words = LANGUAGES[language]
    if kind == "campaign":
        return words[kind].format(name=facts["name"], why=words.get(facts["why"], facts["why"]))
    if kind == "worker":
        return words[kind].format(absent=", ".join(words.get(one, one) for one in facts["absent"]))
    return _counted(kind, kind, facts["count"], words) if kind == "waiting" else words[kind]


def advice(kind: str, language: str) -> str:
    """What it means."""
    return LANGUAGES[language][f"{kind}, advice"]


def notice(connection: Connection, kind: str, language: str) -> str:
    """All open alerts of a kind in a few words, without a name that somebody has typed: it must fit into one text."""
    return _short(kind, _open(connection, kind), language)


def letter(connection: Connection, kind: str, language: str, base_url: str) -> tuple[str, str] | None:
    """Subject and words of an e-mail about all open alerts of a kind. None: there is none any more."""
    rows = _open(connection, kind)
    if not rows:
        return None
    links = {"link": f"{base_url}/admin/alerts", "account": f"{base_url}/admin/account"}
    lines = [f"{sentence(kind, row.facts, language)}." for row in rows]
    end = LANGUAGES[language]["letter"].format(**links)
    return _short(kind, rows, language), "\n".join([*lines, advice(kind, language), "", end, ""])


def _open(connection: Connection, kind: str) -> Sequence[Any]:
    told = select(Alert.__table__).where(OPEN, Alert.kind == kind, Alert.told_at.is_not(None))
    return connection.execute(told.order_by(Alert.id)).all()


def _short(kind: str, rows: Sequence[Any], language: str) -> str:
    if kind == "campaign":
        return _counted(kind, "campaign, one", len(rows), LANGUAGES[language])
    return sentence(kind, rows[0].facts, language)


def _counted(kind: str, one: str, count: int, words: Mapping[str, str]) -> str:
    return words[one] if count == 1 else words[f"{kind}, many"].format(count=count)
