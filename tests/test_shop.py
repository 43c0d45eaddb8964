"""A shop is loaded from one file: all of it or nothing, and again whenever it changes."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, select

from bot.catalogue import catalogue
from bot.runtime import open_engine
from bot.sample import SHOP as SAMPLE
from bot.shop import ShopError, load_shop
from bot.shop.check import check
from bot.shop.spec import read
from models import Conversation, DialogVersion, Field, Keyword, Sender, Shop, Topic
from models.shop import TEXTS
from tests.house import SHOP, House

HELLO = """
name: hello
start: hello
states:
  hello: {say: {fr: Bonjour, en: Hello}, end: done}
"""


FILE = """
brand: ACME
contact_line: "+33 1 23 45 67 89"
zone: Europe/Paris
country: FR
languages: [fr, en]
topics:
  offers:
    names: {fr: nos offres, en: our offers}
    frequencies: {fr: 2 par mois au plus, en: at most 2 a month}
    fees: {fr: prix d'un SMS, en: Msg & data rates may apply}
    contacts: bonjour@acme.example
  orders:
    names: {fr: vos commandes, en: your orders}
    frequencies: {fr: à chaque commande, en: with each order}
    fees: {fr: prix d'un SMS, en: Msg & data rates may apply}
    contacts: bonjour@acme.example
    proof: single
senders:
  - {number: "+33937000001", country: FR, opt_out: self}
  - {number: "+16175550100", country: US}
fields:
  - {name: first_name, purpose: To greet people by their name}
  - {name: postcode, purpose: To tell people about shops near them only}
dialogs: [welcome, help, survey]
keywords:
  - {phrases: {fr: [rejoindre], en: [join]}, dialog: welcome}
  - {phrases: [menu], dialog: help, interrupts: true}
  - {phrases: {fr: [avis], en: [survey]}, mode: first, dialog: survey}
"""


@pytest.fixture
def connection(database: str) -> Iterator[Connection]:
    engine = open_engine(database)
    with engine.begin() as connection:
        yield connection
    engine.dispose()


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A shop's file, for each test to change."""
    (tmp_path / "hello.yaml").write_text(HELLO)
    copy = tmp_path / "shop.yaml"
    copy.write_text(FILE)
    return copy


def edit(path: Path, before: str, after: str) -> None:
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after, 1))


def mistakes(shop: Path) -> list[str]:
    with pytest.raises(ShopError) as found:
        check(read(shop))
    return str(found.value).replace(f"{shop.parent}/", "").splitlines()


def line_of(path: Path, words: str) -> int:
    return next(i for i, line in enumerate(path.read_text().splitlines(), 1) if words in line)


@pytest.mark.parametrize("file", [SHOP, SAMPLE], ids=["tests", "sample"])
def test_a_shop_that_holds_together_is_loaded(connection: Connection, file: Path) -> None:
    report = load_shop(connection, file)
    assert set(report.published) == set(catalogue(connection).published)
    assert catalogue(connection).text("stop", "fr").startswith("{{ brand }}")


def test_loading_it_again_changes_nothing_but_the_revision(connection: Connection) -> None:
    def held() -> list[object]:
        kept = (DialogVersion, Keyword, Sender, Topic, Field)
        rows = [connection.execute(select(*list(table.__table__.c)[1:])).all() for table in kept]
        return [sorted(map(str, one)) for one in rows]

    load_shop(connection, SHOP)
    before = held()
    revision = connection.scalar(select(Shop.revision)) or 0
    report = load_shop(connection, SHOP)
    assert held() == before
    assert report.published == []
    assert connection.scalar(select(Shop.revision)) == revision + 1


def test_what_the_file_no_longer_says_is_gone_but_topics_stay(connection: Connection, shop: Path) -> None:
    load_shop(connection, shop)
    edit(shop, '  - {number: "+16175550100", country: US}\n', "")
    edit(shop, "  orders:", "  parcels:")
    edit(shop, "dialogs: [welcome, help, survey]", "dialogs: [welcome, survey]")
    edit(shop, "  - {phrases: [menu], dialog: help, interrupts: true}\n", "")
    edit(shop, "brand: ACME", "brand: Acme & Co")
    # help opens survey, so it can go alone
    report = load_shop(connection, shop)
    now = catalogue(connection)
    assert now.shop.brand == "Acme & Co"
    assert list(now.senders) == ["+33937000001"]
    assert set(now.topics) == {"offers", "orders", "parcels"}
    assert report.retired == ["help"]
    assert set(now.published) == {"welcome", "survey"}
    assert "menu" not in now.keywords.whole


