"""How each guard of the house is taken away, from outside: by patches and DDL that only tests can reach."""

import time
from collections.abc import Callable
from contextlib import nullcontext
from datetime import timedelta
from functools import partial
from typing import Any
from unittest.mock import ANY

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from flask import Response
from rq.utils import import_attribute
from sqlalchemy import event, exists, literal, select, text, update

from bot import alarms, awake, contacts, inbound, outbox, runtime, status, talk, throttle, worker
from bot.campaigns import batches, control, launch
from bot.carriers.twilio import signature
from bot.catalogue import Catalogue
from bot.consent import gate, ledger
from bot.outbox import claim, delivery, rows, settling
from bot.web import webhooks
from models import Callback, Campaign, Contact, DialogVersion, Message, one_of
from tests.house import House

Patch = pytest.MonkeyPatch


# The door


def believe_every_signature(house: House, patch: Patch) -> None:
    patch.setattr(signature, "matches", lambda *_: True)


def believe_every_account(house: House, patch: Patch) -> None:
    patch.setattr(house.runtime.carrier, "_account", ANY)


def answer_errors_as_plain_text(house: House, patch: Patch) -> None:
    patch.setattr(webhooks, "empty", lambda code=200: Response("", status=code, content_type="text/plain"))


def store_texts_as_they_come(house: House, patch: Patch) -> None:
    patch.setattr(inbound, "clean", lambda body: body)


# A text's way in


def record_copies(house: House, patch: Patch) -> None:
    drop_unique(house, "uq_message_account_sid")
    patch.setattr(inbound, "RECORD", inbound._new.returning(Message.id))


