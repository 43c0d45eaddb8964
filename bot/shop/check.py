"""Does the shop hold together? Everything is looked at before anything is written."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import dialogs
from bot.shop.spec import KeywordPart, ShopError, ShopPart, Source
from bot.text.merge import BadTemplate, MissingTag, render, tag_uses
from dialogs.check import Known
from dialogs.check import check as check_dialog
from dialogs.hear import heard_words
from dialogs.load import DialogError, Problem, load, load_file
from dialogs.spec import Dialog
from keywords.reserved import meaning
from keywords.table import Entry, Phrase, problems
from keywords.text import fold
from models.shop import TEXTS

__all__ = ["Script", "ShopError", "check", "find", "kept_script", "knowing", "known", "problems_of", "script", "wrong"]

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
    knows = knowing(source.shop, scripts)
    found = [problem for script in scripts.values() for problem in problems_of(script.dialog, knows)]
    return [*_words(source), *_twice(source), *_keywords(source, knows.dialogs), *_cut_short(source, scripts), *found]


def problems_of(dialog: Dialog, knows: Known) -> list[Problem]:
    """All that is wrong with a dialog of a shop. Whoever checks one asks here: the shop's file, commands, the API."""
    return check_dialog(dialog, known=knows)


def find(name: str, beside: Path) -> Script:
    """A dialog of the library by its name, else of a YAML file. Raises DialogError, or OSError where there is none."""
    path = beside / name if name.endswith((".yaml", ".yml")) else LIBRARY / f"{name}.yaml"
    return Script(load_file(path), path.read_text(encoding="utf-8"))


def script(name: str, source: str) -> Script:
    """A dialog as its YAML says it; problems are reported in a file of this name. Raises DialogError."""
    return Script(load(source, name), source)


kept_script = lru_cache(maxsize=200)(script)
"""The same for what the tables hold, which is asked for again and again: reading is the slow part of a check."""


def knowing(shop: ShopPart, names: Iterable[str]) -> Known:
    """What dialogs of this shop may use; `names`: the dialogs that they may open."""
    double = [slug for slug, topic in shop.topics.items() if topic.proof == "double"]
    return known(shop.topics, double, [field.name for field in shop.fields], shop.languages, names)


def known(
    topics: Iterable[str] = (),
    double: Iterable[str] = (),
    fields: Iterable[str] = (),
    languages: Iterable[str] = (),
    names: Iterable[str] = (),
) -> Known:
    """What dialogs of a shop may use; `double`: topics that need a second yes; `names`: the dialogs that they may open."""
    return Known(
        fold=fold,
        reserved=meaning,
        tags=tag_uses,
        names=NAMES,
        topics=frozenset(topics),
        double=frozenset(double),
        fields=frozenset(fields),
        languages=tuple(languages),
        dialogs=frozenset(names),
    )


def entry(number: int, keyword: KeywordPart) -> Entry:
    """A keyword of the file as the table of keywords takes it."""
    phrases = tuple(Phrase(text, lang or None) for lang, texts in keyword.phrases.items() for text in texts)
    return Entry(number, phrases, keyword.mode, keyword.dialog, keyword.interrupts)


def _keywords(source: Source, names: frozenset[str]) -> Iterator[Problem]:
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


def _cut_short(source: Source, scripts: Mapping[str, Script]) -> Iterator[Problem]:
    """A keyword that interrupts is asked before the dialog that listens: what it takes can never be an answer there."""
    answers = {
        folded: dialog.name
        for dialog in (script.dialog for script in scripts.values())
        for state in dialog.states.values()
        for branch in state.on or ()
        for folded, _, _ in heard_words(branch.hear, fold)
    }
    for i, keyword in enumerate(source.shop.keywords):
        for phrase in entry(i + 1, keyword).phrases if keyword.interrupts else ():
            if dialog := answers.get(fold(phrase.text)):
                message = f"“{phrase.text}” is an answer in the dialog `{dialog}`: a keyword that interrupts would take it away"
                yield source.problem(message, "keywords", i, "phrases", *_place(keyword, phrase.text))


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
