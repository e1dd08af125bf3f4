"""The ledger's calls with what a test does not care about filled in, and its books in a form that compares."""

from datetime import datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID, uuid4, uuid5

from apps.accounts.tenancy import Workspace
from apps.ledger import posting
from apps.ledger.amounts import Millicredits
from apps.ledger.check import Fault, check_books
from apps.ledger.models import Budget, BudgetEvent, Entry, Hold, HoldPart, Lot, LotKind, Notice, Operation, Wallet
from tests.builders import NOW

NOBODY: Final = posting.Spender(member_id=None, api_key_id=None, project_id=None)
HOUR: Final = timedelta(hours=1)


class Totals(NamedTuple):
    available: int
    held: int
    frozen: int
    debt: int


def open_workspace(name: str = "Acme") -> Workspace:
    """Make a workspace with an empty wallet and no member."""
    workspace = Workspace.objects.create(name=name, created_at=NOW)
    posting.open_wallet(workspace=workspace, now=NOW)
    return workspace


def grant(
    workspace: Workspace,
    amount: int,
    *,
    kind: LotKind = LotKind.PROMO,
    expires_at: datetime | None = None,
    key: str = "",
    now: datetime = NOW,
) -> Lot:
    key = key or f"grant:test:{uuid4()}"
    return posting.grant(
        workspace=workspace,
        kind=kind,
        amount_mc=Millicredits(amount),
        key=key,
        now=now,
        expires_at=expires_at,
        purchase_id=uuid5(workspace.pk, key) if kind is LotKind.PURCHASE else None,
    )


def place(
    workspace: Workspace,
    amount: int,
    *,
    job_id: UUID | None = None,
    spender: posting.Spender = NOBODY,
    now: datetime = NOW,
) -> Hold:
    return posting.place_hold(
        workspace=workspace,
        job_id=job_id or uuid4(),
        spender=spender,
        amount_mc=Millicredits(amount),
        quote={"price_version": 1},
        deadline_at=now + HOUR,
        now=now,
    )


def settle(hold: Hold, actual: int, *, now: datetime = NOW, is_our_fault: bool = False) -> posting.Settlement:
    return posting.settle(hold=hold, actual_mc=Millicredits(actual), now=now, is_our_fault=is_our_fault)


def limit(
    workspace: Workspace,
    amount: int | None,
    *,
    member_id: UUID,
    period: Budget.Period = Budget.Period.MONTH,
    key: str | None = None,
    now: datetime = NOW,
) -> Budget:
    """Limit what a member may spend."""
    return posting.set_budget(
        workspace=workspace,
        subject_kind=Budget.Subject.MEMBER,
        subject_id=member_id,
        limit_mc=None if amount is None else Millicredits(amount),
        period=period,
        actor_id=None,
        key=key,
        now=now,
    ).budget


def alert(workspace: Workspace, line: int | None, *, now: datetime = NOW) -> Wallet:
    """Let people be told when the balance falls below a line."""
    line_mc = None if line is None else Millicredits(line)
    return posting.set_low_balance(workspace=workspace, line_mc=line_mc, actor_id=None, now=now)


def refill(workspace: Workspace, line: int | None, *, now: datetime = NOW) -> Wallet:
    """Let credits be bought when the balance falls below a line."""
    line_mc = None if line is None else Millicredits(line)
    return posting.set_refill_line(workspace=workspace, line_mc=line_mc, actor_id=None, now=now)


def claim(lot: Lot, *, revoke: int = 0, freeze: int = 0, now: datetime = NOW, key: str = "") -> None:
    """Let a lot's payment be worth less."""
    posting.apply_claims(
        workspace=lot.workspace,
        lot_id=lot.pk,
        pay_revoke_mc=revoke,
        pay_freeze_mc=freeze,
        key=key or f"pay:test:{uuid4()}",
        now=now,
    )


def totals(workspace: Workspace) -> Totals:
    wallet = Wallet.objects.for_workspace(workspace).get()
    return Totals(wallet.available_mc, wallet.held_mc, wallet.frozen_mc, wallet.debt_mc)


def moved(workspace: Workspace, *, since: int = 0) -> list[tuple[str, str, int]]:
    """List the entries of a wallet after the one numbered ``since``."""
    entries = Entry.objects.for_workspace(workspace).filter(seq__gt=since).order_by("seq")
    return list(entries.values_list("src", "dst", "amount_mc"))


def told(workspace: Workspace) -> list[tuple[str, int, int]]:
    """List the notices of a wallet, in the order they were given: kind, balance, line."""
    notices = Notice.objects.for_workspace(workspace).order_by("id")
    return list(notices.values_list("kind", "balance_mc", "line_mc"))


def everything(workspace: Workspace) -> tuple[object, ...]:
    """All the rows of a wallet, to tell that nothing has changed."""
    return (
        list(Wallet.objects.for_workspace(workspace).values_list()),
        list(Lot.objects.for_workspace(workspace).order_by("pk").values_list()),
        list(Hold.objects.for_workspace(workspace).order_by("pk").values_list()),
        list(HoldPart.objects.filter(hold__workspace=workspace).order_by("pk").values_list()),
        list(Operation.objects.for_workspace(workspace).order_by("pk").values_list()),
        list(Entry.objects.for_workspace(workspace).order_by("seq").values_list()),
        list(Budget.objects.for_workspace(workspace).order_by("pk").values_list()),
        list(BudgetEvent.objects.filter(budget__workspace=workspace).order_by("pk").values_list()),
        list(Notice.objects.for_workspace(workspace).order_by("pk").values_list()),
    )


def faults(now: datetime = NOW, *, but: str = "") -> list[Fault]:
    """List what breaks an invariant, but the named one."""
    return [fault for fault in check_books(now=now) if fault.invariant != but]
