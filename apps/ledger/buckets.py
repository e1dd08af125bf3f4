"""Where the credits of a lot lie, and how they may move: the whole algebra of a lot, without a database."""

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple


class Bucket(StrEnum):
    ISSUED = "issued"  # where credits come from; the only one that a lot does not hold
    AVAILABLE = "available"
    HELD = "held"  # set aside for an open hold
    SPENT = "spent"
    EXPIRED = "expired"
    REVOKED = "revoked"  # taken back unused
    FROZEN = "frozen"  # an open dispute
    UNPAID = "unpaid"  # used, then their payment was taken back: the debt
    RECOVERED = "recovered"  # such debt, paid by another lot since


FREE: Final = (Bucket.AVAILABLE, Bucket.EXPIRED, Bucket.REVOKED, Bucket.FROZEN)
USED: Final = (Bucket.SPENT, Bucket.UNPAID, Bucket.RECOVERED)
# Moves inside FREE and inside USED are normalise's. Across: issue, hold and repay, capture and release, uncapture.
ACROSS: Final = {
    Bucket.ISSUED: (Bucket.AVAILABLE,),
    Bucket.AVAILABLE: (Bucket.HELD, Bucket.SPENT),
    Bucket.HELD: (Bucket.SPENT, Bucket.AVAILABLE),
    Bucket.SPENT: (Bucket.AVAILABLE,),
}


class Buckets(NamedTuple):
    """The millicredits of one lot, by bucket; they sum to what was granted."""

    available: int
    held: int
    spent: int
    expired: int
    revoked: int
    frozen: int
    unpaid: int
    recovered: int


class Claims(NamedTuple):
    """What is demanded of a lot from outside: by its payment (refunds and disputes) and by staff. Millicredits."""

    pay_revoke: int
    pay_freeze: int
    admin_revoke: int


NO_CLAIMS: Final = Claims(0, 0, 0)


class Move(NamedTuple):
    """``amount`` > 0 millicredits of one lot, from one bucket to another."""

    src: Bucket
    dst: Bucket
    amount: int


def is_expired(*, expires_at: datetime | None, buckets: Buckets, now: datetime) -> bool:
    """Tell whether a lot can no longer be spent. Once some of it has expired it stays so, however clocks differ."""
    return buckets.expired > 0 or (expires_at is not None and expires_at <= now)


def normalise(*, granted: int, buckets: Buckets, claims: Claims, is_expired: bool) -> Buckets:
    """Return where a lot's credits must lie, given expiry and what is claimed of it.

    Level-triggered: it looks at totals alone, so the order of events does not matter and a second call changes nothing.
    What is held stays held; it is claimed when it comes back. Where ``recovered`` falls, the caller owes a
    reinstated lot of the difference.
    """
    if not is_expired and claims == NO_CLAIMS and buckets[3:] == (0, 0, 0, 0, 0):
        return buckets
    free = buckets.available + buckets.expired + buckets.revoked + buckets.frozen
    used = buckets.spent + buckets.unpaid + buckets.recovered
    revoke = min(granted, claims.pay_revoke + claims.admin_revoke)
    revoked = min(revoke, free)
    frozen = min(claims.pay_freeze, free - revoked)
    rest = free - revoked - frozen
    taken_back = min(used, max(0, revoke - revoked - buckets.held))
    recovered = min(buckets.recovered, taken_back)
    return Buckets(
        available=0 if is_expired else rest,
        held=buckets.held,
        spent=used - taken_back,
        expired=rest if is_expired else 0,
        revoked=revoked,
        frozen=frozen,
        unpaid=taken_back - recovered,
        recovered=recovered,
    )


def moves(before: Buckets, after: Buckets) -> Iterator[Move]:
    """List the moves that lead from one state to another that ``normalise`` returned for it."""
    if before == after:
        return
    for group in (FREE, USED):
        changes = {bucket: getattr(after, bucket) - getattr(before, bucket) for bucket in group}
        assert sum(changes.values()) == 0, "credits may not leave their group"
        for src in group:
            for dst in group:
                amount = min(-changes[src], changes[dst])
                if amount > 0:
                    changes[src] += amount
                    changes[dst] -= amount
                    yield Move(src, dst, amount)
