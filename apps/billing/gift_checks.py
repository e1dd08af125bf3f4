"""Whether gifts and the ledger tell the same story (I16); rows that break it. Reads only."""

from collections.abc import Iterator
from typing import Final

from django.db.models import Count, F

from apps.billing.models import GrantRequest, PromoCode, PromoRedemption
from apps.ledger.check import Fault
from apps.ledger.kinds import LotKind
from apps.ledger.models import Operation

_KEY: Final = "grant:staff:"
_DONE: Final = (GrantRequest.State.GIVEN, GrantRequest.State.APPROVED)


def check_gifts() -> list[Fault]:
    """List what contradicts itself about codes, what was claimed of them, and grants by staff.

    A code was used as often as it was claimed; who claimed it has one lot of its batch's credits; a grant that was
    given or approved has its one operation, and no other has any.
    """
    return [*_codes(), *_redemptions(), *_requests()]


def _codes() -> Iterator[Fault]:
    for code in PromoCode.objects.annotate(claims=Count("redemptions")).exclude(used=F("claims")).iterator():
        yield Fault("I16", str(code.pk), f"a code used {code.used} times, claimed {code.claims} times")


def _redemptions() -> Iterator[Fault]:
    sound = {
        "lot__workspace_id": F("workspace_id"),
        "lot__granted_mc": F("batch__credits_mc"),
        "lot__kind": LotKind.PROMO,
    }
    for one in PromoRedemption.objects.exclude(**sound).iterator():
        yield Fault("I16", str(one.pk), "a claim without the credits of its batch")


def _requests() -> Iterator[Fault]:
    rows = Operation.objects.filter(key__startswith=_KEY).values_list("key", "workspace_id")
    made = {(key.removeprefix(_KEY), workspace_id) for key, workspace_id in rows.iterator()}
    done = GrantRequest.objects.filter(state__in=_DONE, batch=None).values_list("pk", "workspace_id")
    meant = {(str(pk), workspace_id) for pk, workspace_id in done.iterator()}
    for request_id, _ in sorted(made - meant, key=str):
        yield Fault("I16", request_id, "credits of a grant that nobody gave or approved")
    for request_id, _ in sorted(meant - made, key=str):
        yield Fault("I16", request_id, "a grant without its credits")
