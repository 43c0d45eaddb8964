"""What wakes up and looks: the entry points of the queues, and what each kind of alarm means.

A job carries no message and no promise: it looks at the tables, so losing one, or running one twice at once, changes nothing.
"""

import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from redis.exceptions import RedisError
from rq import Queue
from rq.job import Job
from rq.registry import FailedJobRegistry
from rq.serializers import JSONSerializer
from sqlalchemy import Select, exists, or_, select

from bot import alarms, alerts, awake, campaigns, contacts, inbox, outbox, status, talk
from bot.campaigns.batches import OPEN
from bot.campaigns.control import FINISHED, LEFT_BEHIND, LEFT_OVER
from bot.campaigns.launch import UNTAKEN
from bot.contacts.tagging import GOES_ON
from bot.outbox.settling import LEASED
from bot.processes import alive, worker
from bot.runtime import Runtime
from models import Alarm, Batch, Campaign, Message, Notice, Tagging

RING: Mapping[str, alarms.Ring] = {
    "wake": talk.ring_wake,
    "expire": talk.ring_expire,
    "release": outbox.release,
    "launch": campaigns.ring,
    "wish": campaigns.wish,
    inbox.LOOK_BACK: inbox.look_back,
}

# Seconds: a job is short, so that a worker stops within a deploy. Calls under way may take it some more.
WORK_FOR, BULK_FOR, TURN_FOR = 5.0, 6.0, 1.0
BREATH = 0.05  # seconds between two slices: SQLite lets in whoever asks at the right instant, not whoever waits

# Is there anything to do? One query per queue, on partial indexes; "replies" and "bulk" share one throttle.
DUE: Mapping[str, Select[Any]] = {
    "replies": select(
        or_(
            exists().where(outbox.READY, Message.batch_id.is_(None)).select_from(outbox.WAITING),
            exists().where(LEASED, Message.state != "unknown", Message.lease_until <= outbox.MACHINE_NOW),
            exists().where(LEASED, Message.state == "unknown", Message.not_before <= outbox.MACHINE_NOW),
            exists().where(status.WAITS),
            exists().where(alarms.RINGS).select_from(Alarm),
            exists().where(FINISHED).select_from(Campaign),
            exists().where(LEFT_BEHIND).select_from(Message),
        )
    ),
    "default": select(
        or_(
            UNTAKEN.exists(),
            exists().where(LEFT_OVER).select_from(Campaign),
            exists().where(GOES_ON).select_from(Tagging),
            exists().where(alerts.DUE).select_from(Notice),
        )
    ),
    "bulk": select(exists().where(OPEN, Campaign.id == Batch.campaign_id, Campaign.state == "sending")),
}

WAKE_UPS = 4  # at most so many wait in a queue: more would say nothing new
WAKE_UP = {"result_ttl": 0, "failure_ttl": 86_400, "job_timeout": 30}  # seconds; a failed one is kept for a day

MOST_FAILED = 20  # that are told, of each queue


class Failed(NamedTuple):
    """A job that failed: of which queue, when (machine time), and the last line of why."""

    queue: str
    at: datetime | None
    why: str


_lent: list[tuple[Runtime, threading.Event]] = []


def lend(runtime: Runtime, stop: threading.Event) -> None:
    """The worker process lends its runtime to the jobs that it will run; `stop`: it has been told to end."""
    _lent[:] = [(runtime, stop)]


def replies() -> None:
    """The job of the queue `replies`: statuses, alarms, whatever is said outside of batches, and what nobody knows."""
    _wake(work)


def bulk() -> None:
    """The job of the queue `bulk`: the next batches of campaigns."""
    _wake(send_batches)


def default() -> None:
    """The job of the queue `default`: in slices the audience of campaigns, begun and cancelled, and tags for many; e-mails."""
    _wake(take_audience)


def _wake(job: Callable[..., None]) -> None:
    runtime, stop = _lent[0]
    with runtime.read() as connection:
        if awake.still_asleep(connection, runtime.machine_now()):
            return  # what fell due in the night is first looked at by a clock
    job(runtime, stop=stop)


def work(runtime: Runtime, seconds: float = WORK_FOR, stop: threading.Event | None = None) -> None:
    """Do what is due in the queue `replies`, for so long at most."""
    until, over = time.monotonic() + seconds, stop or threading.Event()
    while time.monotonic() < until and not over.is_set() and due(runtime, "replies"):
        rung = alarms.ring_due(runtime, RING)
        if rung:
            pass_on(runtime)
        folded, done = status.fold(runtime), rung + outbox.sweep(runtime)
        # Each in turn: who waits for a slot must not keep those waiting who wait for the carrier's list.
        done += outbox.deliver(runtime, TURN_FOR, stop=over) + outbox.settle(runtime, TURN_FOR) + campaigns.watch(runtime)
        # Statuses that have come meanwhile wait for the next wake-up: in a storm many are folded at once, not each by itself.
        if not done and folded < status.SLICE:
            return


