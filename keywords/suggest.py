"""“Did you mean SOLDES?”: the phrase of a keyword that a mistyped text was most likely meant for.

Never near an opt-out. SHOP, STEP and TOP are one letter away from STOP, so a near miss is no STOP; but
"STPO" may be one, and a cheerful question would hide it: such a text gets no suggestion and goes to a person.
"""

from keywords.reserved import STOP, reserved
from keywords.table import Claim, Table

MAX_WORDS = 3
MIN_LETTERS = 4
LONG_WORD = 8
"""From this many characters on, two slips are still a typo; below, only one is."""

_OPT_OUTS = tuple(word for words in STOP.values() for word in words)


def suggest(table: Table, folded: str) -> Claim | None:
    """Return the phrase that a folded text nearly is; None when there is none, or those of more than one keyword.

    Only for texts of at most three words with at least four letters.
    """
    letters = sum(map(str.isalpha, folded))
    if letters < MIN_LETTERS or folded.count(" ") >= MAX_WORDS or reserved(folded) or _may_be_opt_out(folded):
        return None
    best: dict[int, dict[int, Claim]] = {}
    limit = _slips(folded)
    for phrase, claim in table.whole.items():
        if _alike(folded, phrase, limit) and (slips := distance(folded, phrase)) <= limit:
            best.setdefault(slips, {}).setdefault(claim.entry.id, claim)
    nearest = list(best[min(best)].values()) if best else []
    return nearest[0] if len(nearest) == 1 else None


def distance(one: str, other: str) -> int:
    """Count the slips between two words: a letter too many, missing, wrong, or two neighbours swapped."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one):
        before, above, row = row, before, [i + 1]
        for j, wanted in enumerate(other):
            steps = min(before[j + 1] + 1, row[j] + 1, before[j] + (letter != wanted))
            if i and j and letter == other[j - 1] and one[i - 1] == wanted:
                steps = min(steps, above[j - 1] + 1)
            row.append(steps)
    return row[-1]


def _slips(word: str) -> int:
    return 2 if len(word) >= LONG_WORD else 1


def _may_be_opt_out(folded: str) -> bool:
    return any(_near(part, word) for part in {folded, *folded.split(" ")} for word in _OPT_OUTS)


def _near(part: str, word: str) -> bool:
    """Very short words ("end") are one letter away from too much ("and"): they count only when exact."""
    limit = _slips(word) if len(word) >= MIN_LETTERS else 0
    return _alike(part, word, limit) and distance(part, word) <= limit


def _alike(one: str, other: str, limit: int) -> bool:
    """Rule out most pairs cheaply: a slip changes the length by one, and the letters in use by two, at most."""
    return abs(len(one) - len(other)) <= limit and len(set(one) ^ set(other)) <= 2 * limit
