"""How many parts a text is billed as, by hand-made cases and by Twilio's own calculator."""

import json
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bot.simulator.parts import measure

ROOT = Path(__file__).parent.parent.parent
FAMILY, FLAG, SMILE = "👨\u200d👩\u200d👧\u200d👦", "🇫🇷", "😀"
ORACLE = """
const { SegmentedMessage } = require("sms-segments-calculator");
const sizes = (message) => {
  const unit = message.encodingName === "GSM-7" ? 7 : 16;
  return message.segments.map((segment) => segment.messageSizeInBits() / unit);
};
const texts = JSON.parse(require("fs").readFileSync(0, "utf8"));
const measured = texts.map((text) => new SegmentedMessage(text)).map((m) => [m.encodingName, sizes(m)]);
console.log(JSON.stringify(measured));
"""


@pytest.mark.parametrize(
    ("text", "encoding", "sizes"),
    [
        ("", "GSM-7", [0]),
        ("a" * 160, "GSM-7", [160]),
        ("a" * 161, "GSM-7", [153, 8]),
        ("a" * 306, "GSM-7", [153, 153]),
        ("a" * 307, "GSM-7", [153, 153, 1]),
        ("a" * 1600, "GSM-7", [153] * 10 + [70]),
        ("€" * 80, "GSM-7", [160]),
        ("€" * 81, "GSM-7", [152, 10]),
        ("a" * 152 + "€" + "b" * 8, "GSM-7", [152, 10]),
        ("a" * 152 + "€" + "b" * 152, "GSM-7", [152, 153, 1]),
        ("a" * 158 + "€", "GSM-7", [160]),
        ("a\r\nb", "GSM-7", [4]),
        ("\f", "GSM-7", [2]),
        ("Soldes : -20% dès 50€ ! Répondez STOP au 36111", "GSM-7", [47]),
        ("ê" * 70, "UCS-2", [70]),
        ("ê" * 71, "UCS-2", [67, 4]),
        ("ê" * 135, "UCS-2", [67, 67, 1]),
        (SMILE * 35, "UCS-2", [70]),
        (SMILE * 36, "UCS-2", [66, 6]),
        ("ê" * 66 + SMILE + "ê" * 10, "UCS-2", [66, 12]),
        ("ê" * 62 + FAMILY + "ê" * 10, "UCS-2", [62, 21]),
        (FLAG, "UCS-2", [4]),
        ("e\u0301", "UCS-2", [2]),
        ("l’offre à 50€", "UCS-2", [13]),
        ("ç", "UCS-2", [1]),
    ],
)
def test_a_text_is_cut_where_the_carrier_cuts_it(text: str, encoding: str, sizes: list[int]) -> None:
    assert (measure(text).encoding, list(measure(text).sizes)) == (encoding, sizes)


def random_texts(count: int) -> list[str]:
    draw = random.Random(2026)
    alphabets = ["abc éà€[", "abc\r\n€^", f"aê’{SMILE}", ["a", "ê", "\r\n", "e\u0301", SMILE, FLAG, FAMILY, "👍🏽"]]
    return [
        "".join(draw.choices(draw.choice(alphabets), k=draw.choice([5, 69, 71, 150, 162, 320]))) for _ in range(count)
    ]


def test_two_thousand_random_texts_measure_as_in_twilios_own_calculator() -> None:
    beside_python = Path(sys.executable).parent  # where `make test` puts it on machines without one
    node = shutil.which("node", path=f"{os.environ['PATH']}{os.pathsep}{beside_python}")
    if node is None or not (ROOT / "node_modules" / "sms-segments-calculator").exists():
        why = "node or its package sms-segments-calculator is missing: `npm install` brings it"
        if os.environ.get("PARLEY_TESTS_MUST_NOT_SKIP") == "1":
            pytest.fail(why)
        pytest.skip(why)
    texts = random_texts(2000)
    ran = subprocess.run(
        [node, "-e", ORACLE], input=json.dumps(texts), capture_output=True, text=True, cwd=ROOT, check=True
    )
    oracle = json.loads(ran.stdout)
    differing = [
        text for text, (name, sizes) in zip(texts, oracle, strict=True)
        if (measure(text).encoding, list(measure(text).sizes)) != (name, sizes)
    ]  # fmt: skip
    assert differing == []
