"""The algebra of one lot, by itself."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from apps.ledger.buckets import ACROSS, FREE, NO_CLAIMS, USED, Buckets, Claims, is_expired, moves, normalise
from tests.builders import NOW

small = st.integers(min_value=0, max_value=9)
any_buckets = st.builds(Buckets, small, small, small, small, small, small, small, small).filter(lambda b: sum(b) > 0)
any_claims = st.builds(Claims, small, small, small)

FRESH = Buckets(10, 0, 0, 0, 0, 0, 0, 0)


def by(buckets: Buckets, claims: Claims = NO_CLAIMS, *, expired: bool = False) -> Buckets:
    return normalise(granted=sum(buckets), buckets=buckets, claims=claims, is_expired=expired)


@given(any_buckets, any_claims, st.booleans())
def test_normalising_keeps_every_credit_and_settles_at_once(buckets: Buckets, claims: Claims, expired: bool) -> None:
    after = by(buckets, claims, expired=expired)
    assert min(after) >= 0
    assert after.held == buckets.held
    for group in (FREE, USED):
        assert sum(getattr(after, name) for name in group) == sum(getattr(buckets, name) for name in group)
    assert by(after, claims, expired=expired) == after


@given(any_buckets, any_claims, st.booleans())
def test_moves_lead_from_one_state_to_the_other(buckets: Buckets, claims: Claims, expired: bool) -> None:
    after = by(buckets, claims, expired=expired)
    amounts = buckets._asdict()
    for src, dst, amount in moves(buckets, after):
        assert amount > 0
        assert {src, dst} <= set(FREE) or {src, dst} <= set(USED)
        amounts[src] -= amount
        amounts[dst] += amount
        assert amounts[src] >= 0
    assert Buckets(**amounts) == after


@given(any_buckets, any_claims, st.booleans())
def test_what_nothing_is_held_of_gives_back_all_that_is_claimed(
    buckets: Buckets, claims: Claims, expired: bool
) -> None:
    after = by(buckets._replace(held=0, available=buckets.available + buckets.held), claims, expired=expired)
    assert after.revoked + after.unpaid + after.recovered == min(sum(buckets), claims.pay_revoke + claims.admin_revoke)


def test_an_untouched_lot_is_available() -> None:
    assert by(FRESH) == FRESH


def test_expiry_takes_what_is_free_and_leaves_what_is_held() -> None:
    assert by(Buckets(4, 3, 3, 0, 0, 0, 0, 0), expired=True) == Buckets(0, 3, 3, 4, 0, 0, 0, 0)


def test_a_refund_takes_the_unused_first_and_makes_the_rest_a_debt() -> None:
    assert by(Buckets(4, 0, 6, 0, 0, 0, 0, 0), Claims(7, 0, 0)) == Buckets(0, 0, 3, 0, 4, 0, 3, 0)


def test_a_refund_waits_for_what_is_held() -> None:
    assert by(Buckets(0, 4, 6, 0, 0, 0, 0, 0), Claims(10, 0, 0)) == Buckets(0, 4, 0, 0, 0, 0, 6, 0)


def test_a_dispute_freezes_what_is_unused_and_thaws_again() -> None:
    frozen = by(Buckets(4, 0, 6, 0, 0, 0, 0, 0), Claims(0, 10, 0))
    assert frozen == Buckets(0, 0, 6, 0, 0, 4, 0, 0)
    assert by(frozen) == Buckets(4, 0, 6, 0, 0, 0, 0, 0)


def test_a_refund_that_failed_gives_everything_back() -> None:
    taken = by(Buckets(4, 0, 6, 0, 0, 0, 0, 0), Claims(10, 0, 0))
    assert by(taken) == Buckets(4, 0, 6, 0, 0, 0, 0, 0)


def test_what_was_paid_of_a_debt_stays_paid_while_it_is_owed() -> None:
    assert by(Buckets(0, 0, 0, 0, 4, 0, 2, 4), Claims(10, 0, 0)) == Buckets(0, 0, 0, 0, 4, 0, 2, 4)
    assert by(Buckets(0, 0, 0, 0, 4, 0, 2, 4), Claims(7, 0, 0)) == Buckets(0, 0, 3, 0, 4, 0, 0, 3)


def test_a_lot_expires_at_its_moment_and_for_good() -> None:
    second = timedelta(seconds=1)
    assert [is_expired(expires_at=NOW, buckets=FRESH, now=NOW + late * second) for late in (-1, 0, 1)] == [
        False,
        True,
        True,
    ]
    assert not is_expired(expires_at=None, buckets=FRESH, now=NOW)
    some_expired = Buckets(0, 5, 0, 5, 0, 0, 0, 0)
    assert is_expired(expires_at=NOW, buckets=some_expired, now=NOW - second)  # whatever a slower clock says


def test_no_move_is_both_across_and_inside_a_group() -> None:
    across = {(src, dst) for src, targets in ACROSS.items() for dst in targets}
    assert not across & {(src, dst) for group in (FREE, USED) for src in group for dst in group}