def hold_no_lock(house: House, patch: Patch) -> None:
    """PostgreSQL: the contact's row is only read. SQLite: a writer begins like a reader, and nobody queues."""
    if house.runtime.engine.dialect.name == "sqlite":
        event.remove(house.runtime.engine, "begin", runtime._begin_sqlite)
        event.listen(house.runtime.engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
        object.__setattr__(house.runtime, "_writing", nullcontext())
        return

    def meet(connection: Any, phone: str, *_: Any) -> Any:
        row = connection.execute(select(Contact.__table__).where(Contact.phone == phone)).one()
        time.sleep(0.05)  # long enough for the others to read the same
        return row

    patch.setattr(inbound, "meet", lambda *known: meet(*known) if house.contact("Bo") else contacts.meet(*known))


def hear_no_reserved_words(house: House, patch: Patch) -> None:
    patch.setattr(inbound, "_consent_word", lambda *_: (None, False))


def never_try_without_dialogs(house: House, patch: Patch) -> None:
    real = inbound._turn

    def turn(*known: Any, converse: bool, **more: Any) -> Any:
        if not converse:
            raise RuntimeError("the turn failed")
        return real(*known, converse=converse, **more)

    patch.setattr(inbound, "_turn", turn)


def answer_every_fallback(house: House, patch: Patch) -> None:
    real = outbox.stored_answer

    def again(hands: Any, connection: Any, message_in: int, contact_id: int) -> Any:
        connection.execute(update(Message).where(Message.cause == f"r:{message_in}:1").values(attempts=0))
        return real(hands, connection, message_in, contact_id)

    patch.setattr(outbox, "stored_answer", again)


# The gate


def without(judge: gate.Judge) -> Callable[[House, Patch], None]:
    """The gate with all its judges but this one."""
    others = tuple(one for one in gate.JUDGES if one is not judge)
    return lambda house, patch: patch.setattr(gate, "judge", partial(gate.judge, judges=others))


def know_nothing_at_the_claim(house: House, patch: Patch) -> None:
    patch.setattr(claim, "_facts", lambda *_: gate.Facts(kind="reply"))


# The way out


def call_without_a_mark(house: House, patch: Patch) -> None:
    real = delivery.claim

    def unmarked(hands: Any, shop: Any, rows: Any) -> Any:
        claimed = real(hands, shop, rows)
        mine = update(Message).where(Message.id.in_([one.outgoing.message_id for one in claimed]))
        with hands.begin() as connection:
            connection.execute(mine.values(state="ready", not_before=hands.machine_now() + timedelta(seconds=20)))
        return claimed

    patch.setattr(delivery, "claim", unmarked)


def claim_without_locks(house: House, patch: Patch) -> None:
    """PostgreSQL: contacts and messages are only read. SQLite: a writer begins like a reader."""
    if house.runtime.engine.dialect.name == "sqlite":
        patch.setattr(runtime, "_begin_sqlite", lambda connection: connection.exec_driver_sql("BEGIN"))
        return
    patch.setattr(claim, "LOCK", select(claim.CONTACT, literal(True).label("lets_out")).where(one_of(claim.CONTACT.c.id, "ids")))
    patch.setattr(claim, "MINE", claim._mine)


def send_again_blindly(house: House, patch: Patch) -> None:
    async def nothing(*_: Any) -> list[Any]:
        return []

    patch.setattr(type(house.runtime.carrier), "list", nothing)


def acknowledge_stops_at_once(house: House, patch: Patch) -> None:
    patch.setattr(outbox, "wait_for_calls", lambda *_: None)


def pause_at_once(house: House, patch: Patch) -> None:
    patch.setattr(outbox, "wait_for_campaign", lambda *_: None)


def halt_at_once(house: House, patch: Patch) -> None:
    patch.setattr(outbox, "wait_until_halted", lambda *_: None)


def halt_without_those_who_have_looked(house: House, patch: Patch) -> None:
    """The calls that are marked are waited for, but nobody who is about to mark one."""
    patch.setattr(outbox, "wait_until_halted", settling.wait_for_all)


def look_at_no_switch(house: House, patch: Patch) -> None:
    """It is thrown, and no statement sees it."""

    def blind(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> tuple[str, Any]:
        seen = statement.replace("halt.halted_at IS NOT NULL", "1 = 0").replace("halt.halted_at IS NULL", "1 = 1")
        return seen, parameters

    event.listen(house.runtime.engine, "before_cursor_execute", blind, retval=True)


def answer_while_halted(house: House, patch: Patch) -> None:
    patch.setattr(rows, "ANSWER", rows.ADD.returning(literal(False)))


def launch_whatever_the_state(house: House, patch: Patch) -> None:
    def begin(connection: Any, campaign_id: int, version: int, now: Any) -> bool:
        mine = update(Campaign).where(Campaign.id == campaign_id)
        return bool(connection.execute(mine.values(state="sending", launched_at=now, last_id=10**6, taken_to=0)).rowcount)

    patch.setattr(launch, "launch", begin)


def ignore_errors(house: House, patch: Patch) -> None:
    patch.setattr(control, "_errors", lambda *_: (0, 0))


def run_what_is_asked(house: House, patch: Patch) -> None:
    """As the library does it: whatever the job names is imported and called."""
    patch.setattr(worker.ListedJob, "is_listed", True)
    patch.setattr(worker.ListedJob, "func", property(lambda job: import_attribute(job.func_name)))


def sleep_through_outages(house: House, patch: Patch) -> None:
    patch.setattr(awake, "overslept", lambda *_: False)


def give_slots_without_width(house: House, patch: Patch) -> None:
    patch.setattr(throttle, "WIDTH", 0.5)


def allow_a_cause_twice(house: House, patch: Patch) -> None:
    drop_unique(house, "uq_message_cause")
    patch.setattr(batches, "ADD", batches.INSERT)


def forget_the_rank(house: House, patch: Patch) -> None:
    """Whatever news comes in is the highest."""
    real, news = status.fold, exists().where(~Callback.folded)

    def fold(hands: Any) -> int:
        with hands.begin() as connection:
            connection.execute(update(Message).where(news).values(rank=-1))
        return real(hands)

    patch.setattr(status, "fold", fold)


# Conversations and time


def allow_two_that_listen(house: House, patch: Patch) -> None:
    with house.runtime.begin() as connection:
        connection.execute(text("DROP INDEX ix_conversation_listening"))


def talk_in_the_newest_version(house: House, patch: Patch) -> None:
    real = Catalogue.version

    def newest(shop: Catalogue, connection: Any, version_id: int) -> Any:
        name = connection.scalar(select(DialogVersion.name).where(DialogVersion.id == version_id))
        return real(shop, connection, shop.published[name])

    patch.setattr(Catalogue, "version", newest)


def ring_without_taking(house: House, patch: Patch) -> None:
    patch.setattr(alarms, "take", lambda *_: True)


# The ledger


def drop_triggers(house: House, patch: Patch) -> None:
    with house.runtime.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("DROP TRIGGER consent_event_no_change ON consent_event"))
            connection.execute(text("DROP TRIGGER consent_event_no_truncate ON consent_event"))
        else:
            connection.execute(text("DROP TRIGGER consent_event_no_update"))
            connection.execute(text("DROP TRIGGER consent_event_no_delete"))


def let_replace_pass_the_triggers(house: House, patch: Patch) -> None:
    house.runtime.engine.dispose()
    event.listen(house.runtime.engine, "connect", lambda raw, _: raw.execute("PRAGMA recursive_triggers=OFF"))


def hash_nothing(house: House, patch: Patch) -> None:
    patch.setattr(ledger, "_hash", lambda _: "0" * 64)


def take_any_answer(house: House, patch: Patch) -> None:
    patch.setattr(talk, "NEVER_LEFT", ())


def let_old_confirmations_go(house: House, patch: Patch) -> None:
    patch.setattr(ledger.Ledger, "supersede", lambda *_, **__: None)


def believe_no_opt_out(house: House, patch: Patch) -> None:
    patch.setattr(status, "apply_action", lambda *_: None)


def start_with_any_key(house: House, patch: Patch) -> None:
    patch.setattr(runtime.Runtime, "check_suppression_key", lambda _: None)


def drop_unique(house: House, name: str) -> None:
    """On SQLite alembic writes the table anew, without it."""
    with (
        house.runtime.begin() as connection,
        Operations(MigrationContext.configure(connection)).batch_alter_table("message") as table,
    ):
        table.drop_constraint(name, type_="unique")
