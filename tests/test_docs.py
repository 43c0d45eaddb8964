"""The reference says what the code does: each name that users type or read has its row, and no row is of something gone."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import fields
from inspect import getsource
from pathlib import Path
from typing import Any, get_args

import click
import pytest
from pydantic import BaseModel

from bot import create_app, segments
from bot.alerts import KINDS as ALERTS
from bot.awake import OUTAGE
from bot.campaigns import Balance, Preview
from bot.campaigns.control import BY_HAND, ERRORS
from bot.campaigns.launch import AUDIENCE
from bot.carriers import OptOutMode
from bot.carriers.codes import Action
from bot.carriers.twilio.ranks import RANKS
from bot.cli import main
from bot.consent import gate
from bot.effects import bring_about
from bot.held import BY_HAND as REFUSED_BY_HAND
from bot.jobs import DUE, RING
from bot.outbox.claim import ERROR
from bot.outbox.settling import UNKNOWN_OUTCOME
from bot.runtime import open_runtime
from bot.segments.periods import Period
from bot.segments.rules import KINDS as RULES
from bot.segments.rules import Answer, Value
from bot.settings import Settings, names
from bot.shop import spec as shop
from bot.shop.check import ALSO, DIALOG_NAMES
from bot.shop.scripts import LIBRARY
from bot.simulator import config as simulator
from bot.simulator import control, faults
from bot.staff import ROLES
from bot.text.sandbox import FILTERS, TAGS
from bot.tokens import SCOPES
from bot.web.admin import PAGES, PREFIX
from bot.web.api import OPERATIONS
from bot.web.api.openapi import address
from bot.worker import QUEUES
from dialogs import effects, parts, spec
from dialogs.act import ACTIONS
from dialogs.check import KINDS
from dialogs.hear import LISTENERS
from dialogs.load import load_file, plain
from keywords import reserved
from keywords.table import Mode
from models.campaign import STATES
from models.field import FieldType
from models.message import OPEN_STATES
from models.shop import TEXTS
from tests.house import settings

ROOT = Path(__file__).parent.parent
BLOCK = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
# They belong to a conversation as a whole: no function of their own.
SEEN_TO_BY_TALK = {effects.Wake, effects.Expire, effects.Open, effects.Finish}


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def ticked(text: str) -> list[str]:
    """The names in `…`, outside blocks of code."""
    return re.findall(r"`([^`\n]+)`", BLOCK.sub("", text))


def tables(page: str) -> dict[str, list[list[str]]]:
    """The tables of a page by the head of their first column; each row as its cells."""
    found: dict[str, list[list[str]]] = {}
    for block in re.findall(r"(?:^\|.*\n)+", page, re.MULTILINE):
        head, _, *rows = ([cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in block.splitlines())
        assert head[0] not in found, f"two tables begin with {head[0]}"
        found[head[0]] = rows
    return found


TABLES = tables(read("docs/reference.md"))


def row_of(table: str, name: str) -> str:
    """The row of a name, as one line."""
    return next(" | ".join(row) for row in TABLES[table] if name in ticked(row[0]))


# What the code knows


def keys(model: type[BaseModel], *without: str) -> set[str]:
    """The keys of a part of a YAML file, as one types them."""
    return {field.alias or name for name, field in model.model_fields.items()} - set(without)


def commands(group: click.Group = main, path: str = "parley") -> Iterator[tuple[str, click.Command]]:
    """Every command as it is typed, without its arguments."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


def typed(path: str, command: click.Command) -> str:
    """A command with its arguments, as its own help writes them."""
    given = (p.make_metavar(click.Context(command)) for p in command.params if isinstance(p, click.Argument))
    return " ".join((path, *given)).replace("...", "…")


def addresses(carrier: str) -> set[str]:
    """What the web process answers to, such as "GET /healthz"."""
    runtime = open_runtime(settings("sqlite:///none", "http://127.0.0.1", "http://127.0.0.1", PARLEY_CARRIER=carrier))
    return {
        f"{method} {re.sub('<.*:message_id>', '<message id>', rule.rule)}"
        for rule in create_app(runtime).url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if not rule.endpoint.startswith(("api.", "admin.")) or rule.endpoint == "api.openapi"
    }


def pages() -> dict[str, str]:
    """Every page, and the role that it needs."""
    return {PREFIX + re.sub(r"<int:\w+>", "<id>", page.path): page.role for page in PAGES.values()}


def operations() -> dict[str, str]:
    """Every operation of the API as programs write it, and its scope."""
    return {f"{one.method} {address(one.path)}": one.scope for one in OPERATIONS}


def states() -> set[str]:
    """Every state of a message that the ways write."""
    ways = "".join(path.read_text() for path in (ROOT / "bot").glob("outbox/*.py"))
    ways += read("bot/inbound.py") + read("bot/status.py")
    written = {*re.findall(r'\bstate(?:": |=)"(\w+)"', ways), *re.findall(r'else_="(\w+)"', ways)}
    return written | set(OPEN_STATES)


def said_in(pattern: str, name: str) -> set[str]:
    """What the code of a file says where the pattern matches."""
    return set(re.findall(pattern, read(name)))