QUICK = """
name: quick
topic: orders
start: a
expires: PT1H
states:
  a: {say: "Which?", on: [{hear: topic, then: [{do: opt_in, proof: single}], goto: z}]}
  z: {say: "{{ topic.name }}: noted", end: done}
"""


def test_a_topic_that_the_file_no_longer_names_still_says_what_a_dialog_may_do(connection: Connection, shop: Path) -> None:
    """It is offered with the others, so a single yes is not enough for it."""
    load_shop(connection, shop)
    edit(shop, "  offers:\n", "  others:\n    proof: single\n")
    (shop.parent / "quick.yaml").write_text(QUICK, encoding="utf-8")
    edit(shop, "dialogs: [welcome, help, survey]", "dialogs: [quick.yaml]")
    with pytest.raises(ShopError, match="`offers` needs a second yes"):
        load_shop(connection, shop)


def test_a_changed_dialog_is_a_new_version_and_conversations_keep_theirs(house: House, shop: Path) -> None:
    house.text("Bo", "JOIN")
    edit(shop, "dialogs: [welcome,", "dialogs: [welcome.yaml,")
    library = Path(__file__).parent.parent / "dialogs" / "library" / "welcome.yaml"
    (shop.parent / "welcome.yaml").write_text(library.read_text() + "# said better\n")
    with house.runtime.begin() as connection:
        report = load_shop(connection, shop)
        versions = connection.execute(
            select(DialogVersion.number, DialogVersion.state)
            .where(DialogVersion.name == "welcome").order_by(DialogVersion.number)
        ).all()  # fmt: skip
        talked = connection.scalars(
            select(DialogVersion.number).join(Conversation, Conversation.version_id == DialogVersion.id)
        ).all()
    assert report.published == ["welcome"]
    assert versions == [(1, "retired"), (2, "published")]
    assert talked == [1]
    assert "postal" in house.text("Bo", "OUI")[0]


