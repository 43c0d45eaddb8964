"""A shop to talk in: the real readers of texts, and a contact of whom we choose what is true."""

import json
from collections.abc import Mapping
from datetime import date

from bot.shop.check import known
from bot.shop.scripts import LIBRARY as FOLDER
from bot.text.parsers import PARSERS
from dialogs.compile import compile
from dialogs.effects import Effect, Say
from dialogs.engine import Ground, Turn, start, step
from dialogs.events import Event, Heard
from dialogs.load import load, load_file
from dialogs.spec import Dialog
from keywords.text import fold

TODAY = date(2026, 11, 22)
LIBRARY = {path.stem: load_file(path) for path in FOLDER.glob("*.yaml")}
HEAD = "name: sample\ntopic: offers\nstart: a\nexpires: P2D\nstates:\n"

TOPICS = {
    "offers": {"fr": "nos offres", "en": "our offers"},
    "order_news": {"fr": "le suivi de vos commandes", "en": "news of your orders"},
}

KNOWN = known(
    topics=TOPICS,
    double={"offers"},
    fields={"postcode": "text", "first_name": "text", "details_confirmed": "date"},
    languages=("fr", "en"),
    dialogs=LIBRARY,
    interrupts={"menu": "help"},
    country="FR",
)


def ground(*true: tuple[str, str], country: str = "FR", language: str = "fr") -> Ground:
    """A contact of whom exactly these things are true, such as ("tag", "vip")."""
    return Ground(lambda kind, name: (kind, name) in true, PARSERS, language, country, TODAY, TOPICS)


def written(states: str, head: str = HEAD) -> Dialog:
    """The dialog with these states, written from the left margin."""
    return load(head + "\n".join("  " + line for line in states.strip("\n").splitlines()), "sample.yaml")


class Talk:
    """A conversation; its memory goes through JSON before every turn."""

    def __init__(self, dialog: Dialog, *true: tuple[str, str], country: str = "FR",
                 values: Mapping[str, str] | None = None):
        self.dialog, self.ground = compile(dialog, fold), ground(*true, country=country)
        self.turn = start(self.dialog, self.ground, values)

    def hear(self, text: str, *media: str) -> Turn:
        return self.event(Heard(text, fold(text), media))

    def event(self, event: Event) -> Turn:
        self.turn = step(self.dialog, json.loads(json.dumps(self.turn.memory)), event, self.ground)
        return self.turn

    @property
    def state(self) -> str:
        return str(self.turn.memory["state"])

    @property
    def said(self) -> list[str]:
        """What the last turn said, in French where there is French."""
        return [effect.words.get("fr", effect.words.get("", "")) for effect in self.turn.effects
                if isinstance(effect, Say)]

    @property
    def done(self) -> list[Effect]:
        """The effects of the last turn but for its words."""
        return [effect for effect in self.turn.effects if not isinstance(effect, Say)]
