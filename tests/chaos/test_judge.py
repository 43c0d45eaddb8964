"""The judge itself is judged: each promise, broken once on paper, is found broken, and what is in order is not."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from tests.chaos.case import UNKNOWN, Case
from tests.chaos.judge import PROMISES, judge

ANA, BO, CY = "+33612000001", "+33612000002", "+33612000003"
HELLO = {ANA: "salut 1", BO: "salut 2", CY: "salut 3"}


def say(phone: str, body: str, sid: str | None, **more: Any) -> Any:
    usual = {"state": "sent", "why": None, "cause": "c", "kind": "marketing"}
    return SimpleNamespace(theirs=phone, body=body, sid=sid, **{**usual, **more})


def diary(*events: tuple[str, dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"n": n, "event": event, "http": None, **facts} for n, (event, facts) in enumerate(events, start=1)]


def took(phone: str, body: str, sid: str) -> tuple[str, dict[str, Any]]:
    return "accepted", {"to": phone, "body": body, "sid": sid}


LINES = (
    took(ANA, HELLO[ANA], "SM1"),
    ("inbound", {"sid": "SMi1", "from": BO, "body": "STOP"}),
    took(BO, "au revoir", "SM2"),
    ("attempt", {"sid": "SMi1", "http": 200}),
    took(CY, HELLO[CY], "SM3"),
)
SAYS = (say(ANA, HELLO[ANA], "SM1"), say(BO, "au revoir", "SM2", cause="r:7:1", kind="compliance"), say(CY, HELLO[CY], "SM3"))
BALANCE = SimpleNamespace(intended=3, sent=2, refused={"suppressed": 1}, failed={}, unknown=0, waiting=0, exact=True)
FINE = Case(
    diary(*LINES),
    {1: list(HELLO.items())},
    texts=[SimpleNamespace(id=7, sid="SMi1", theirs=BO, body="STOP")],
    says=SAYS,
    balances={1: BALANCE},
    left=frozenset({BO}),
    settled_after=31,
)
LATE = took(BO, HELLO[BO], "SM4")


def balance(**more: Any) -> dict[int, Any]:
    return {1: SimpleNamespace(**{**vars(BALANCE), **more})}


BROKEN = {
    "doubled": [
        replace(FINE, diary=diary(*LINES, took(ANA, HELLO[ANA], "SM5"))),
        replace(FINE, diary=diary(*LINES, took(BO, "au  revoir", "SM5"))),
        replace(FINE, diary=diary(*LINES, took(CY, "bonjour", "SM5"))),
    ],
    "lost": [
        replace(FINE, diary=diary(*LINES[:-1]), says=SAYS[:-1]),
        replace(FINE, diary=diary(*LINES[:-1])),
        replace(FINE, says=SAYS[:-1]),
        replace(FINE, says=(*SAYS, say(ANA, "bonjour", None, state="ready"))),
        replace(FINE, says=(*SAYS, say(ANA, "bonjour", None, state="refused", why="suppressed"))),
        replace(FINE, says=(*SAYS, say(ANA, "bonjour", None, state="refused", why="no consent"))),
        replace(FINE, says=(*SAYS, say(ANA, "bonjour", None, state="failed"))),
    ],
    "unanswered": [
        replace(FINE, texts=[*FINE.texts, SimpleNamespace(id=8, sid="SMi2", theirs=CY, body="JOIN")]),
        replace(FINE, texts=[SimpleNamespace(id=8, sid="SMi1", theirs=BO, body="STOP")]),
    ],
    "acknowledged but missing": [replace(FINE, texts=[])],
    "after STOP": [replace(FINE, diary=diary(*LINES, LATE)), replace(FINE, left=frozenset())],
    "balance": [replace(FINE, balances=balance(**wrong)) for wrong in (
        {"exact": False}, {"intended": 4}, {"sent": 3}, {"failed": {"30003": 1}}, {"unknown": 1}, {"waiting": 1},
        {"refused": {}}, {"refused": {"no consent": 1}},
    )],
    "unsettled": [replace(FINE, settled_after=61)],
}  # fmt: skip


def test_a_run_in_order_breaks_no_promise() -> None:
    assert not any(judge(FINE).values())


def test_every_promise_has_been_broken_on_paper() -> None:
    assert BROKEN.keys() == PROMISES.keys()


@pytest.mark.parametrize(("promise", "case"), [(name, case) for name, cases in BROKEN.items() for case in cases])
def test_a_broken_promise_is_found(promise: str, case: Case) -> None:
    assert judge(case)[promise]


def test_what_is_told_before_the_stop_was_acknowledged_breaks_nothing() -> None:
    lines = (*LINES[:3], LATE, *LINES[3:])
    case = replace(FINE, diary=diary(*lines), says=(*SAYS, say(BO, HELLO[BO], "SM4")))
    assert not judge(case)["after STOP"]


def test_after_a_start_one_may_be_told_again() -> None:
    lines = (*LINES, ("inbound", {"sid": "SMi2", "from": BO, "body": "START"}), LATE)
    assert not judge(replace(FINE, diary=diary(*lines), left=frozenset()))["after STOP"]


def test_what_is_held_for_a_person_is_not_lost() -> None:
    held = say(CY, HELLO[CY], None, state="held", why=UNKNOWN)
    case = replace(FINE, diary=diary(*LINES[:-1]), says=(*SAYS[:-1], held), balances=balance(sent=1, waiting=1))
    assert not any(judge(case).values())


def test_what_became_untrue_on_its_way_may_have_been_taken() -> None:
    farewell = say(BO, "au revoir", None, state="refused", why="superseded", cause="r:7:1", kind="compliance")
    assert not any(judge(replace(FINE, says=(SAYS[0], farewell, SAYS[2]))).values())


def test_a_second_stop_needs_no_second_confirmation() -> None:
    again = SimpleNamespace(id=8, sid="SMi2", theirs=BO, body="Arrêt")
    assert not judge(replace(FINE, texts=[*FINE.texts, again]))["unanswered"]