def refusals() -> set[str]:
    """Every reason for which somebody in a campaign gets nothing. Only automatic replies go round in loops."""
    by_gate = said_in(r'Refuse\("([^"]+)"', "bot/consent/gate.py") - {"loop guard"}
    by_words = said_in(r'Unsaid\("([^"]+)"', "bot/campaigns/words.py")
    by_batch = said_in(r'\("refused", "([^"]+)"', "bot/campaigns/batches.py")
    by_person = said_in(r'"state": "refused", "why": "([^"]+)"', "bot/campaigns/control.py")
    return by_gate | by_words | by_batch | by_person | {REFUSED_BY_HAND}


def actions() -> dict[str, set[str]]:
    """Each action of a dialog and its keys."""
    models = get_args(get_args(parts.Action)[0])
    return {get_args(model.model_fields["do"].annotation)[0]: keys(model, "do") for model in models}


def endpoints() -> set[str]:
    return {f"{route.method} {route.path}" for route in control.routes()}


def merge_tags() -> set[str]:
    own = {tag for tags in ALSO.values() for tag in tags}
    return {f"{{{{ {tag} }}}}" for tag in (DIALOG_NAMES | own | {"contact.…", "answers.…"})}


def people() -> set[str]:
    return {"else" if field.name == "otherwise" else field.name for field in fields(simulator.Person)}


KNOWN: dict[str, Callable[[], Any]] = {
    "variable": lambda: {name for key, field in Settings.model_fields.items() for name in names(key, field)},
    "command": lambda: {typed(path, command) for path, command in commands()},
    "target": lambda: {f"make {name}" for name in re.findall(r"^([a-z]+):.*##", read("Makefile"), re.MULTILINE)},
    "address": lambda: addresses("simulated"),
    "operation": operations,
    "page": pages,
    "role": lambda: ROLES,
    "scope": lambda: SCOPES,
    "key of the file": lambda: keys(shop.ShopPart),
    "key of a topic": lambda: keys(shop.TopicPart),
    "key of a sender": lambda: keys(shop.SenderPart),
    "key of a field": lambda: keys(shop.FieldPart),
    "`type` of a field": lambda: get_args(FieldType),
    "key of a keyword": lambda: keys(shop.KeywordPart),
    "`opt_out`": lambda: get_args(OptOutMode),
    "text": lambda: TEXTS,
    "mode": lambda: get_args(Mode),
    "key of a dialog": lambda: keys(spec.Dialog),
    "key of a state": lambda: keys(spec.State),
    "key of a branch": lambda: keys(spec.Branch),
    "key of `otherwise`": lambda: keys(spec.Otherwise),
    "key of `after`": lambda: keys(spec.After),
    "key of a choice": lambda: keys(spec.Choice),
    "key of an option": lambda: keys(parts.Option),
    "listener": lambda: LISTENERS,
    "action": lambda: ACTIONS,
    "condition": lambda: keys(parts.When) | KINDS,
    "rule": lambda: RULES,
    "key of `field`": lambda: keys(Value, "field", *keys(Period)),
    "key of a period": lambda: keys(Period),
    "state of a campaign": lambda: STATES,
    "state of a recipient": lambda: said_in(r'return \("([a-z ]+)",', "bot/campaigns/batches.py"),
    "paused because": lambda: {BY_HAND, ERRORS, OUTAGE, AUDIENCE},
    "refused because": refusals,
    "held because": lambda: said_in(r'Hold\("([^"]+)"', "bot/consent/gate.py") | {OUTAGE, UNKNOWN_OUTCOME, ERROR},
    "key of the preview": lambda: Preview().as_json(),
    "word of the balance": lambda: Balance().as_json(),
    "queue": lambda: QUEUES.keys() & DUE.keys(),
    "effect": lambda: {effect.__name__ for effect in get_args(effects.Effect)},
    "merge tag": merge_tags,
    "state": states,
    "kind": lambda: {"text", "compliance", "reply", "staff", *get_args(spec.Dialog.model_fields["kind"].annotation)},
    "status of the carrier": lambda: RANKS,
    "judge": lambda: {judge.__name__ for judge in gate.JUDGES},
    "kind of alarm": lambda: RING,
    "kind of alert": lambda: ALERTS,
    "what we do": lambda: get_args(Action),
    "key of the configuration": lambda: {field.name for field in fields(simulator.Config)},
    "key of its senders": lambda: {field.name for field in fields(simulator.Sender)},
    "key of its people": people,
    "fault": lambda: faults.NORMAL,
    "control": endpoints,
}


@pytest.mark.parametrize("table", KNOWN)
def test_the_reference_lists_what_the_code_knows_and_nothing_else(table: str) -> None:
    documented = [name for row in TABLES[table] for name in ticked(row[0])]
    assert sorted(documented) == sorted(KNOWN[table]())


def test_every_table_of_the_reference_is_compared_with_the_code() -> None:
    assert TABLES.keys() - KNOWN.keys() == {"means", "change", "mark"}  # the first has a test below; two are prose


# What the rows say


