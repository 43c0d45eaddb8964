"""Every error number of the table says what we do about it, in every language; any other is simply a failure."""

import json
from datetime import date
from pathlib import Path
from typing import get_args

import pytest

import bot.carriers.codes
from bot.carriers.codes import Action, lookup

TABLE = json.loads(Path(bot.carriers.codes.__file__).with_name("twilio_codes.json").read_text(encoding="utf-8"))
EXPECTED: dict[Action, str] = {
    "invalid_number": "21211 21214 21217 21268 21401 21614 21635 30005 30006 63003",
    "unreachable": "30003 30004 30008",
    "stop_contact": "21610 63014",
    "our_fault": "401 403 404 20003 20404 21212 21266 21408 21603 21604 21606 21608 21609 21612 21701 30002 30032 30034 30042"
    " 35111 35114 35115 35117 35118 63007 90007",
    "content": "21602 21605 21617 21623 30007 30038 63016 63021",
    "slow_down": "20429 21611 30001 30022 30023 63017",
    "expired": "30036",
    "failed": "30047 30500 63023",
}
CASES = [(number, action) for action, numbers in EXPECTED.items() for number in numbers.split()]


@pytest.mark.parametrize(("number", "action"), CASES)
def test_a_known_number_has_its_action(number, action):
    assert lookup(number).action == action


@pytest.mark.parametrize("number", ["99999", "", "abc", None, "021610", "21610 "])
def test_an_unknown_number_is_a_failure_that_concludes_nothing(number):
    code = lookup(number)
    assert (code.action, code.number) == ("failed", number or "")
    assert code.says == lookup("other").says


def test_no_number_is_without_its_case_here():
    assert set(TABLE["codes"]) - {"other"} == {number for number, _ in CASES}
    assert set(EXPECTED) == set(get_args(Action))


@pytest.mark.parametrize("number", TABLE["codes"])
def test_each_number_is_explained_in_one_sentence_per_language(number):
    says = lookup(number).says
    assert set(says) == {"en", "fr"}
    assert all(sentence.endswith(".") and sentence.count(". ") == 0 for sentence in says.values())


def test_the_table_says_when_and_where_it_was_checked():
    assert date.fromisoformat(TABLE["checked_on"]) and TABLE["source"]
