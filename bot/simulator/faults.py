"""What goes wrong on purpose, everywhere or for one number, settable at any moment.

create                how a create call is answered: a mode, or {mode: weight} to draw from
                        ok · 429 · 502html · rfc9457 · 200empty · garbage200 · drop · slow:<s> · drip · error:<code>
                        Only ok, slow and drip take the text; accept_then_<mode> takes it first and then misbehaves.
stop_before_accept    before a text is taken, its handset texts STOP; it is taken once that is answered, or after a second
latency_ms            [least, most] before a REST call is looked at
parts_per_second      more than this from one sender is answered 429
delivery_error        the code a handset's texts fail with, or {code or "ok": weight}
receipt_order         normal · reversed · shuffled
receipt_duplicates    how many more times each status is told
receipt_lost          the share of statuses never told (0 to 1)
receipt_before_answer statuses are told before the create call is answered
receipt_delay_ms      [least, most] before each status
inbound_copies        how many times each inbound text is delivered, at once
answers_lost          the share of webhook answers that never reach the carrier (0 to 1)
list_lag              seconds before the list shows a new text, 15 at most
list_unavailable      the list is answered 503
numbers               {number: {any of the above}} for one handset or one sender
seed                  makes the draws repeatable
"""

import copy
import random
from collections.abc import Mapping
from typing import Any

NORMAL: dict[str, Any] = {
    "create": "ok",
    "stop_before_accept": False,
    "latency_ms": [0, 0],
    "parts_per_second": None,
    "delivery_error": None,
    "receipt_order": "normal",
    "receipt_duplicates": 0,
    "receipt_lost": 0.0,
    "receipt_before_answer": False,
    "receipt_delay_ms": [5, 40],
    "inbound_copies": 1,
    "answers_lost": 0.0,
    "list_lag": 0,
    "list_unavailable": False,
}
MODES = ("ok", "429", "502html", "rfc9457", "200empty", "garbage200", "drop", "slow", "drip", "error")
LONGEST_LIST_LAG = 15


class Faults:
    def __init__(self, start: Mapping[str, Any]) -> None:
        self._start = start
        self.reset()

    def reset(self) -> None:
        """Back to what the configuration file says."""
        self.everywhere = copy.deepcopy(NORMAL)
        self.numbers: dict[str, dict[str, Any]] = {}
        self.draw = random.Random()
        self.merge(self._start)

    def merge(self, change: Mapping[str, Any]) -> None:
        """Change what is named and nothing else; None takes a number's fault away. ValueError if one is unknown."""
        change = dict(change)
        numbers = change.pop("numbers", {})
        seed = change.pop("seed", None)
        for values in (change, *numbers.values()):
            _check(values)
        self.everywhere |= change
        for number, values in numbers.items():
            own = self.numbers.get(number, {}) | values
            self.numbers[number] = {name: value for name, value in own.items() if value is not None}
        if seed is not None:
            self.draw.seed(seed)

    def get(self, name: str, *numbers: str | None) -> Any:
        """The fault in force: that of the first number which has its own, else the one for everybody."""
        for number in numbers if self.numbers else ():
            if number is not None and name in self.numbers.get(number, ()):
                return self.numbers[number][name]
        return self.everywhere[name]

    def pick(self, name: str, *numbers: str | None) -> str:
        """A fault whose value may be a draw: {value: weight}."""
        value = self.get(name, *numbers)
        if isinstance(value, Mapping):
            return str(self.draw.choices(list(value), list(value.values()))[0])
        return "ok" if value is None else str(value)

    def happens(self, name: str, *numbers: str | None) -> bool:
        """Whether a fault given as a share happens this time."""
        return self.draw.random() < float(self.get(name, *numbers))

    def wait_for(self, name: str, *numbers: str | None) -> float:
        """A fault given as [least, most] milliseconds, drawn, in seconds."""
        least, most = self.get(name, *numbers)
        return self.draw.uniform(least, most) / 1000


def _check(values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        if name not in NORMAL:
            raise ValueError(f"unknown fault: {name}")
        if name == "list_lag" and value is not None and value > LONGEST_LIST_LAG:
            raise ValueError(f"list_lag is {LONGEST_LIST_LAG} seconds at most")
        if name == "create" and value is not None:
            for mode in value if isinstance(value, Mapping) else (value,):
                if mode.removeprefix("accept_then_").partition(":")[0] not in MODES:
                    raise ValueError(f"unknown create mode: {mode}")
