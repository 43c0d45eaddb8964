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
    N_("people who are in for it: %(count)s"),
    N_("campaigns about it: %(count)s"),
    N_("keywords whose reply is about it: %(count)s"),
    N_("people who are choosing topics by text at this moment: %(count)s"),
    N_("keywords that open it: %(count)s"),
    N_("segments that ask for it: %(names)s"),
    N_("campaigns that say it: %(names)s"),
    N_("campaigns whose answers open it: %(names)s"),
    N_("dialogs that name it: %(names)s"),
    N_("dialogs that open it: %(names)s"),
    N_("dialogs that fill a field otherwise: %(names)s"),
    # campaigns
    N_("the campaign is draft"),
    N_("the campaign is scheduled"),
    N_("the campaign is sending"),
    N_("the campaign is paused"),
    N_("the campaign is finished"),
    N_("the campaign is cancelled"),
    N_("there is a campaign %(name)s already, and it is no draft any more"),
    N_("there is a campaign %(name)s already"),
    N_("there is no campaign %(name)s"),
    N_("it is no draft any more"),
    N_("only a draft can be thrown away: cancel it"),
    N_("the segment %(name)s asks about it"),
    N_("a segment is gone"),
    N_("is over already"),
    N_("lies in the past"),
    N_("the campaign would be over before it begins"),
    N_("there is no published dialog %(name)s"),
    N_("nobody can answer the name %(name)s: choose a number"),
    N_("no carrier can fetch %(address)s: write the address of a picture, with https://"),
    N_("%(number)s is none of our numbers"),
    N_("the shop speaks %(languages)s"),
    N_("a text that sells must say how to leave: name STOP"),
    N_("a text must say who is writing: name the brand, or {{ brand }}"),
    N_("it cannot be said: too long"),
    N_("it cannot be said: bad value"),
    N_("it cannot be said: missing value"),
    N_("it cannot be said: nothing to say"),
    N_("line %(line)s: at most %(count)s characters and %(tags)s tags, please"),
    N_("line %(line)s: %(tag)s is opened and never closed"),
    # segments
    N_("there is a segment %(name)s already"),
    N_("there is no segment %(name)s"),
    N_("there is no list %(name)s"),
    N_("%(name)s is a segment with a rule: in_segment"),
    N_("%(name)s is a list: in_list"),
    N_("%(name)s is needed by the segment %(user)s"),
    N_("%(name)s is needed by the campaign %(user)s"),
    N_("%(name)s is a list with people on it: take them off first, or choose another name"),
    N_("%(name)s is named by %(names)s: a list stays a list, and a rule a rule"),
    N_("with this, %(name)s, which names it, would be more than %(count)s rules or %(depth)s deep"),
    N_("with the segments in it, this is more than %(count)s rules or %(depth)s deep"),
    N_("%(names)s goes round in a circle"),
    N_("rules may lie in each other %(depth)s deep"),
    N_("a segment may have %(count)s rules"),
    N_("a segment needs a name of 1 to 200 letters"),
    N_("write a day such as 2026-05-31 (from 1900 to 2199)"),
    N_("this is longer than %(count)s letters"),
    N_("there is a character in it that no text can have"),
    N_("this is too long"),
    # dialogs
    N_("there is no draft"),
    # whatever it is about
    N_("something else was done to it at the same time: try again"),
    N_("Field required"),
    N_("String should have at most %(count)s characters"),
    N_("String should have at least %(count)s character"),
    N_("List should have at most %(count)s items after validation, not %(more)s"),
)


ON_A_FORM = {
    "this must not be empty": N_("Please fill this in."),
    "this key is missing": N_("Please fill this in."),
    "write a duration such as P30D (days), P2W (weeks), P3M (months), P1Y (a year) or PT12H (hours)":
        N_("write how many, such as 30"),
    "write a day such as 2026-05-31, or a duration back from now such as P30D": N_("write a day such as 2026-05-31"),
    "say when: since, until, before or within": N_("say when"),
    "say of the value: is, is_not, contains, more_than, less_than, exists, since, until, before or within":
        N_("say what its value is"),
    "String should match pattern '^[A-Z]{2}$'": N_("write countries by their two letters, such as FR, BE"),
    "Tuple should have at least 1 item after validation, not 0": N_("write countries by their two letters, such as FR, BE"),
    "Value should have at least 1 item after validation, not 0": N_("Please fill this in."),
    "Dictionary should have at least 1 item after validation, not 0": N_("Please fill this in."),
    "Input should be a valid integer, unable to parse string as an integer": N_("write a whole number"),
    "Input should be greater than or equal to %(least)s": N_("at least %(least)s"),
    "Input should be less than or equal to %(most)s": N_("at most %(most)s"),
}  # fmt: skip
"""What programs are told in terms of what they send, as those are told who fill in a form."""

LONGEST = 500  # characters: patterns with several values take long to miss
AND = "; "


def in_their_words(message: str) -> str:
    """The message, or several, in the language of who reads; one that is not known here, or very long, stays as it is."""
    message = message.removeprefix("Value error, ")  # so pydantic begins what the house has said
    if len(message) > LONGEST:
        return message
    several = message.split(AND)
    if len(several) > 1 and (told := [*map(in_their_words, several)]) != several:
        return str(gettext("; ")).join(told)
    for pattern, known in _patterns():
        if found := pattern.fullmatch(message):
            return str(gettext(known, **found.groupdict())) if found.groupdict() else str(gettext(known))
    return message


def stays(which: str, errors: Mapping[str, str]) -> str:
    """Why something cannot go, as a sentence."""
    return f"{gettext('%(number)s stays.', number=which)} {in_their_words(AND.join(errors.values()))}."


@lru_cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    """What finds each mistake, with how it is told."""
    found = []
    for said, told in [*ON_A_FORM.items(), *((one, one) for one in MISTAKES)]:
        parts = re.split(r"%\((\w+)\)s", said)
        names = [f"(?P<{part}>.+?)" if place % 2 else re.escape(part) for place, part in enumerate(parts)]
        found.append((re.compile("".join(names), re.DOTALL), told))
    return tuple(found)
