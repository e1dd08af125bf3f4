"""How often a subject may do a thing: token buckets in Valkey, shared by all processes."""

import functools
from dataclasses import dataclass
from typing import Final, cast

import redis
import structlog
from django.conf import settings
from redis.backoff import NoBackoff
from redis.commands.core import Script
from redis.retry import Retry

from apps.errors import DomainError

log = structlog.get_logger(__name__)

WINDOW_SECONDS: Final = 60
_PATIENCE_SECONDS: Final = 0.25  # a request is not worth waiting longer for than this

# One bucket is a hash of tokens and the millisecond they were counted at. The server's own clock decides, so that
# web processes need not agree on the time. Answers {allowed, whole tokens left, ms until the next one, ms until full}.
_TAKE: Final = """
local capacity, every = tonumber(ARGV[1]), tonumber(ARGV[2])
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local bucket = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens = math.min(capacity, tonumber(bucket[1]) or capacity)
tokens = math.min(capacity, tokens + math.max(0, now - (tonumber(bucket[2]) or now)) / every)
local allowed = 0
if tokens >= 1 then
  allowed = 1
  tokens = tokens - 1
end
redis.call('HSET', KEYS[1], 'tokens', string.format('%.6f', tokens), 'at', string.format('%.0f', now))
redis.call('PEXPIRE', KEYS[1], math.ceil(capacity * every) + 1000)
return {allowed, math.floor(tokens), math.ceil(math.max(0, 1 - tokens) * every), math.ceil((capacity - tokens) * every)}
"""


class RateLimited(DomainError):
    """Too often in too short a time."""

    code = "rate_limited"


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a subject has left, after this time. ``is_known`` is False when Valkey could not be asked."""

    limit: int
    is_allowed: bool = True
    is_known: bool = False
    remaining: int = 0
    next_seconds: int = 0
    full_seconds: int = 0

    def refuse(self) -> None:
        """:raises RateLimited: this time was one too many."""
        if not self.is_allowed:
            raise RateLimited(
                f"At most {self.limit} a minute. Try again in {self.next_seconds} s.",
                limit=self.limit,
                retry_after=self.next_seconds,
            )


def take(*, subject: str, limit: int) -> Allowance:
    """Take one from a subject's bucket, which holds ``limit`` and fills again within a minute.

    While Valkey is away everything is allowed and a line is logged: a limit is no reason to stop serving.
    """
    try:
        answer = _script(settings.REDIS_URL)(
            keys=[f"easel:rate:{subject}"], args=[limit, WINDOW_SECONDS * 1000 / limit]
        )
    except redis.RedisError as fault:
        log.warning("rate_limit_unknown", fault=str(fault))
        return Allowance(limit=limit)
    allowed, remaining, next_ms, full_ms = cast("list[int]", answer)
    return Allowance(
        limit=limit,
        is_allowed=allowed == 1,
        is_known=True,
        remaining=remaining,
        next_seconds=-(-next_ms // 1000),
        full_seconds=-(-full_ms // 1000),
    )


@functools.cache
def _script(url: str) -> Script:
    client = redis.Redis.from_url(
        url,
        socket_timeout=_PATIENCE_SECONDS,
        socket_connect_timeout=_PATIENCE_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )
    return client.register_script(_TAKE)
