"""Topics as a dialog offers them, numbered, and hears them: by their number, or by words of their names."""

import re
from collections.abc import Callable, Mapping

from dialogs.transcript import pick

Topics = Mapping[str, Mapping[str, str]]
"""The topics of a shop in the order of the menu: slug → its name in each language, "" for every one."""

MARKS_IT = 4  # letters of a word that tells one topic from others: less is an article
_NUMBER = re.compile(r"(?:le |la |the |no |n |numero |number )?([0-9]{1,3})")


def menu(topics: Topics, language: str, is_on: Callable[[str], bool]) -> list[dict[str, object]]:
    """What `{{ topics }}` holds for a contact: number, name and on, of each topic."""
    listed = enumerate(topics.items(), 1)
    return [{"number": number, "name": pick(names, language), "on": is_on(slug)} for number, (slug, names) in listed]


def meant(topics: Topics, folded: str, fold: Callable[[str], str]) -> str | None:
    """The topic that a folded text names: by number, in full, or by some words of one name only. None where in doubt."""
    if number := _NUMBER.fullmatch(folded):
        place = int(number[1]) - 1
        return list(topics)[place] if 0 <= place < len(topics) else None
    said = set(folded.split())
    named = {slug: [fold(name) for name in names.values()] for slug, names in topics.items()}
    full = [slug for slug, names in named.items() if folded in names]
    some = [slug for slug, names in named.items() if any(said <= set(name.split()) for name in names)]
    found = full or (some if any(len(word) >= MARKS_IT for word in said) else [])
    return found[0] if len(found) == 1 else None
