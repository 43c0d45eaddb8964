"""Does the shop hold together? Everything is looked at before anything is written."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from bot.shop.kept import kept
from bot.shop.replies import wrong_reply
from bot.shop.scripts import Script, find, opened
from bot.shop.spec import KeywordPart, ShopError, ShopPart, Source, TopicPart
from bot.text.clean import MAX_UNITS, clean, units
from bot.text.merge import BadTemplate, MissingTag, render, tag_uses
from bot.text.parsers import PARSERS
from bot.text.parts import MOST_PARTS, measure
from dialogs.check import Known
from dialogs.check import check as check_dialog
from dialogs.load import DialogError, Problem
from dialogs.proof import prove
from dialogs.spec import Dialog
from dialogs.topics import Topics
from keywords.reserved import meaning
from keywords.table import Entry, Phrase, problems
from keywords.text import fold
from models.field import SAMPLES, fits, meant
from models.shop import TEXTS

__all__ = ["Ground", "ShopError", "check", "faults", "ground", "known", "written", "wrong"]

# What merge tags can always say in the shop's own texts, which belong to no dialog, and in those of a dialog with a topic.
OWN_NAMES = frozenset({"brand", "contact_line", "sender"})
NAMES = OWN_NAMES | {"topic.name", "topic.frequency", "topic.fees", "topic.contact"}
DIALOG_NAMES = NAMES | {"topics"}
ONE_TEXT = ("stop", "start", "help")  # law wants one answer to each of them
ALSO = {"suggest": {"keyword"}}  # what one text of the shop can say beyond that


@dataclass(frozen=True, slots=True)
class Ground:
    """All of a shop that its dialogs stand on, as one value: on the same ground, the same holds of a dialog."""

    topics: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]  # slug and names by language, in the order of the menu
    double: frozenset[str]
    fields: tuple[tuple[str, str], ...]  # name and type
    languages: tuple[str, ...]
    country: str
    interrupts: tuple[tuple[str, str], ...]
    beginnings: frozenset[str]
    scripts: tuple[tuple[str, Script], ...]  # by name, those that may be opened

    def below(self, script: Script) -> "Ground":
        """As much of it as one dialog needs: what others say is not its business, unless it leads there."""
        return replace(self, scripts=tuple(opened(script, dict(self.scripts)).items()))

    @property
    def known(self) -> Known:
        """The same as a check takes it."""
        dialogs = {name: script.dialog for name, script in self.scripts if not script.problems}  # as if they were not there
        topics = {slug: dict(names) for slug, names in self.topics}
        lent = (topics, self.double, dict(self.fields), self.languages, dialogs, dict(self.interrupts), self.beginnings)
        return known(*lent, self.country)


def check(source: Source, kept: Mapping[str, TopicPart] = MappingProxyType({})) -> tuple[ShopPart, Mapping[str, Script]]:
    """The shop and its dialogs by name; `kept`: topics that it names no more. Raises ShopError with all that is wrong."""
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
    found += wrong(source, scripts, kept)
    if found:
        raise ShopError(found)
    return shop, scripts


def wrong(
    source: Source, scripts: Mapping[str, Script], kept: Mapping[str, TopicPart] = MappingProxyType({})
) -> list[Problem]:
    """All that is wrong with a shop and its dialogs by name."""
    found = faults(scripts.values(), ground(source.shop, scripts, kept))
    return [*_words(source), *_twice(source), *_keywords(source, scripts, {**source.shop.topics, **kept}), *found]


def faults(scripts: Iterable[Script], ground: Ground) -> list[Problem]:
    """What keeps dialogs from being published: how they, and those that they lead to, are written; else how they go.

    Whoever checks a dialog of a shop asks here: the shop's file, commands, the API.
    """
    return list(dict.fromkeys(problem for script in scripts for problem in _faults(script, ground)))


def _faults(script: Script, ground: Ground) -> Iterable[Problem]:
    on = ground.below(script)
    found = [problem for one in (script, *dict(on.scripts).values()) for problem in written(one, ground)]
    return found or _proved(script, on)


def written(script: Script, ground: Ground) -> tuple[Problem, ...]:
    """What is wrong with how a dialog is written."""
    return _written(script, ground.below(script))


@kept(1000)
def _written(script: Script, ground: Ground) -> tuple[Problem, ...]:
    return script.problems or tuple(check_dialog(script.dialog, known=ground.known))


@kept(1000)
def _proved(script: Script, ground: Ground) -> tuple[Problem, ...]:
    return tuple(prove(script.dialog, known=ground.known))


def ground(
    shop: ShopPart, scripts: Mapping[str, Script], kept: Mapping[str, TopicPart] = MappingProxyType({})
) -> Ground:
    """What dialogs of this shop stand on; `scripts`: those that they may open, by name; `kept`: topics beside its own."""
    topics = {**shop.topics, **kept}
    return Ground(
        topics=tuple((slug, tuple(topic.names.items())) for slug, topic in topics.items()),
        double=frozenset(slug for slug, topic in topics.items() if topic.proof == "double"),
        fields=tuple(sorted((field.name, field.type) for field in shop.fields)),
        languages=tuple(shop.languages),
        country=shop.country,
        interrupts=tuple(sorted(interrupting(shop.keywords).items())),
        beginnings=frozenset(interrupting(one for one in shop.keywords if one.mode == "first")),
        scripts=tuple(scripts.items()),
    )


def known(
    topics: Topics = MappingProxyType({}),
    double: Iterable[str] = (),
    fields: Mapping[str, str] = MappingProxyType({}),
    languages: Iterable[str] = (),
    dialogs: Mapping[str, Dialog] = MappingProxyType({}),
    interrupts: Mapping[str, str] = MappingProxyType({}),
    beginnings: Iterable[str] = (),
    country: str = "",
) -> Known:
    """What dialogs of a shop may use.

    `double`: topics that need a second yes; `fields`: each with its type; `dialogs`: those that they may open; `interrupts`:
    what `interrupting` says, `beginnings`: those with which a text need only begin.
    """
    return Known(
        fold=fold,
        reserved=meaning,
        tags=tag_uses,
        names=DIALOG_NAMES,
        topics=topics,
        double=frozenset(double),
        fields=fields,
        fits=fits,
        samples={type_: meant(type_, value) for type_, value in SAMPLES.items() if type_ != "text"},
        languages=tuple(languages),
        dialogs=dialogs,
        interrupts=interrupts,
        beginnings=frozenset(beginnings),
        parsers=PARSERS,
        country=country,
        parts=_parts,
        most_parts=MOST_PARTS,
    )


def _parts(template: str, values: Mapping[str, object]) -> int:
    """How many parts a text is; none where a value is missing, which is a mistake of its own. Raises BadTemplate."""
    try:
        return measure(render(template, values)).parts
    except MissingTag as missing:
        if missing.name.partition(".")[0] in {*values, "contact", "topic"}:
            return 0
        raise BadTemplate(str(missing)) from None  # of what a loop goes through


def interrupting(keywords: Iterable[KeywordPart]) -> Mapping[str, str]:
    """The folded phrases of keywords that interrupt, with the dialogs that they open; "" beside a reply."""
    return {
        fold(text): keyword.dialog or ""
        for keyword in keywords if keyword.interrupts for texts in keyword.phrases.values() for text in texts
    }  # fmt: skip


def entry(number: int, keyword: KeywordPart) -> Entry:
    """A keyword of the file as the table of keywords takes it."""
    phrases = tuple(Phrase(text, lang or None) for lang, texts in keyword.phrases.items() for text in texts)
    return Entry(number, phrases, keyword.mode, keyword.dialog, keyword.interrupts)


def _keywords(source: Source, names: Collection[str], topics: Mapping[str, TopicPart]) -> Iterator[Problem]:
    keywords = source.shop.keywords
    numbers = source.numbers or tuple(range(1, len(keywords) + 1))
    for found in problems(entry(number, keyword) for number, keyword in zip(numbers, keywords, strict=True)):
        i = numbers.index(found.entry)
        yield source.problem(found.message, "keywords", i, "phrases", *_place(keywords[i], found.phrase))
    for i, keyword in enumerate(keywords):
        if keyword.dialog is not None and keyword.dialog not in names:
            yield source.problem(f"there is no dialog `{keyword.dialog}` among `dialogs`", "keywords", i, "dialog")
        for path, message in wrong_reply(keyword, source.shop, topics):
            yield source.problem(message, "keywords", i, *path)


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
        said = "" if unknown else clean(render(template, values))
        if not unknown and not said.strip():
            yield source.problem("this says nothing", *where)
        if where[1] in ONE_TEXT and (measure(said).parts > MOST_PARTS or units(said) > MAX_UNITS):
            yield source.problem(f"too long for one text: at most {MOST_PARTS} parts and {MAX_UNITS} characters", *where)
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
