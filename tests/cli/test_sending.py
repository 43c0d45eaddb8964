"""The switch for all that leaves, on the command line."""

import json

from tests.cli.conftest import Parley
from tests.house import House
from tests.test_halt import left
from tests.test_outbox import queue


def test_an_operator_halts_all_and_lets_it_go_on(house: House, parley: Parley) -> None:
    queue(house)
    assert "All may leave: campaigns under way 0, texts that are ready 1." in parley("sending", "show").output
    assert parley("sending", "resume").output == "Nothing is halted.\n"
    said = parley("sending", "halt")
    assert (said.exit_code, "by parley: campaigns under way 0, texts that are ready 1." in said.output) == (0, True)
    house.work()
    assert left(house) == 0
    found = json.loads(parley("sending", "show", "--json").output)
    assert (found["halted_by"], found["texts"], found["campaigns"]) == ("parley", 1, 0)
    assert parley("sending", "resume", input="n\n").exit_code == 1
    assert "Sending goes on." in parley("sending", "resume", "--yes").output
    house.work()
    assert left(house) == 1
