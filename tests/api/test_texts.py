"""Texts measured, made cheaper, and heard."""

import pytest

from tests.api.conftest import Program
from tests.house import House


@pytest.mark.parametrize(
    ("text", "encoding", "parts", "offending", "suggestion"),
    [
        ("ACME: bonjour", "GSM-7", 1, "", None),
        ("a" * 161, "GSM-7", 2, "", None),
        ("“" + "a" * 70 + "”…", "UCS-2", 2, "“”…", '"' + "a" * 70 + '"...'),
        ("ê" * 71, "UCS-2", 2, "ê", None),
        ("😀", "UCS-2", 1, "😀", None),
    ],
)
def test_a_text_is_measured_and_a_cheaper_one_is_told(
    house: House, program: Program, text: str, encoding: str, parts: int, offending: str, suggestion: str | None
) -> None:
    found = program.post("/texts/measure", {"text": text})
    assert (found["encoding"], found["parts"], found["offending"]) == (encoding, parts, offending)
    assert found["suggestion"] == suggestion


@pytest.mark.parametrize(
    ("text", "intent", "evidence", "language"),
    [
        ("Arrêt !", "stop", "arret", "fr"),
        ("STOP au 36180", "stop", "stop au 36180", None),
        ("aide", "help", "aide", "fr"),
        ("unstop", "start", "unstop", None),
        ("do not stop", "none", "", None),
        ("", "none", "", None),
    ],
)
def test_a_text_is_told_what_it_would_be_taken_for(
    house: House, program: Program, text: str, intent: str, evidence: str, language: str | None
) -> None:
    assert program.post("/texts/intent", {"text": text}) == {"intent": intent, "evidence": evidence, "language": language}
