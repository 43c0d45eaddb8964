"""Does the shop hold together? Everything is looked at before anything is written."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

import dialogs
from bot.shop.spec import KeywordPart, ShopError, ShopPart, Source
from bot.text.merge import BadTemplate, MissingTag, render, tag_uses
from bot.text.parsers import PARSERS
from bot.text.parts import MOST_PARTS, measure
from dialogs.check import Known
from dialogs.check import check as check_dialog
from dialogs.load import DialogError, Problem, load, load_file
from dialogs.proof import prove
from dialogs.spec import Dialog
from keywords.reserved import meaning
from keywords.table import Entry, Phrase, problems
from keywords.text import fold
from models.shop import TEXTS

__all__ = ["Script", "ShopError", "check", "faults", "find", "kept_script", "knowing", "known", "script", "wrong"]

LIBRARY = Path(dialogs.__file__).parent / "library"

# What merge tags can always say in the shop's own texts, which belong to no dialog, and in those of a dialog with a topic.
OWN_NAMES = frozenset({"brand", "contact_line", "sender"})
NAMES = OWN_NAMES | {"topic.name", "topic.frequency", "topic.fees", "topic.contact"}
ALSO = {"suggest": {"keyword"}}  # what one text of the shop can say beyond that


@dataclass(frozen=True, slots=True)
class Script:
    """A dialog with the YAML that it was read from."""

    dialog: Dialog
    source: str


def check(source: Source) -> tuple[ShopPart, Mapping[str, Script]]:
    """The shop and its dialogs by name. Raises ShopError with all that is wrong."""
    shop = source.shop
    scripts: dict[str, Script] = {}
    found: list[Problem] = []
    for i, name in enumerate(shop.dialogs):
        try:
            script = find(name, source.path.parent)
        except DialogError as error:
            found += error.problems
        except OSError:
            found.append(source.problem(f"there is no dialog `{name}` in the library, and no such file", "dialogs", i))
        else:
            if scripts.setdefault(script.dialog.name, script) is not script:
                found.append(source.problem(f"a dialog `{script.dialog.name}` is already there", "dialogs", i))
    found += wrong(source, scripts)
    if found:
        raise ShopError(found)
    return shop, scripts


def wrong(source: Source, scripts: Mapping[str, Script]) -> list[Problem]:
    """All that is wrong with a shop and its dialogs by name."""
    dialogs = {name: one.dialog for name, one in scripts.items()}
    found = faults(dialogs.values(), knowing(source.shop, dialogs))
    return [*_words(source), *_twice(source), *_keywords(source, dialogs), *found]


def find(name: str, beside: Path) -> Script:
    """A dialog of the library by its name, else of a YAML file. Raises DialogError, or OSError where there is none."""
    path = beside / name if name.endswith((".yaml", ".yml")) else LIBRARY / f"{name}.yaml"
    return Script(load_file(path), path.read_text(encoding="utf-8"))


def script(name: str, source: str) -> Script:
    """A dialog as its YAML says it; problems are reported in a file of this name. Raises DialogError."""
    return Script(load(source, name), source)


kept_script = lru_cache(maxsize=200)(script)
"""The same for what the tables hold, which is asked for again and again: reading is the slow part of a check."""


def faults(dialogs: Iterable[Dialog], knows: Known) -> list[Problem]:
    """What keeps dialogs from being published: first how they, and those that they may open, are written; then how they go.

    Whoever checks a dialog of a shop asks here: the shop's file, commands, the API.
    """
    named = {dialog.name: dialog for dialog in dialogs}
    written = [problem for dialog in {**knows.dialogs, **named}.values() for problem in check_dialog(dialog, known=knows)]
    return written or [problem for dialog in named.values() for problem in prove(dialog, known=knows)]


def knowing(shop: ShopPart, dialogs: Mapping[str, Dialog]) -> Known:
    """What dialogs of this shop may use; `dialogs`: those that they may open."""
    double = [slug for slug, topic in shop.topics.items() if topic.proof == "double"]
    fields = [field.name for field in shop.fields]
    return known(shop.topics, double, fields, shop.languages, dialogs, interrupting(shop.keywords), shop.country)


def known(
    topics: Iterable[str] = (),
    double: Iterable[str] = (),
    fields: Iterable[str] = (),
    languages: Iterable[str] = (),
    dialogs: Mapping[str, Dialog] = MappingProxyType({}),
    interrupts: Mapping[str, str] = MappingProxyType({}),
    country: str = "",
) -> Known:
    """What dialogs of a shop may use.

    `double`: topics that need a second yes; `dialogs`: those that they may open; `interrupts`: what `interrupting` says.
    """
    return Known(
        fold=fold,
        reserved=meaning,
        tags=tag_uses,
        names=NAMES,
        topics=frozenset(topics),
        double=frozenset(double),
        fields=frozenset(fields),
        languages=tuple(languages),
        dialogs=dialogs,
        interrupts=interrupts,
        parsers=PARSERS,
        country=country,
        parts=_parts,
        most_parts=MOST_PARTS,
    )


def _parts(template: str, values: Mapping[str, object]) -> int:
    """How many parts a text is; none where a value is missing, which is a mistake of its own. Raises BadTemplate."""
    try:
        return measure(render(template, values)).parts
    except MissingTag:
        return 0


def interrupting(keywords: Iterable[KeywordPart]) -> Mapping[str, str]:
    """The folded phrases of keywords that interrupt, with the dialogs that they open."""
    return {
        fold(text): keyword.dialog
        for keyword in keywords if keyword.interrupts for texts in keyword.phrases.values() for text in texts
    }  # fmt: skip


def entry(number: int, keyword: KeywordPart) -> Entry:
    """A keyword of the file as the table of keywords takes it."""
    phrases = tuple(Phrase(text, lang or None) for lang, texts in keyword.phrases.items() for text in texts)
    return Entry(number, phrases, keyword.mode, keyword.dialog, keyword.interrupts)


def _keywords(source: Source, names: Collection[str]) -> Iterator[Problem]:
    keywords = source.shop.keywords
    numbers = source.numbers or tuple(range(1, len(keywords) + 1))
    for found in problems(entry(number, keyword) for number, keyword in zip(numbers, keywords, strict=True)):
        i = numbers.index(found.entry)
        yield source.problem(found.message, "keywords", i, "phrases", *_place(keywords[i], found.phrase))
    for i, keyword in enumerate(keywords):
        if keyword.dialog not in names:
            yield source.problem(f"there is no dialog `{keyword.dialog}` among `dialogs`", "keywords", i, "dialog")


def _place(keyword: KeywordPart, phrase: str) -> tuple[str | int, ...]:
    """Where a phrase stands among those of a keyword."""
    return next(((lang, texts.index(phrase)) for lang, texts in keyword.phrases.items() if phrase in texts), ())


def _words(source: Source) -> Iterator[Problem]:
    """Texts and topics in every language of the shop, with merge tags that can be filled in."""
    shop = source.shop
    for name in shop.texts.keys() - TEXTS.keys():
        yield source.problem(f"there is no such text: {', '.join(TEXTS)}", "texts", name)
    for name, words in shop.all_texts.items():
        yield from _missing(source, words, "texts", name)
        for lang, template in words.items():
            yield from _says(source, template, OWN_NAMES | ALSO.get(name, set()), "texts", name, lang)
    for slug, topic in shop.topics.items():
        for name in ("names", "frequencies", "fees", "contacts"):
            yield from _missing(source, getattr(topic, name), "topics", slug, name)


def _missing(source: Source, words: Mapping[str, str], *where: str) -> Iterator[Problem]:
    missing = [lang for lang in source.shop.languages if lang not in words]
    if missing and "" not in words:
        yield source.problem(f"this is not said in: {', '.join(missing)}", *where)


def _says(source: Source, template: str, names: frozenset[str], *where: str) -> Iterator[Problem]:
    """A text must say something once it is filled in: some mistakes show only then."""
    shop = source.shop
    values = {"brand": shop.brand, "contact_line": shop.contact_line, "sender": shop.senders[0].number, "keyword": "JOIN"}
    try:
        unknown = [tag for use in tag_uses(template) if (tag := ".".join(use.path)) not in names]
        if not unknown and not render(template, values).strip():
            yield source.problem("this says nothing", *where)
    except (BadTemplate, MissingTag) as error:
        yield source.problem(str(error), *where)
        return
    for tag in unknown:
        yield source.problem(f"{{{{ {tag} }}}} is not a merge tag that can be filled in here", *where)


def _twice(source: Source) -> Iterator[Problem]:
    shop = source.shop
    for part, names in (("senders", [s.number for s in shop.senders]), ("fields", [f.name for f in shop.fields])):
        for i, name in enumerate(names):
            if name in names[:i]:
                yield source.problem(f"{name} is already there", part, i)
