"""Every guard of the house is missed when it is gone: taken away, the test that stands for it must fail.

A test that passes without its guard would protect nobody. With the guard, each test named here passes in its own file.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from inspect import signature
from typing import Any

import pytest

from bot.consent import gate
from tests import (
    sabotage,
    test_alarms,
    test_awake,
    test_edges,
    test_halt,
    test_health,
    test_inbound,
    test_ledger,
    test_outbox,
    test_processes,
    test_runtime,
    test_status,
    test_talk,
    test_webhooks,
)
from tests.campaigns import test_campaign, test_control
from tests.house import House

Guard = tuple[Callable[[House, pytest.MonkeyPatch], None], Callable[..., None], dict[str, Any]]

INBOUND = "/webhooks/twilio/inbound"

# guard -> how it is taken away, the test that must then fail, what else that test is given
GUARDS: dict[str, Guard] = {
    "only what is signed counts": (
        sabotage.believe_every_signature, test_webhooks.test_an_unsigned_webhook_is_refused_and_has_no_effect,
        {"path": INBOUND},
    ),
    "only our account counts": (sabotage.believe_every_account, test_webhooks.test_another_account_is_refused, {}),
    "business time jumps for the carrier only": (
        sabotage.believe_every_signature, test_health.test_business_time_jumps_only_when_the_carrier_signs, {"headers": {}},
    ),
    "errors are TwiML": (
        sabotage.answer_errors_as_plain_text, test_webhooks.test_no_error_of_a_webhook_could_be_texted_to_a_customer,
        {"path": INBOUND, "method": "GET"},
    ),
    "texts are cleaned at the edge": (
        sabotage.store_texts_as_they_come, test_talk.test_a_dialog_hears_and_remembers_what_can_be_stored_and_said, {},
    ),
    "a text is recorded once": (
        sabotage.record_copies, test_inbound.test_twenty_copies_at_once_are_one_text_one_turn_one_reply, {},
    ),
    "one turn of a person at a time": (
        sabotage.hold_no_lock, test_talk.test_texts_of_one_person_at_the_same_instant_are_answered_one_after_the_other, {},
    ),
    "reserved words come before dialogs": (
        sabotage.hear_no_reserved_words, test_inbound.test_stop_works_with_the_engine_raising, {},
    ),
    "a turn that fails is done again without dialogs": (
        sabotage.never_try_without_dialogs,
        test_inbound.test_a_turn_that_raises_is_undone_and_the_text_is_kept_for_a_person, {},
    ),
    "the fallback is answered once": (
        sabotage.answer_every_fallback, test_inbound.test_the_fallback_gets_the_stored_reply_once, {},
    ),
    "made-up people": (
        sabotage.without(gate.sample),
        test_outbox.test_a_made_up_contact_is_never_texted_through_a_real_carrier, {},
    ),
    "who stopped": (
        sabotage.without(gate.suppressed), test_outbox.test_a_stop_between_queueing_and_sending_wins, {},
    ),
    "who never agreed": (
        sabotage.without(gate.consented), test_outbox.test_without_consent_nothing_but_an_answer_leaves,
        {"kind": "marketing"},
    ),
    "robots": (
        sabotage.without(gate.looping), test_inbound.test_a_robot_that_answers_every_reply_is_left_alone_after_ten, {},
    ),
    "answers that are too late": (
        sabotage.without(gate.expired), test_outbox.test_a_reply_that_would_come_much_too_late_is_not_sent, {},
    ),
    "breaks": (
        sabotage.without(gate.preferences), test_outbox.test_a_break_from_marketing_holds_it_until_the_break_is_over, {},
    ),
    "the gate is asked again before the call": (
        sabotage.know_nothing_at_the_claim, test_outbox.test_a_stop_between_queueing_and_sending_wins, {},
    ),
    "a mark before the call": (
        sabotage.call_without_a_mark, test_outbox.test_an_outcome_that_nobody_knows_is_asked_and_never_doubled,
        {"mode": "drop"},
    ),
    "the carrier is asked before anything is sent again": (
        sabotage.send_again_blindly,
        test_outbox.test_an_unknown_outcome_stays_unknown_while_the_list_cannot_be_had, {},
    ),
    "a STOP waits for calls under way": (
        sabotage.acknowledge_stops_at_once,
        test_outbox.test_a_stop_is_acknowledged_only_when_no_call_to_that_person_is_under_way, {},
    ),
    "a STOP waits even for a call that crosses it": (
        sabotage.acknowledge_stops_at_once, test_outbox.test_a_stop_that_crosses_a_call_is_acknowledged_after_it, {},
    ),
    "a mark, for a sender that dies before it writes": (
        sabotage.call_without_a_mark, test_outbox.test_a_sender_that_dies_before_it_writes_the_result_has_sent_it_once, {},
    ),
    "the carrier is asked about twenty lost answers": (
        sabotage.send_again_blindly,
        test_campaign.test_an_unknown_outcome_keeps_the_campaign_open_until_it_is_settled, {},
    ),
    "a message is claimed by one": (
        sabotage.claim_without_locks, test_outbox.test_two_processes_that_claim_at_once_claim_each_message_once, {},
    ),
    "a campaign is launched once": (
        sabotage.launch_whatever_the_state, test_campaign.test_the_same_launch_twice_is_one_launch, {},
    ),
    "one text of a campaign for a person": (
        sabotage.allow_a_cause_twice,
        test_campaign.test_two_workers_on_the_same_batch_make_each_message_once, {},
    ),
    "a pause waits for calls under way": (
        sabotage.pause_at_once, test_control.test_pausing_returns_when_no_call_is_under_way, {},
    ),
    "a halt is looked at": (
        sabotage.look_at_no_switch, test_halt.test_nothing_leaves_while_it_is_on_and_everything_once_when_it_is_off,
        {"who": test_halt.a_dialog},
    ),
    "a halt is looked at by who answers": (
        sabotage.answer_while_halted, test_halt.test_no_answer_goes_back_with_the_response_while_it_is_on, {},
    ),
    "a halt waits for calls under way": (
        sabotage.halt_at_once, test_halt.test_a_campaign_that_was_under_way_goes_on_where_it_was, {},
    ),
    "errors pause a campaign": (sabotage.ignore_errors, test_campaign.test_too_many_errors_pause_a_campaign, {}),
    "quiet hours": (
        sabotage.without(gate.quiet),
        test_campaign.test_at_night_a_campaign_waits_for_ten_in_the_morning_of_each_contact, {},
    ),
    "numbers without a phone": (
        sabotage.without(gate.unreachable), test_campaign.test_who_gets_nothing_is_counted_with_the_reason, {},
    ),
    "after an outage a person decides": (
        sabotage.sleep_through_outages, test_awake.test_what_fell_due_in_a_long_outage_waits_for_a_person, {},
    ),
    "no job but ours": (sabotage.run_what_is_asked, test_processes.test_a_job_that_is_not_ours_is_refused_and_never_imported, {}),
    "one message of a cause": (
        sabotage.allow_a_cause_twice, test_outbox.test_the_database_refuses_a_second_message_of_the_same_cause, {},
    ),
    "statuses only climb": (sabotage.forget_the_rank, test_status.test_every_order_of_statuses_ends_delivered, {}),
    "one conversation listens": (
        sabotage.allow_two_that_listen, test_talk.test_the_database_refuses_a_second_conversation_that_listens, {},
    ),
    "a conversation keeps its version": (
        sabotage.talk_in_the_newest_version, test_talk.test_a_conversation_keeps_the_version_that_it_began_with, {},
    ),
    "an alarm is taken by one clock": (
        sabotage.ring_without_taking, test_alarms.test_two_clocks_ring_each_alarm_once, {},
    ),
    "an answer needs a question that left": (
        sabotage.take_any_answer, test_edges.test_a_yes_to_a_question_that_never_left_is_no_yes, {},
    ),
    "a newer word beats an older confirmation": (
        sabotage.let_old_confirmations_go, test_edges.test_a_stop_is_not_confirmed_after_a_start, {},
    ),
    "the carrier's opt-out ends conversations": (
        sabotage.believe_no_opt_out, test_edges.test_a_yes_to_a_question_from_before_the_carriers_opt_out_lifts_nothing, {},
    ),
    "the chain of the ledger": (
        sabotage.hash_nothing, test_ledger.test_an_event_that_was_tampered_with_is_named, {"what": "topic"},
    ),
    "the key of the stopped": (
        sabotage.start_with_any_key,
        test_runtime.test_with_another_secret_key_than_the_list_of_the_stopped_no_process_starts, {},
    ),
    **{
        f"no {change} of the ledger": (
            sabotage.drop_triggers, test_ledger.test_the_database_refuses_to_change_or_remove_an_event, {"change": change},
        )
        for change in ("update", "delete")
    },
}  # fmt: skip

OF_ONE_DATABASE: dict[str, dict[str, Guard]] = {
    "sqlite": {
        "no replacing in the ledger": (
            sabotage.let_replace_pass_the_triggers,
            test_ledger.test_the_database_refuses_to_change_or_remove_an_event, {"change": "replace"},
        ),
    },
    "postgresql": {
        "a halt waits for who had looked before": (
            sabotage.halt_without_those_who_have_looked, test_halt.test_whoever_had_looked_before_it_is_waited_for, {},
        ),
        "a halt waits for turns under way": (
            sabotage.halt_without_those_who_have_looked, test_halt.test_a_turn_that_had_begun_before_it_is_waited_for, {},
        ),
        "no emptying of the ledger": (
            sabotage.drop_triggers, test_ledger.test_the_database_refuses_to_change_or_remove_an_event,
            {"change": "truncate"},
        ),
    },
}  # fmt: skip

CASES = [
    pytest.param(dialect, guard, id=f"{name}-{dialect}")
    for dialect, more in OF_ONE_DATABASE.items()
    for name, guard in (GUARDS | more).items()
]


@pytest.mark.parametrize(("dialect", "guard"), CASES)
def test_a_guard_that_is_taken_away_is_missed(guard: Guard, house: House, monkeypatch: pytest.MonkeyPatch, request: Any) -> None:
    """Its test fails, and by what it asserts: not because something broke on the way."""
    take_away, test, given = guard
    known = {name: given[name] if name in given else request.getfixturevalue(name) for name in signature(test).parameters}
    take_away(house, monkeypatch)
    with all_threads_ended(), pytest.raises((AssertionError, pytest.fail.Exception)):
        test(**known)


@contextmanager
def all_threads_ended() -> Iterator[None]:
    """A test that fails in its middle leaves threads behind, which still need the house."""
    before = threading.enumerate()
    try:
        yield
    finally:
        for thread in threading.enumerate():
            if thread not in before and not thread.daemon:
                thread.join(30)
