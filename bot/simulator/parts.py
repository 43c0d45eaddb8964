"""How many parts a text is billed as, and in which alphabet it travels.

Source: GSM 03.38 (alphabet and limits); Twilio's message segment calculator (where a long text is cut).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import regex

GSM_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_EXTENSION = frozenset("\f^{}\\[~]|€")
GRAPHEME = regex.compile(r"\X")


@dataclass(frozen=True, slots=True)
class Measure:
    """`encoding` is GSM-7 or UCS-2; `sizes` holds the units of each part (septets, or 16-bit units)."""

    encoding: str
    sizes: tuple[int, ...]

    @property
    def parts(self) -> int:
        return len(self.sizes)


def measure(text: str) -> Measure:
    """Measure a text as it is, without normalising it. An empty text is one empty part."""
    if GSM_BASIC.issuperset(text):
        return Measure("GSM-7", _cut(len(text), 160, 153))
    if all(char in GSM_BASIC or char in GSM_EXTENSION for char in text):
        return Measure("GSM-7", _fill((2 if char in GSM_EXTENSION else 1 for char in text), 160, 153))
    return Measure("UCS-2", _fill(_ucs2_atoms(text), 70, 67))


def utf16_units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _ucs2_atoms(text: str) -> Iterator[int]:
    """What must not be cut, in units: a character as the eye sees it. Only CR LF is two."""
    for grapheme in GRAPHEME.findall(text):
        if grapheme == "\r\n":
            yield from (1, 1)
        else:
            yield utf16_units(grapheme)


def _cut(total: int, alone: int, chained: int) -> tuple[int, ...]:
    """The same where every atom is one unit: nothing but the last part is shorter than it may be."""
    if total <= alone:
        return (total,)
    full, rest = divmod(total, chained)
    return (chained,) * full + ((rest,) if rest else ())


def _fill(atoms: Iterator[int], alone: int, chained: int) -> tuple[int, ...]:
    """Fill parts with atoms in order: one of `alone` units if all fits, else several of `chained` units."""
    sizes, total = [0], 0
    for atom in atoms:
        total += atom
        if sizes[-1] and sizes[-1] + atom > chained:
            sizes.append(0)
        sizes[-1] += atom
    return (total,) if total <= alone else tuple(sizes)
