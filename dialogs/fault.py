"""A fault of a dialog, and the conversation that shows it."""

from collections.abc import Iterator
from typing import NamedTuple

from dialogs import spec
from dialogs.effects import Say
from dialogs.events import Happened
from dialogs.samples import Text
from dialogs.transcript import became, passed, pick, said, texted
from dialogs.walk import Done, Place, Step, Walk


class Fault(NamedTuple):
    """What is wrong, where it is written, and the conversation that shows it."""

    path: spec.Path
    message: str
    transcript: list[str]


def state_of(walk: Walk, place: Place) -> str:
    """Where the dialog that is proved is at a place, even if another one lies on top."""
    return next((frame.state for frame in place.stack if frame.dialog == walk.dialog.name), walk.dialog.start)


def own_places(walk: Walk) -> Iterator[Place]:
    """Where the dialog that is proved is itself on top."""
    return (place for place in walk.places if place.top.dialog == walk.dialog.name)


def own_effects(walk: Walk) -> Iterator[tuple[Step, int, Done]]:
    """What the proved dialog itself does on the way: the step, how far it has gone, and the effect."""
    return ((step, i, done) for step in walk.steps for i, done in enumerate(step.done, 1)
            if done.dialog == walk.dialog.name)


# Transcripts


def story(step: Step, language: str, until: int | None = None) -> list[str]:
    """The conversation up to a step, or to one of the things that it did."""
    steps = [step]
    while steps[0].source:
        steps.insert(0, steps[0].source.way)
    lines = [f"# {steps[0].done[0].dialog}"] if steps[0].done else []
    return lines + [line for one in steps for line in shown(one, language, until if one is step else None)]


def shown(step: Step, language: str, until: int | None = None) -> list[str]:
    """A single step of it: what is supposed, what happens, and what comes of that."""
    lines = [f"# if {'' if true else 'not '}{kind} {name}" for (kind, name), true in step.assumed]
    match step.did:
        case Text(typed=typed, heard=heard):
            lines.append(texted(pick(typed, language), bool(heard.media)))
        case Happened(name):
            lines.append(f"= {name}")
        case None:
            pass
        case _:
            lines.append(passed(step.source.after) if step.source and step.source.after else "@ for ever")
    for one in step.done[:until]:
        told = said(pick(one.effect.words, language)) if isinstance(one.effect, Say) else became(one.effect)
        lines += told.split("\n") if told else []
    if until is None and step.target:
        top = step.target.top
        lines.append(f"= {'listening' if step.target.listening else 'waiting'} {top.dialog} {top.state}")
    return lines


def tried(walk: Walk, place: Place, text: Text) -> list[str]:
    """The conversation up to a text that is tried at a place."""
    return story(walk.tried(place, text), walk.language)
