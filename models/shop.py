"""The business itself: its brand, place, languages, and the texts it answers STOP, START and HELP with."""

from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base

# What a new shop says until it says it better. Liquid; keys: which text, then the language.
TEXTS: dict[str, dict[str, str]] = {
    "stop": {
        "fr": "{{ brand }} : vous ne recevrez plus nos SMS. START pour revenir.",
        "en": "{{ brand }}: you are unsubscribed and will get no more texts. START to come back.",
        "es": "{{ brand }}: no vas a recibir SMS nuestros. START para volver.",
    },
    "start": {
        "fr": "{{ brand }} : vous pouvez à nouveau recevoir nos SMS. AIDE pour l'aide, STOP pour ne plus rien recevoir.",
        "en": "{{ brand }}: you can get our texts again. HELP for help, STOP to leave.",
        "es": "{{ brand }}: ya puedes recibir nuestros SMS. AYUDA para ayuda, STOP para salir.",
    },
    "help": {
        "fr": "{{ brand }} : une question ? {{ contact_line }}. STOP pour ne plus rien recevoir.",
        "en": "{{ brand }}: need help? {{ contact_line }}. Msg & data rates may apply. Reply STOP to leave.",
        "es": "{{ brand }}: ¿alguna pregunta? {{ contact_line }}. STOP para salir.",
    },
    "fallback": {
        "fr": "{{ brand }} : merci, une personne vous lira. AIDE pour l'aide.",
        "en": "{{ brand }}: thank you, someone will read your text. HELP for help.",
        "es": "{{ brand }}: gracias, una persona va a leer tu mensaje. AYUDA para ayuda.",
    },
    "suggest": {
        "fr": "{{ brand }} : vouliez-vous dire {{ keyword }} ? Envoyez {{ keyword }}.",
        "en": "{{ brand }}: did you mean {{ keyword }}? Text {{ keyword }}.",
        "es": "{{ brand }}: ¿{{ keyword }}, tal vez? Manda {{ keyword }}.",
    },
}


class Shop(Base):
    """One row: who is talking. Edited by page and API, never by environment."""

    __tablename__ = "shop"

    id: Mapped[int] = mapped_column(primary_key=True)
    brand: Mapped[str]
    contact_line: Mapped[str]  # how to reach a person, as HELP says it: a telephone number or an e-mail address
    zone: Mapped[str]  # IANA time zone
    country: Mapped[str]  # ISO 3166 two letters: how local phone numbers and dates are read
    languages: Mapped[list[str]]  # the first one is the fallback
    texts: Mapped[dict[str, Any]]  # as TEXTS
    revision: Mapped[int] = mapped_column(default=1)  # grows with every change of what the shop has set up
