"""What the house says of mistakes, in the language of who reads: it says them in English, whoever asks.

Each is written here as the house says it, with a name for each value in it; a test lets the house say them.
"""

import re
from collections.abc import Mapping
from functools import lru_cache

from flask_babel import gettext


def N_(message: str) -> str:  # as those who collect words know it
    """Marks what is to be translated, and leaves it as it is."""
    return message


MISTAKES = (
    # accounts
    N_("somebody has an account with this address already"),
    N_("there is no such account"),
    N_("this account is closed"),
    N_("this account is open"),
    N_("a name that others can read"),
    N_("this is the only admin: make somebody else one first"),
    N_("write it like name@shop.example"),
    N_("a name of at most %(count)s letters"),
    N_("one of: %(names)s"),
    N_("at least %(count)s characters, please"),
    N_("at most %(count)s characters, please"),
    N_("too easy to guess: take several words that nobody would expect of you"),
    # keywords
    N_("A keyword needs at least one word or phrase."),
    N_("An empty phrase matches nothing: type a word."),
    N_("“%(phrase)s…” has %(count)s characters; the limit is %(most)s."),
    N_("“%(phrase)s” has no letter or digit. Emoji and punctuation are ignored in texts: add a word."),
    N_("“%(phrase)s” is reserved: carriers take it for %(word)s. Choose another word."),
    N_("“%(phrase)s” is the answer of people, and a START after a STOP. Choose another word."),
    N_("“%(phrase)s” begins with STOP: people who text it want to leave. Choose other words."),
    N_("“%(phrase)s” already belongs to keyword %(number)s (%(dialog)s), there typed “%(typed)s”."),
    N_("“%(phrase)s” already belongs to keyword %(number)s (%(dialog)s)."),
    N_("“%(phrase)s” already belongs to keyword %(number)s, there typed “%(typed)s”."),
    N_("“%(phrase)s” already belongs to keyword %(number)s."),
    N_("there is no dialog `%(dialog)s` among `dialogs`"),
    N_("there is no topic `%(topic)s`"),
    N_("this is not said in: %(languages)s"),
    N_("this says nothing"),
    N_("this can become more than %(count)s parts"),
    N_("{{ %(tag)s }} is not a merge tag that can be filled in here"),
    N_("{{ %(tag)s }} needs a topic for this reply"),
    N_("{{ %(tag)s }} is not always known: add a default, such as {{ %(same)s | default: 'you' }}"),
    N_("an address that begins with https://, or the path of a picture of the shop"),
    N_("there is no such picture"),
    # contacts and consent
    N_("write it like +33612345678"),
    N_("the shop has no such field"),
    N_("write a number such as 100 or 12.5"),
    N_("write a day such as 2026-05-31"),
    N_("write yes or no"),
    N_("this tag is on its way to many contacts: change it here once that is over"),
    N_("there is no topic %(topic)s, only %(names)s"),
    N_("%(source)s is what we have heard ourselves: say where they said it to you"),
    N_("lies in the future"),
    N_("an opt-in needs the words that the person was shown"),
    N_("%(topic)s needs a second yes: record an opt-in that was confirmed, or let them text"),
    N_("the person has said something later about it"),
    N_("there is a contact with this number already"),
    N_("1 to %(count)s letters that one can see"),
    N_("write a time zone such as Europe/Paris or America/New_York"),
    N_("there is no segment %(number)s any more"),
    # answers
    N_("write something first"),
    N_("too long for one text: at most %(parts)s parts and %(count)s characters"),
    N_("{{ %(tag)s }} is not known of this contact"),
    N_("{{ %(tag)s }} is not a merge tag that can be filled in: there is no such field"),
    N_("they cannot be answered: %(why)s"),
    N_("this was not sent, for the page had sent another answer: send it once more"),
    N_("somebody has answered meanwhile: look at it, then send this if it is still right"),
    N_("they have texted meanwhile: look at it first"),
    N_("there are %(count)s already: delete one first"),
    N_("there is one with this name already"),
    N_("letters, figures and - only, at most 30"),
    N_("write what is answered"),
    # pictures
    N_("the file is empty"),
    N_("a picture may have %(count)s MB at most: carriers take no more"),
    N_("this is no JPEG, PNG or GIF: phones show no other pictures"),
    N_("the picture is damaged or not whole"),
    N_("a picture may have %(count)s million pixels at most"),
    N_("say what one sees on it"),
    N_("it is still in use"),
    # the shop
    N_("a number such as +33937000001, a short code, or a name of up to 11 letters"),
    N_("this is not said in: %(languages)s"),
    N_("there is no such text: %(names)s"),
    N_("{{ %(tag)s }} is not a merge tag that can be filled in here"),
    N_("it is the last one"),
    N_("people who are in a dialog there: %(count)s"),
    N_("texts that wait for it: %(count)s"),
    N_("campaigns that leave from it: %(count)s"),
    N_("Input should be a valid number, unable to parse string as a number"),
    N_("Input should be greater than %(least)s"),
    N_("Input should be less than or equal to %(most)s"),
    # whatever it is about
    N_("something else was done to it at the same time: try again"),
    N_("Field required"),
    N_("String should have at most %(count)s characters"),
    N_("String should have at least %(count)s character"),
    N_("List should have at most %(count)s items after validation, not %(more)s"),
)


LONGEST = 500  # characters: patterns with several values take long to miss


def in_their_words(message: str) -> str:
    """The message in the language of who reads; one that is not known here, or very long, stays as it is."""
    message = message.removeprefix("Value error, ")  # so pydantic begins what the house has said
    if len(message) > LONGEST:
        return message
    for known, pattern in _patterns():
        if found := pattern.fullmatch(message):
            return str(gettext(known, **found.groupdict())) if found.groupdict() else str(gettext(known))
    return message


def stays(which: str, errors: Mapping[str, str]) -> str:
    """Why something cannot go, as a sentence."""
    reasons = [in_their_words(one) for one in "; ".join(errors.values()).split("; ")]
    return f"{gettext('%(number)s stays.', number=which)} {'; '.join(reasons)}."


@lru_cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Each mistake with what finds it."""
    found = []
    for one in MISTAKES:
        parts = re.split(r"%\((\w+)\)s", one)
        names = [f"(?P<{part}>.+?)" if place % 2 else re.escape(part) for place, part in enumerate(parts)]
        found.append((one, re.compile("".join(names), re.DOTALL)))
    return tuple(found)
