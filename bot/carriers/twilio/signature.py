"""Who sent this webhook: Twilio signs the address and the fields with our account's token.

Source: Twilio docs, "Validating requests are coming from Twilio".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]


class _Fields(dict[str, list[str]]):
    """Form fields in the shape that the validator reads: every value of a repeated name counts."""

    def __init__(self, form: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        for name, value in form:
            self.setdefault(name, []).append(value)

    def getlist(self, name: str) -> list[str]:
        return self[name]


def validators(tokens: Iterable[str]) -> tuple[RequestValidator, ...]:
    """One validator per token; while a token is being changed, the one before is still good."""
    return tuple(RequestValidator(token) for token in tokens)


def matches(
    validators: Sequence[RequestValidator], url: str, form: Sequence[tuple[str, str]], signature: str | None
) -> bool:
    """Whether one of the tokens made this signature. `url` is the public address with its raw path and raw query."""
    if not signature:
        return False
    fields = _Fields(form)
    try:
        return any(validator.validate(url, fields, signature) for validator in validators)
    except Exception:  # noqa: BLE001  # the validator raises on what it cannot parse, and whatever it raises is no signature
        return False
