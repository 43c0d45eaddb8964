"""What can happen to a conversation: a text came, time passed, something happened in the shop, or an opened dialog ended."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Heard:
    """The contact wrote: the text as received, the same text folded, and the addresses of the pictures."""

    text: str
    folded: str
    media: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Woke:
    """The wait of the current state is over."""


@dataclass(frozen=True, slots=True)
class Expired:
    """The contact stayed silent for as long as the dialog listens."""


@dataclass(frozen=True, slots=True)
class Happened:
    """Something happened to the contact, such as `order.created`."""

    name: str
    properties: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Returned:
    """The dialog that was opened from here has ended."""


Event = Heard | Woke | Expired | Happened | Returned
