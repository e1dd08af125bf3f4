"""How many requests a key may make, and what clients are told of it."""

from django.conf import settings

from apps import metering
from apps.metering import Allowance


def take(*, subject: str) -> Allowance:
    """Take one request from a subject's bucket of ``EASEL_REQUESTS_PER_MINUTE``."""
    return metering.take(subject=subject, limit=settings.EASEL_REQUESTS_PER_MINUTE)


def headers_of(allowance: Allowance) -> dict[str, str]:
    """The two headers of draft-ietf-httpapi-ratelimit-headers-10: the policy, and what is left of it."""
    policy = {"RateLimit-Policy": f'"requests";q={allowance.limit};w={metering.WINDOW_SECONDS}'}
    if not allowance.is_known:
        return policy
    return policy | {"RateLimit": f'"requests";r={allowance.remaining};t={allowance.full_seconds}'}
