"""What people want of us: fewer texts, a break. Heard by text, kept from the same moment on."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from bot import jobs
from bot.campaigns import Batches, preview
from bot.shop.check import entry
from bot.shop.spec import read
from bot.talk import heard_of
from dialogs.compile import compile
from dialogs.effects import Finish
from dialogs.engine import start
from keywords.match import match
from keywords.table import build
from keywords.text import fold
from models import Contact
from tests.crowd import balance, draft, join, number, run, schedule, state, texts
from tests.dialogs.shop import LIBRARY, ground
from tests.house import BOSTON, House

ROOT = Path(__file__).parents[2]

ANA, BO = number(0), number(1)


def test_who_wants_fewer_texts_gets_one_a_month(house: House) -> None:
    """The second waits its turn, and is not lost."""
    join(house.runtime, [ANA, BO])
    house.text(ANA, "moins souvent")
    run(house, "first")
    second = run(house, "second")
    assert (balance(house, second).sent, balance(house, second).held) == (1, {"fewer texts": 1})
    house.jump(timedelta(days=29))
    assert balance(house, second).held == {"fewer texts": 1}
    house.jump(timedelta(days=1, minutes=1))
    house.work()
    assert (balance(house, second).sent, state(house, second)) == (2, "finished")


def test_what_was_made_ready_before_the_wish_waits_too(house: House) -> None:
    """The gate is asked once more when a text leaves."""
    join(house.runtime, [ANA])
    run(house, "first")
    second = draft(house, "second")
    schedule(house, second)
    jobs.work(house.runtime)
    jobs.take_audience(house.runtime)
    batches = Batches()
    assert batches.prepare(house.runtime)
    batches.close(house.runtime)
    assert [row.state for row in texts(house, second)] == ["ready"]
    house.text(ANA, "moins souvent")
    house.work()
    assert [(row.state, row.why) for row in texts(house, second)] == [("held", "fewer texts")]


def test_two_campaigns_at_once_are_two_texts_to_count(house: House) -> None:
    join(house.runtime, [ANA])
    house.text(ANA, "moins souvent")
    both = [draft(house, "first"), draft(house, "second")]
    for one in both:
        schedule(house, one)
    house.work()
    assert sorted(balance(house, one).sent for one in both) == [0, 1]


def test_a_break_is_kept_until_it_is_taken_back(house: House) -> None:
    join(house.runtime, [ANA])
    house.text(ANA, "pas avant le 12 décembre")
    campaign = run(house)
    assert balance(house, campaign).held == {"paused": 1}
    house.jump(timedelta(days=17))
    house.work()
    assert balance(house, campaign).sent == 1


def test_a_preview_says_who_waits_for_what(house: House) -> None:
    join(house.runtime, [ANA, BO])
    house.text(ANA, "moins souvent")
    house.text(BO, "pas avant septembre")
    run(house, "first")
    assert preview(house.runtime, draft(house, "second")).held == {"fewer texts": 1, "paused": 1}


@pytest.mark.parametrize("shop", ["tests/shop.yaml", "bot/sample/shop.yaml"])
@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("moins souvent svp", "fewer"),
        ("moins souvent merci", "fewer"),
        ("trop de sms", "fewer"),
        ("too many texts please", "fewer"),
        ("pas d'offres avant janvier", "paused"),
        ("pas de sms avant janvier", "paused"),
        ("bonjour, pas avant septembre", "paused"),
        ("jusqu'à janvier", "paused"),
        ("don't text me before March", "paused"),
        ("no texts before March", "paused"),
        ("no offers", "topic_off"),
        ("pause", None),
    ],
)
def test_a_wish_is_heard_from_its_own_words(shop: str, text: str, outcome: str | None) -> None:
    """By the keywords of the shop, and by the dialog that they open; None: it asks until when."""
    entries = (entry(number, keyword) for number, keyword in enumerate(read(ROOT / shop).shop.keywords))
    found = match(build(entries)[0], fold(text))
    assert found is not None and found.entry.dialog == "prefs"
    turn = start(compile(LIBRARY["prefs"], fold), ground(), opening=heard_of(text, ()))
    ended = [effect.outcome for effect in turn.effects if isinstance(effect, Finish)]
    assert ended == [outcome] if outcome else turn.memory["state"] == "until_when"


def test_who_takes_a_break_back_gets_what_waited(house: House) -> None:
    join(house.runtime, [ANA, BO])
    for who in (ANA, BO):
        house.text(who, "pas avant septembre")
    campaign = run(house)
    assert balance(house, campaign).held == {"paused": 2}
    house.text(ANA, "prefs")
    house.text(ANA, "comme avant")
    house.work()
    assert (balance(house, campaign).sent, balance(house, campaign).held) == (1, {"paused": 1})


def test_who_shortens_a_break_gets_what_was_ready_then(house: House) -> None:
    join(house.runtime, [ANA])
    second = draft(house)
    schedule(house, second)
    jobs.work(house.runtime)
    jobs.take_audience(house.runtime)
    batches = Batches()
    batches.prepare(house.runtime)
    batches.close(house.runtime)
    house.text(ANA, "pas avant septembre")
    house.work()
    house.text(ANA, "pas avant le 1 décembre")
    house.work()
    assert [(row.state, row.why) for row in texts(house, second)] == [("held", "paused")]
    house.jump(timedelta(days=6))
    house.work()
    assert [row.state for row in texts(house, second)] == ["sent"]


def test_a_break_ends_when_the_day_has_begun_wherever_they_may_be(house: House) -> None:
    """Dee's number may be anywhere from New York to Los Angeles: there the day begins last."""
    house.text("Dee", "JOIN", BOSTON)
    house.text("Dee", "not before march", BOSTON)
    with house.runtime.read() as connection:
        until = connection.scalar(select(Contact.paused_until).where(Contact.paused_until.is_not(None)))
    assert until == datetime(2027, 3, 1, 8, tzinfo=UTC)


def test_who_gets_little_gets_no_more_by_asking_for_less(house: House) -> None:
    join(house.runtime, [ANA], one_in_days=90)
    house.text(ANA, "moins souvent")
    with house.runtime.read() as connection:
        assert connection.scalar(select(Contact.one_in_days).where(Contact.phone == ANA)) == 90


def test_a_wish_is_heard_in_the_middle_of_another_dialog_and_while_a_person_has_taken_over(house: House) -> None:
    house.text("Bo", "mes infos")
    assert "septembre" in house.text("Bo", "pas avant septembre")[0]
    for text in ("prefs", "bof", "bof", "bof"):
        house.text("Bo", text)
    house.jump(timedelta(hours=2))
    assert "for a person: bof" in house.truths("Bo")
    house.text("Bo", "prefs")
    assert "C'est noté" in house.text("Bo", "moins souvent")[0]
    assert house.text("Bo", "quand ouvrez-vous ?") == []
