"""The words in which a dialog is written: states that say something, then listen, wait, choose or end."""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, PrivateAttr, StringConstraints, model_validator

from dialogs.parts import Actions, Duration, Hear, Name, Part, ValueName, When, Words

Path = tuple[str | int, ...]
EventName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_.]{0,63}$")]


class Branch(Part):
    """If this is heard: remember it, do that, say this, go there."""

    hear: Hear
    as_: Annotated[ValueName | None, Field(alias="as")] = None
    then: Actions = ()
    say: Words | None = None
    goto: Name


class Otherwise(Part):
    """When nothing matches: say this (else the question again) so many times, then go there."""

    say: Words | None = None
    tries: Annotated[int, Field(ge=0, le=5)] = 2
    goto: Name | None = None


class After(Part):
    """Wait, then go there."""

    wait: Duration
    goto: Name


class Choice(Part):
    """Go there if the condition holds; the last one has no condition."""

    when: When | None = None
    goto: Name


class State(Part):
    """One step of a dialog: it says something, acts, then does at most one of listen, wait, choose, end."""

    say: Words | None = None
    picture: Annotated[str, StringConstraints(pattern="^https?://", max_length=2000)] | None = None
    then: Actions = ()
    on: Annotated[list[Branch], Field(min_length=1, max_length=50)] | None = None
    otherwise: Otherwise = Otherwise()
    after: After | None = None
    choose: Annotated[list[Choice], Field(min_length=1, max_length=50)] | None = None
    end: str | None = None

    @model_validator(mode="after")
    def _one_way_on(self) -> Self:
        if len({"on", "after", "choose", "end"} & self.model_fields_set) > 1:
            raise ValueError("a state does only one of: on, after, choose, end")
        if "otherwise" in self.model_fields_set and self.on is None:
            raise ValueError("`otherwise` belongs to a state that listens (`on`)")
        return self

    @property
    def ends(self) -> bool:
        """A state that neither listens, waits nor chooses is the end."""
        return self.on is None and self.after is None and self.choose is None


class Dialog(Part):
    """A whole dialog, as its YAML file says it."""

    name: Name
    title: Words | None = None
    topic: Name | None = None
    kind: Literal["service", "marketing"] = "marketing"
    start: Name
    expires: Duration | None = None
    hears_opening: bool = False  # the text that opened it is its first answer, where it is one
    on_expiry: Name | None = None
    events: Annotated[dict[EventName, Name], Field(default_factory=dict)]
    states: Annotated[dict[Name, State], Field(min_length=1)]

    _file: str = PrivateAttr(default="<dialog>")
    _lines: Mapping[Path, int] = PrivateAttr(default_factory=dict)

    @property
    def hears_topics(self) -> bool:
        """Whether it can be about other topics than its own."""
        return any(branch.hear.topic for state in self.states.values() for branch in state.on or ())

    def placed(self, file: str, lines: Mapping[Path, int]) -> Self:
        """The same dialog, knowing from which file and lines it was read."""
        self._file, self._lines = file, lines
        return self

    @property
    def file(self) -> str:
        return self._file

    @property
    def lines(self) -> Mapping[Path, int]:
        return self._lines
