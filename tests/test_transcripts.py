"""Every file in tests/transcripts is a conversation that must go exactly so, on both databases."""

from pathlib import Path

import pytest

from tests.house import House
from tests.transcript import play

FOLDER = Path(__file__).parent / "transcripts"


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.txt")), ids=lambda path: path.stem)
def test_a_conversation_goes_as_written(path: Path, house: House, pytestconfig: pytest.Config) -> None:
    """The transcript is what really happens."""
    script = path.read_text(encoding="utf-8")
    happened = play(house, script)
    if pytestconfig.getoption("--update-transcripts"):
        path.write_text(happened, encoding="utf-8")
    assert happened == path.read_text(encoding="utf-8")