def test_a_setting_is_described_in_the_words_of_the_code_with_its_default() -> None:
    for key, field in Settings.model_fields.items():
        variable, default, words = next(row for row in TABLES["variable"] if names(key, field)[0] in ticked(row[0]))
        assert words == field.description
        unset = "none" if field.default is None else f"`{field.default}`"
        assert (variable, default) == (variable, "required" if field.is_required() else unset)


def test_the_example_of_an_environment_lists_every_setting_under_its_description() -> None:
    listed = dict(re.findall(r"^# (.*)\n(?:# .*\n)?#?([A-Z_]+)=", read(".env.example"), re.MULTILINE))
    expected = {field.description: names(key, field)[0] for key, field in Settings.model_fields.items()}
    assert {words.partition(" (TWILIO_NUMBER and")[0]: name for words, name in listed.items()} == expected


@pytest.mark.parametrize(("path", "command"), [pytest.param(*one, id=one[0]) for one in commands()])
def test_a_command_lists_its_options(path: str, command: click.Command) -> None:
    options = {option for p in command.params if isinstance(p, click.Option) for option in p.opts}
    row = next(row for row in TABLES["command"] if row[0] == f"`{typed(path, command)}`")
    assert {word for words in ticked(row[2]) for word in words.split() if word.startswith("--")} == options


def test_only_the_phone_is_absent_on_a_real_carrier() -> None:
    assert addresses("simulated") - addresses("twilio") == {"GET /phone", "POST /phone/clock"}


@pytest.mark.parametrize("operation", operations())
def test_an_operation_is_listed_with_its_scope(operation: str) -> None:
    assert f"`{operations()[operation]}`" in row_of("operation", operation)


@pytest.mark.parametrize("page", pages())
def test_a_page_is_listed_with_its_role(page: str) -> None:
    assert pages()[page] in row_of("page", page)


@pytest.mark.parametrize("kind", ["stop", "start", "help"])
def test_the_reserved_words_of_each_language_are_listed(kind: str) -> None:
    rows = [row for row in TABLES["means"] if row[0] == kind.upper()]
    words = getattr(reserved, kind.upper())
    assert {row[1]: ticked(row[2]) for row in rows} == {language or "any": list(w) for language, w in words.items()}


def test_a_listener_and_an_action_list_their_keys() -> None:
    for name in ("number", "date", "postcode"):
        model = next(one for one in get_args(parts.Hear.model_fields[name].annotation) if one is not type(None))
        assert all(f"`{key}" in row_of("listener", name) for key in keys(model))
    for name, wanted in actions().items():
        assert set(ticked(row_of("action", name).split(" | ")[1])) == wanted
    assert set(ticked(row_of("condition", "value"))) >= keys(parts.Value, "name")


def test_a_judge_lists_his_reasons() -> None:
    for judge in gate.JUDGES:
        reasons = re.findall(r'(?:Refuse|Hold)\("([^"]+)"', getsource(judge))
        assert reasons
        assert set(reasons) <= set(ticked(row_of("judge", judge.__name__).split(" | ")[2]))


def test_a_rule_lists_its_keys() -> None:
    assert keys(Answer, *keys(Period)) <= set(ticked(row_of("rule", "replied")))


def test_the_rules_that_the_reference_shows_can_be_saved() -> None:
    shown = [ticked(row[2])[0] for row in TABLES["rule"]]
    shown += re.findall(r"^```yaml\n(all:.*?)^```", read("docs/reference.md"), re.MULTILINE | re.DOTALL)
    assert len(shown) == len(RULES) + 3
    for rule in shown:
        segments.parse(plain(rule, "rule")[0])


def test_every_error_number_of_the_carrier_stands_beside_what_we_do() -> None:
    codes = json.loads(read("bot/carriers/twilio_codes.json"))["codes"]
    documented = {code: ticked(row[0])[0] for row in TABLES["what we do"] for code in ticked(row[1])}
    assert documented == {code: row["action"] for code, row in codes.items()}


def test_every_status_of_the_carrier_has_its_rank() -> None:
    assert all(row_of("status of the carrier", status).endswith(f"| {rank}") for status, rank in RANKS.items())


def test_the_ways_to_misbehave_and_the_tools_of_merge_tags_are_listed() -> None:
    page = ticked(read("docs/reference.md"))
    modes = {mode.partition(":")[0] for mode in ticked(row_of("fault", "create"))}
    assert set(faults.MODES) <= modes
    assert {*simulator.OPT_OUT_MODES, *TAGS, *FILTERS} <= set(page)


# Registers


@pytest.mark.parametrize("effect", get_args(effects.Effect), ids=lambda effect: effect.__name__)
def test_an_effect_has_its_function_or_is_seen_to_by_the_conversation(effect: type) -> None:
    has_function = bring_about.dispatch(effect) is not bring_about.dispatch(object)
    assert has_function != (effect in SEEN_TO_BY_TALK)


def test_every_listener_is_used_in_the_library() -> None:
    library = [load_file(path) for path in sorted(LIBRARY.glob("*.yaml"))]
    used = {b.hear.kind for dialog in library for state in dialog.states.values() for b in state.on or ()}
    assert used == LISTENERS.keys()
