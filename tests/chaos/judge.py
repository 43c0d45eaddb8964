"""The judge: what was promised, checked in the carrier's diary against our tables. It asks nobody and changes nothing.

Each promise is a function that lists where it was broken.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tests.chaos.case import Case, words

# Why something of ours may rightly never have left: docs/decisions.md, "Where something may still be lost or doubled".
NAMED = ("suppressed", "superseded", "expired", "loop guard")
SETTLED_FOR = 60.0  # seconds after the last fault


def doubled(case: Case) -> Iterator[str]:
    """A text of a campaign that was taken twice, or more often than we have it; more answers than texts."""
    written = Counter((say.theirs, words(say.body)) for say in case.says)
    once = {said for meant in case.audience.values() for said in meant}
    for said, count in case.accepted.items():
        if count > (1 if said in once else max(1, written[said])):
            yield f"{said[0]} was told {count} times: {said[1]}"
    typed = Counter(line["from"] for line in case.lines("inbound"))
    answers = Counter[str]()
    for said, count in case.accepted.items():
        answers[said[0]] += 0 if said in once else count
    yield from (f"{phone}: {count} answers to {typed[phone]} texts" for phone, count in answers.items() if count > typed[phone])


def lost(case: Case) -> Iterator[str]:
    """Someone in the audience who never left and was never told; what only one of the two sides knows of."""
    for campaign, meant in case.audience.items():
        for said in meant:
            if not case.accepted[said] and said[0] not in case.leavers and said not in case.held:
                yield f"{said[0]} was never told of campaign {campaign}"
    taken = {line["sid"]: (line["to"], words(line["body"])) for line in case.lines("accepted")}
    known = {say.sid: say for say in case.says if say.state == "sent"}
    invented = [say for sid, say in known.items() if sid not in taken]
    yield from (f"{say.theirs}: sent, we say, but the carrier never took it: {say.body}" for say in invented)
    # What a later text has made untrue is no longer asked about: it may well have been taken.
    untrue = {(say.theirs, words(say.body)) for say in case.says if say.why == "superseded"}
    unknown = [said for sid, said in taken.items() if sid not in known and said not in untrue]
    yield from (f"{phone}: taken, but we do not know it as sent: {body}" for phone, body in unknown)
    yield from (f"{say.theirs}: {say.state} ({say.why}): {say.body}" for say in case.says if not _accounted(case, say))


def _accounted(case: Case, say: Any) -> bool:
    """Whether there is nothing left to do for something of ours, or a person has been told."""
    if say.state == "refused":
        return say.why in NAMED and (say.why != "suppressed" or say.theirs in case.leavers)
    return say.state == "sent" or (say.theirs, words(say.body)) in case.held


def unanswered(case: Case) -> Iterator[str]:
    """A recorded text without an answer of ours."""
    answered = {say.cause for say in case.says}
    gone: set[str] = set()
    for text in sorted(case.texts, key=lambda text: text.id):
        silent = text.theirs in gone and text.body in ("STOP", "Arrêt")  # one confirmation, no more
        if f"r:{text.id}:1" not in answered and not silent and text.theirs not in case.announced:
            yield f"{text.theirs}: {text.body}"
        gone = gone - {text.theirs} if text.body == "START" else gone
        gone = gone | {text.theirs} if text.body in ("STOP", "Arrêt") else gone


def missing(case: Case) -> Iterator[str]:
    """Acknowledged, but not in our memory."""
    yield from case.acknowledged.keys() - {text.sid for text in case.texts}


def after_stop(case: Case) -> Iterator[str]:
    """Told something after a STOP was acknowledged, or left and yet not on the list of those who left."""
    since: dict[str, int] = {}
    changes = [(line["n"], line["from"], "start") for line, kind in case.typed if kind == "start"]
    changes += [
        (case.acknowledged[line["sid"]], line["from"], kind)
        for line, kind in case.typed
        if kind == "stop" and line["sid"] in case.acknowledged
    ]
    told = [(line["n"], line["to"], line["body"]) for line in case.lines("accepted")]
    for n, phone, what in sorted([*changes, *told]):
        if what == "stop":
            since.setdefault(phone, n)
        elif what == "start":
            since.pop(phone, None)
        elif phone in since and (phone, words(what)) not in case.compliance:
            yield f"{phone} was told after a STOP: {what}"
    yield from (f"{phone} left, and is not on the list" for phone in since.keys() - case.left)


def unbalanced(case: Case) -> Iterator[str]:
    """A campaign whose balance is not the carrier's own count."""
    for campaign, meant in case.audience.items():
        balance = case.balances[campaign]
        sent = sum(bool(case.accepted[said]) for said in meant)
        held = sum(said in case.held for said in meant)
        refused = sum(count for why, count in balance.refused.items() if why in NAMED)
        should = {"intended": len(meant), "sent": sent, "waiting": held, "unknown": 0, "failed": 0}
        does = {**{name: getattr(balance, name) for name in should}, "failed": sum(balance.failed.values())}
        if not balance.exact or does != should or sent + refused + held != len(meant):
            yield f"campaign {campaign}: {does}, refused {dict(balance.refused)}; it should be {should}"


def unsettled(case: Case) -> Iterator[str]:
    """Outcomes that were still open a minute after the last fault."""
    if case.settled_after > SETTLED_FOR:
        yield f"settled after {case.settled_after:.0f} s"


PROMISES: Mapping[str, Callable[[Case], Iterator[str]]] = {
    "doubled": doubled,
    "lost": lost,
    "unanswered": unanswered,
    "acknowledged but missing": missing,
    "after STOP": after_stop,
    "balance": unbalanced,
    "unsettled": unsettled,
}


def judge(case: Case) -> dict[str, list[str]]:
    """Each promise, and where it was broken."""
    return {name: list(broken(case)) for name, broken in PROMISES.items()}