def send_batches(runtime: Runtime, seconds: float = BULK_FOR, stop: threading.Event | None = None) -> None:
    """Send what campaigns have to say, for so long at most."""
    batches = campaigns.Batches()
    try:
        outbox.deliver(runtime, seconds, batches, stop)
    finally:
        batches.close(runtime)
    campaigns.watch(runtime)


def take_audience(runtime: Runtime, seconds: float = WORK_FOR, stop: threading.Event | None = None) -> None:
    """Write down the recipients of campaigns that have begun, refuse those of cancelled ones; tag many contacts; send e-mails."""
    until, over = time.monotonic() + seconds, stop or threading.Event()
    campaigns.clear(runtime)
    while time.monotonic() < until and not over.is_set() and any((campaigns.take_slice(runtime), contacts.tag_slice(runtime))):
        pass_on(runtime)
        over.wait(BREATH)
    if not over.is_set():
        alerts.send_mail(runtime, seconds)


def pass_on(runtime: Runtime) -> None:
    """What has just been done may be work for another queue: it need not wait for the clock."""
    for queue in ("default", "bulk"):
        if due(runtime, queue):
            wake(runtime, queue)


def wake(runtime: Runtime, queue: str) -> bool:
    """Wake a worker of a queue. False where none hears it: no Redis, no worker of that queue alive, or replies left waiting."""
    if runtime.redis is None:
        return False
    with runtime.read() as connection:
        if worker(queue) not in alive(connection, runtime.machine_now()):
            return False
    line = Queue(queue, connection=runtime.redis, serializer=JSONSerializer)
    try:
        if len(line) >= WAKE_UPS:
            return queue != "replies"  # a worker that just died counts as alive for a while, and replies do not wait for that
        line.enqueue(f"bot.jobs.{queue}", **WAKE_UP)
        return True
    except RedisError:
        return False


def due(runtime: Runtime, queue: str) -> bool:
    """Whether there is anything to do in a queue."""
    with runtime.read() as connection:
        instants: dict[str, Any] = {"machine_now": runtime.machine_now(), "now": runtime.now(connection)}
        return bool(connection.scalar(DUE[queue], instants))


def failed(runtime: Runtime) -> list[Failed]:
    """Jobs that failed within a day, the latest first. They were wake-ups: what they were to do is still in the tables."""
    if runtime.redis is None:
        return []
    found = []
    try:
        for queue in DUE:
            registry = _failed(runtime, queue)
            ids = registry.get_job_ids(0, MOST_FAILED - 1, desc=True)
            jobs = Job.fetch_many(ids, runtime.redis, serializer=JSONSerializer)
            found += [Failed(queue, job.ended_at, _why(job)) for job in jobs if job is not None]
    except RedisError:
        return []
    return sorted(found, key=lambda job: str(job.at), reverse=True)


def forget_failed(runtime: Runtime) -> bool:
    """Forget all of them. Whether Redis did."""
    try:
        for queue in DUE if runtime.redis is not None else ():
            registry = _failed(runtime, queue)
            for id_ in registry.get_job_ids():
                registry.remove(id_, delete_job=True)
    except RedisError:
        return False
    return True


def wake_ups(runtime: Runtime) -> dict[str, int] | None:
    """How many wake-ups wait in each queue. They tell nothing of what is due: see `bot.backlog`. None: Redis does not answer."""
    if runtime.redis is None:
        return None
    try:
        return {queue: len(Queue(queue, connection=runtime.redis, serializer=JSONSerializer)) for queue in DUE}
    except RedisError:
        return None


def _failed(runtime: Runtime, queue: str) -> FailedJobRegistry:
    return FailedJobRegistry(queue, connection=runtime.redis, serializer=JSONSerializer)


def _why(job: Job) -> str:
    """What stands after the last place of the traceback: the exception, whose words may go on for several lines."""
    result = job.latest_result()
    lines = ((result.exc_string if result is not None else None) or "").splitlines()
    last = max((number for number, line in enumerate(lines) if line.startswith("  File ")), default=-1)
    return next((line for line in lines[last + 1 :] if line[:1].strip()), "")[:300]
