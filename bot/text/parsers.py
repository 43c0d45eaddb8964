"""How dialogs read what needs the world: politeness, phone numbers and dates."""

from datetime import date

from bot.text.dates import parse_date
from bot.text.until import parse_until
from keywords.polite import without_politeness
from models.phone import parse


class Parsers:
    """The readers that the house lends to the engine."""

    def plain(self, folded: str, /) -> str:
        """The same words without the politeness around them, as keywords are compared."""
        return without_politeness(folded)

    def phone(self, text: str, country: str, /) -> str | None:
        """E.164, read in the way of a country."""
        return parse(text, country)

    def until(self, text: str, language: str, country: str, today: date, /) -> date | None:
        """The day on which it is over: "pas avant septembre", "for two weeks"."""
        return parse_until(text, language, today, month_first=country == "US")

    def date(self, text: str, language: str, country: str, today: date, /) -> date | None:
        """A day, read in a language; 05/11 is 11 May in the United States, and 5 November everywhere else."""
        return parse_date(text, language, today, month_first=country == "US")


PARSERS = Parsers()
