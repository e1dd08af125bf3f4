"""What a workspace has, read without a lock. A hold never decides by it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Sum

from apps.accounts.tenancy import Workspace
from apps.ledger.amounts import Millicredits
from apps.ledger.models import Lot, Wallet
from apps.ledger.operations import WalletNotFound

_DATES_SHOWN: Final = 20


@dataclass(frozen=True, slots=True)
class Balance:
    """The credits of a workspace, and the line below which its people are told that they are few; None: never.

    ``expiring`` lists what will expire of the available ones and when, soonest first.
    """

    available_mc: Millicredits
    held_mc: Millicredits
    frozen_mc: Millicredits
    debt_mc: Millicredits
    expiring: tuple[tuple[Millicredits, datetime], ...]
    low_balance_mc: Millicredits | None = None

    @property
    def is_low(self) -> bool:
        return self.low_balance_mc is not None and self.available_mc < self.low_balance_mc


def read_balance(*, workspace: Workspace, now: datetime) -> Balance:
    """Read a balance in constant time: from the wallet's row, and from the lots that expire, if any do.

    :raises WalletNotFound: the workspace has no wallet.
    """
    wallet = Wallet.objects.for_workspace(workspace).first()
    if wallet is None:
        raise WalletNotFound("This workspace has no wallet.")
    expiring: tuple[tuple[Millicredits, datetime], ...] = ()
    if wallet.next_expiry_at is not None:
        lots = Lot.objects.for_workspace(workspace).filter(available_mc__gt=0, expires_at__gt=now)
        dates = lots.values("expires_at").annotate(sum=Sum("available_mc"))
        expiring = tuple(
            (Millicredits(int(amount)), at)
            for at, amount in dates.order_by("expires_at").values_list("expires_at", "sum")[:_DATES_SHOWN]
            if at is not None
        )
    return Balance(
        available_mc=_available(wallet, now),
        held_mc=Millicredits(wallet.held_mc),
        frozen_mc=Millicredits(wallet.frozen_mc),
        debt_mc=Millicredits(wallet.debt_mc),
        expiring=expiring,
        low_balance_mc=None if wallet.low_balance_mc is None else Millicredits(wallet.low_balance_mc),
    )


def read_available(*, workspace: Workspace, now: datetime) -> Millicredits:
    """Read what can be spent, and nothing else: one query, and one more while expired lots wait for the sweeper.

    :raises WalletNotFound: the workspace has no wallet.
    """
    wallet = Wallet.objects.for_workspace(workspace).first()
    if wallet is None:
        raise WalletNotFound("This workspace has no wallet.")
    return _available(wallet, now)


def _available(wallet: Wallet, now: datetime) -> Millicredits:
    """What the wallet's row says, less what has expired where the sweeper has not come yet."""
    if wallet.next_expiry_at is None or wallet.next_expiry_at > now:
        return Millicredits(wallet.available_mc)
    due = Lot.objects.filter(workspace_id=wallet.workspace_id, available_mc__gt=0, expires_at__lte=now)
    expired = due.aggregate(sum=Sum("available_mc", default=0))["sum"]
    return Millicredits(wallet.available_mc - int(expired))
