"""What people want of us: fewer texts, a break. Heard by text, kept from the same moment on."""

from datetime import timedelta

from bot import jobs
from bot.campaigns import Batches, preview
from tests.crowd import balance, draft, join, number, run, schedule, state, texts
from tests.house import House

ANA, BO = number(0), number(1)


def test_who_wants_fewer_texts_gets_one_in_two_weeks(house: House) -> None:
    """The second waits its turn, and is not lost."""
    join(house.runtime, [ANA, BO])
    house.text(ANA, "moins souvent")
    run(house, "first")
    second = run(house, "second")
    assert (balance(house, second).sent, balance(house, second).held) == (1, {"fewer texts": 1})
    house.jump(timedelta(days=13))
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
