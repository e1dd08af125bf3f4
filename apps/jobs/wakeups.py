"""Waiting for the end of a job without asking the database over and over: one Valkey subscription a process."""

import asyncio
import functools
from collections import defaultdict
from typing import Final
from uuid import UUID
from weakref import WeakKeyDictionary

import redis
import redis.asyncio
import structlog
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import close_old_connections, connection

from apps.jobs.models import Job
from apps.jobs.states import ENDED

_CHANNEL: Final = "easel:jobs"
_LOOK_AGAIN_SECONDS: Final = 2.0  # a wake-up that was lost delays an answer by this much, no more
_RECONNECT_SECONDS: Final = 1.0
_LISTEN_SECONDS: Final = 1.0

log = structlog.get_logger(__name__)


def publish(job_id: UUID) -> None:
    """Tell every process that a job has changed. A broker that is away is logged: waiters look again by themselves."""
    try:
        _client().publish(_CHANNEL, str(job_id))
    except redis.RedisError as fault:
        log.warning("wakeup_lost", job_id=str(job_id), fault=str(fault))


async def wait_until_ended(job_id: UUID, timeout: float) -> bool:  # the caller's patience, not a cancel scope
    """Return True once a job has ended, False when ``timeout`` seconds have passed. Holds no database connection."""
    loop = asyncio.get_running_loop()
    listener = _listeners.get(loop)
    if listener is None:
        listener = _listeners[loop] = _Listener()
    ends_at = loop.time() + timeout
    with listener.subscribed(job_id) as changed:
        while not await _has_ended(job_id):
            patience = min(ends_at - loop.time(), _LOOK_AGAIN_SECONDS)
            if patience <= 0:
                return False
            try:
                await asyncio.wait_for(changed.wait(), patience)
            except TimeoutError:
                continue
            changed.clear()
    return True


def release_connection() -> None:
    """Give this thread's database connection back before a wait: one who waits must keep none from the others.

    A transaction that is under way keeps it.
    """
    if not connection.in_atomic_block:
        close_old_connections()


class _Listener:
    """Hands what one event loop hears on the channel to those who wait for that job."""

    def __init__(self) -> None:
        self._waiting: defaultdict[UUID, set[asyncio.Event]] = defaultdict(set)
        self._task: asyncio.Task[None] | None = None

    def subscribed(self, job_id: UUID) -> "_Subscription":
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._listen())
        return _Subscription(self._waiting, job_id)

    async def _listen(self) -> None:
        me = asyncio.current_task()
        assert me is not None
        # Asked again and again: some of what is awaited here swallows a cancellation that comes just as it is done (in
        # Python 3.11 wait_for does), and a loop that closes waits for this task for ever.
        while not me.cancelling():
            client = redis.asyncio.Redis.from_url(settings.REDIS_URL)
            try:
                async with client.pubsub(ignore_subscribe_messages=True) as channel:
                    await channel.subscribe(_CHANNEL)
                    while not me.cancelling():
                        message = await channel.get_message(timeout=_LISTEN_SECONDS)
                        if message is not None:
                            self._wake(UUID(message["data"].decode()))
            except (redis.RedisError, OSError) as fault:
                log.warning("wakeups_unheard", fault=str(fault))
                await asyncio.sleep(_RECONNECT_SECONDS)
            finally:
                await client.aclose()

    def _wake(self, job_id: UUID) -> None:
        for changed in self._waiting.get(job_id, ()):
            changed.set()


class _Subscription:
    """One waiter's place in a listener, while it waits."""

    def __init__(self, waiting: defaultdict[UUID, set[asyncio.Event]], job_id: UUID) -> None:
        self._waiting, self._job_id, self._changed = waiting, job_id, asyncio.Event()

    def __enter__(self) -> asyncio.Event:
        self._waiting[self._job_id].add(self._changed)
        return self._changed

    def __exit__(self, *_: object) -> None:
        self._waiting[self._job_id].discard(self._changed)
        if not self._waiting[self._job_id]:
            del self._waiting[self._job_id]


_listeners: WeakKeyDictionary[asyncio.AbstractEventLoop, _Listener] = WeakKeyDictionary()


@functools.cache
def _client() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2)


@sync_to_async
def _has_ended(job_id: UUID) -> bool:
    try:
        return Job.objects.filter(pk=job_id, state__in=ENDED).exists()
    finally:
        release_connection()
