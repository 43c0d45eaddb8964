"""The notation of transcripts: how a conversation is written down, a line for each thing that happens."""

from collections.abc import Mapping
from datetime import timedelta

from dialogs import effects
from dialogs.effects import Effect

PICTURE = "[picture]"
UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


def pick(words: Mapping[str, str], language: str) -> str:
    """The words in a language, else those for every language, else any at all; "" where there are none."""
    return words.get(language) or words.get("") or next(iter(words.values()), "")


def said(words: str) -> str:
    """What arrives on the phone."""
    return "< " + words.replace("\n", "\n| ")


def texted(words: str, picture: bool) -> str:
    """What the contact sends."""
    return " ".join([">", *([PICTURE] if picture else []), *words.split()])


def passed(time: timedelta) -> str:
    """The jump of the clock after which so much time has passed: in the largest unit that fits, at least a minute."""
    minutes = -(-time // UNITS["m"]) * UNITS["m"]
    unit = next((unit for unit in "dh" if not minutes % UNITS[unit]), "m")
    return f"@ +{minutes // UNITS[unit]}{unit}"


def _days(time: timedelta) -> str:
    return f"{time.days} days" if not time % timedelta(days=1) else str(time)


def became(effect: Effect) -> str | None:
    """What an effect makes true; None for words, and for what belongs to the conversation as a whole."""
    match effect:
        case effects.Remember(name="language", value=value):
            return f"= language {value}"
        case effects.Remember(name=name, value=value):
            return f"= field {name} {value}"
        case effects.Tag(name):
            return f"= tag {name}"
        case effects.Untag(name):
            return f"= not tag {name}"
        case effects.OptIn(topic, proof):
            return f"= consent {topic} in ({proof})"
        case effects.OptOut(topic):
            return f"= consent {topic} out"
        case effects.Pause(timedelta() as time):
            return f"= paused for {_days(time)}"
        case effects.Pause(day):
            return f"= paused until {day}"
        case effects.SlowDown(every):
            return f"= one in {_days(every)}"
        case effects.AsUsual():
            return "= as usual"
        case effects.HandOver():
            return "= for a person"
    return None
