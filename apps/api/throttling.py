"""How many requests a key may make: a token bucket in Valkey, shared by all processes."""

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

_WINDOW_SECONDS: Final = 60
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
    """Too many requests in too short a time."""

    code = "rate_limited"


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a caller has left, after this request. ``is_known`` is False when Valkey could not be asked."""

    limit: int
    is_allowed: bool = True
    is_known: bool = False
    remaining: int = 0
    next_seconds: int = 0
    full_seconds: int = 0

    @property
    def headers(self) -> dict[str, str]:
        """The two headers of draft-ietf-httpapi-ratelimit-headers-10: the policy, and what is left of it."""
        policy = {"RateLimit-Policy": f'"requests";q={self.limit};w={_WINDOW_SECONDS}'}
        if not self.is_known:
            return policy
        return policy | {"RateLimit": f'"requests";r={self.remaining};t={self.full_seconds}'}

    def refuse(self) -> None:
        """:raises RateLimited: this request was one too many."""
        if not self.is_allowed:
            raise RateLimited(
                f"At most {self.limit} requests a minute. Try again in {self.next_seconds} s.",
                limit=self.limit,
                retry_after=self.next_seconds,
            )


def take(*, subject: str) -> Allowance:
    """Take one request from a subject's bucket of ``EASEL_REQUESTS_PER_MINUTE``.

    While Valkey is away every request is allowed and a line is logged: a limit is no reason to stop serving.
    """
    limit: int = settings.EASEL_REQUESTS_PER_MINUTE
    try:
        answer = _script(settings.REDIS_URL)(
            keys=[f"easel:rate:{subject}"], args=[limit, _WINDOW_SECONDS * 1000 / limit]
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