@pytest.mark.parametrize(
    ("before", "after", "at", "message"),
    [
        ("brand: ACME", "brant: ACME", "brant", "not known here"),
        ("zone: Europe/Paris", "zone: Europe/Lutetia", "Lutetia", "a time zone such as"),
        ("opt_out: self", "opt_out: maybe", "opt_out: maybe", "Input should be"),
        ('"+33937000001"', '"+1"', '"+1"', "a number such as"),
        ('number: "+16175550100"', 'number: "+33937000001"', "country: US", "already there"),
        ("{fr: nos offres, en: our offers}", "{en: our offers}", "names: {en: our offers}", "not said in: fr"),
        ("dialog: survey}", "dialog: raffle}", "raffle", "no dialog `raffle`"),
        ("survey]\n", "survey, raffle]\n", "raffle]", "no dialog `raffle` in the library"),
        ("en: [join]", "en: [join, stop]", "[join, stop]", "reserved"),
        ("[menu]", "[Join!]", "[Join!]", "already belongs to"),
        ("brand: ACME", "brand: ACME\nbrand: ACME", "brand: ACME", "written twice"),
        ("languages: [fr, en]", "languages: [fr, en]\ntexts: {help: '{{ brand'}", "texts:", "texts.help"),
        ("languages: [fr, en]", "languages: [fr, en]\ntexts: {stop: '{{ topic.colour }}'}", "texts:", "merge tag"),
        ("languages: [fr, en]", "languages: [fr, en]\ntexts: {stop: '{{ topic.name }}'}", "texts:", "merge tag"),
        ("languages: [fr, en]", "languages: [fr, en]\ntexts: {stop: '{{ keyword }}'}", "texts:", "merge tag"),
        ("languages: [fr, en]", "languages: [fr, en]\ntexts: {stop: '{{ 1 | divided_by: 0 }}'}", "texts:", "texts.stop"),
        ("languages: [fr, en]", "languages: [fr, en]\ntexts: {stop: ' '}", "texts:", "this says nothing"),
        ("languages: [fr, en]", "languages: [fr, en]\ntexts: {hello: Hi}", "texts:", "no such text"),
        ("brand: ACME", "brand: ' '", "brand:", "must not be empty"),
        ('contact_line: "+33 1 23 45 67 89"', 'contact_line: " "', "contact_line:", "must not be empty"),
        ("names: {fr: nos offres, en: our offers}", "names: &n {fr: nos offres, en: *n}", "names: &n", "references"),
        ("languages: [fr, en]", "languages: " + "[" * 99, "languages:", "nested too deeply"),
        ("[menu]", "[menu, 'Yes!']", "[menu,", "a START after a STOP"),
        ("dialog: survey}", "reply: {en: Hi}}", "reply: {en", "this is not said in: fr"),
        ("dialog: survey}", "reply: '{{ weather }}'}", "{{ weather", "{{ weather }} is not a merge tag"),
        ("dialog: survey}", "reply: Hi, dialog: survey}", "reply: Hi", "exactly one of them"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_line(shop: Path, before: str, after: str, at: str, message: str) -> None:
    edit(shop, before, after)
    said = mistakes(shop)
    here = [line for line in said if message in line]
    assert here, said
    lines = {line_of(shop, at), line_of(shop, at) + 1}
    assert int(here[0].split(":")[1]) in lines, said


def test_a_mistake_in_a_dialog_is_told_with_the_dialogs_own_line(shop: Path) -> None:
    edit(shop, "survey]\n", "survey, hello.yaml]\n")
    (shop.parent / "hello.yaml").write_text(HELLO.replace("Bonjour", "'{{ weather }}'"))
    assert [line.split(": ")[0] for line in mistakes(shop)] == ["hello.yaml:5"]


def test_a_keyword_that_interrupts_takes_no_answer_away_from_a_dialog(shop: Path) -> None:
    edit(shop, "phrases: [menu]", "phrases: [menu, Par SMS!]")
    told, *shown = mistakes(shop)
    assert told.endswith(
        "help.yaml:43: states.call.on.0.hear: `par sms` is a keyword that interrupts and opens `help`: "
        "it is never an answer here"
    )
    assert shown[-2:] == ["    > par sms", "    # the house opens help"]
    edit(shop, ", interrupts: true", "")
    check(read(shop))


def test_nor_does_one_that_says_a_reply(shop: Path) -> None:
    edit(shop, "phrases: [menu], dialog: help", "phrases: [menu, Par SMS!], reply: We write.")
    told, *shown = mistakes(shop)
    assert told.endswith("`par sms` is a keyword that interrupts and says a reply: it is never an answer here")
    assert shown[-1] == "    # the house says a reply"


def test_nor_one_with_which_a_text_need_only_begin(shop: Path) -> None:
    edit(shop, "phrases: [menu], dialog: help", "phrases: [par], mode: first, dialog: help")
    assert "`par sms` is a keyword that interrupts and opens `help`" in mistakes(shop)[0]
    edit(shop, "mode: first", "mode: whole")
    check(read(shop))


def test_one_text_for_all_languages_is_said_in_all_of_them(shop: Path) -> None:
    edit(shop, "languages: [fr, en]", "languages: [fr, en]\ntexts: {stop: 'Bye.', help: {fr: 'Oui ?'}}")
    texts = read(shop).shop.all_texts
    assert texts["stop"] == {"": "Bye."}
    assert texts["help"] == {"fr": "Oui ?", "en": TEXTS["help"]["en"]}


def test_with_a_mistake_nothing_is_written(connection: Connection, shop: Path) -> None:
    load_shop(connection, shop)
    edit(shop, "brand: ACME", "brand: Other")
    edit(shop, "dialog: survey}", "dialog: contest}")
    with pytest.raises(ShopError):
        load_shop(connection, shop)
    assert connection.scalar(select(Shop.brand)) == "ACME"


def test_all_mistakes_are_told_at_once(shop: Path) -> None:
    edit(shop, "dialog: survey}", "dialog: contest}")
    edit(shop, "en: [join]", "en: [help]")
    assert len(mistakes(shop)) == 2


def test_a_field_is_not_called_what_a_merge_tag_takes_for_something_else(shop: Path) -> None:
    """`{{ contact.size }}` would be how many values there are."""
    edit(shop, "dialogs: [", "  - {name: size, purpose: To sell what fits}\ndialogs: [")
    assert "take another name, such as shoe_size" in " ".join(mistakes(shop))
