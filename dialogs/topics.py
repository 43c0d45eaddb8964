"""Topics as a dialog offers them, numbered, and hears them: by their number, or by words of their names."""

import re
from collections.abc import Callable, Mapping

from dialogs.transcript import pick

Topics = Mapping[str, Mapping[str, str]]
"""The topics of a shop in the order of the menu: slug → its name in each language, "" for every one."""

# Words that stand before any name, and tell nothing.
BEFORE = frozenset({
    "le", "la", "les", "l", "un", "une", "des", "de", "du", "d", "et", "nos", "notre", "vos", "votre", "mon", "ma", "mes",
    "the", "a", "an", "our", "your", "my", "of", "and",
})  # fmt: skip
_NUMBER = re.compile(r"(?:(?:option|choix|choice|numero|number|no|n|le|la|the) )*([0-9]{1,3})")  # as a choice hears it


def menu(topics: Topics, language: str, is_on: Callable[[str], bool]) -> list[dict[str, object]]:
    """What `{{ topics }}` holds for a contact: number, name and on, of each topic."""
    listed = enumerate(topics.items(), 1)
    return [{"number": number, "name": pick(names, language), "on": is_on(slug)} for number, (slug, names) in listed]


def meant(topics: Topics, folded: str, fold: Callable[[str], str]) -> str | None:
    """The topic that a folded text names: by number, in full, or by words of one name only. None where in doubt."""
    if number := _NUMBER.fullmatch(folded):
        place = int(number[1]) - 1
        return list(topics)[place] if 0 <= place < len(topics) else None
    said = set(folded.split())
    named = {slug: [fold(name) for name in names.values()] for slug, names in topics.items()}
    full = [slug for slug, names in named.items() if folded in names]
    some = [slug for slug, names in named.items() if any(said <= set(name.split()) for name in names)]
    found = full or (some if said - BEFORE else [])
    return found[0] if len(found) == 1 else None
