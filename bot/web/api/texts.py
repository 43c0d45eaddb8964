"""Texts: what they are billed as, and what an inbound one would be taken for."""

from typing import Literal

from pydantic import BaseModel, Field

from bot.text.clean import clean
from bot.text.parts import measure
from bot.text.plainer import plainer
from bot.web.api.bodies import Body
from bot.web.api.operations import Call, operation
from keywords.reserved import reserved
from keywords.text import fold


class TextIn(Body):
    """A text."""

    text: str = Field(max_length=10_000)


class MeasureOut(BaseModel):
    """What a text is billed as."""

    encoding: Literal["GSM-7", "UCS-2"]
    parts: int
    units: int = Field(description="Septets of GSM-7, 16-bit units of UCS-2.")
    offending: str = Field(description="The characters that make it UCS-2, each once.")
    suggestion: str | None = Field(description="The text in plainer characters, when that is fewer parts.")


class IntentOut(BaseModel):
    """What an inbound text would be taken for."""

    intent: Literal["stop", "start", "help", "none"]
    evidence: str = Field(description="The word that was heard; empty for none.")
    language: str | None = Field(description="The language that the word tells.")


@operation("POST", "/texts/measure", scope="texts:read", body=TextIn, answer=MeasureOut, transaction="read",
           example={"text": "ACME : -20 % ce week-end… STOP au 36111"})  # fmt: skip
def measure_text(call: Call) -> MeasureOut:
    """How many parts a text is billed as, in which alphabet, and what would make it cheaper."""
    text = clean(call.body.text)
    found = measure(text)
    return MeasureOut(
        encoding=found.encoding, parts=found.parts, units=found.units, offending=found.offending, suggestion=plainer(text)
    )


@operation("POST", "/texts/intent", scope="texts:read", body=TextIn, answer=IntentOut, transaction="read",
           example={"text": "Arrêt"})  # fmt: skip
def read_intent(call: Call) -> IntentOut:
    """What an inbound text would be taken for before any keyword or dialog is asked: STOP, START, HELP, or none of them."""
    folded = fold(clean(call.body.text))
    word = reserved(folded)
    if word is None:
        return IntentOut(intent="none", evidence="", language=None)
    return IntentOut(intent=word.kind, evidence=folded, language=word.language)
