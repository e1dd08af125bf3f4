"""One operation under way: the lots it touches, in memory, and the entries that say how they changed."""

from collections.abc import Callable, Iterable
from datetime import datetime
from operator import add
from typing import Final
from uuid import UUID

from apps.ids import uuid7
from apps.ledger import buckets, crossing, reading
from apps.ledger.buckets import NO_CLAIMS, Bucket, Buckets, Claims
from apps.ledger.kinds import BURN_PRIORITY, LotKind
from apps.ledger.models import Notice, Wallet
from apps.ledger.rows import EntryRow, HoldRow, LotRow, NoticeRow, RowId, Rows, Totals, WalletRow

_DUE_AT_ONCE: Final = 500  # expired lots that one operation clears away; the sweeper comes for the rest
_IN_WALLET: Final = (Bucket.AVAILABLE, Bucket.HELD, Bucket.FROZEN, Bucket.UNPAID)  # the order of Totals


class WorkingLot:
    """A lot as it was read, or as it is about to be inserted, and what it has become since."""

    __slots__ = ("before", "buckets", "claims", "kind", "purchase_id")

    def __init__(self, before: LotRow, kind: LotKind | None = None, purchase_id: UUID | None = None) -> None:
        self.before = before
        self.buckets = before.buckets
        self.claims = before.claims
        self.kind = kind  # None: it exists already
        self.purchase_id = purchase_id

    @property
    def id(self) -> RowId:
        return self.before.id

    @property
    def after(self) -> LotRow:
        return self.before._replace(buckets=self.buckets, claims=self.claims)

    @property
    def has_changed(self) -> bool:
        return self.buckets != self.before.buckets or self.claims != self.before.claims

    def is_expired(self, now: datetime) -> bool:
        return buckets.is_expired(expires_at=self.before.expires_at, buckets=self.buckets, now=now)

    def burn_order(self) -> tuple[int, bool, float, str]:
        expires_at = self.before.expires_at
        return (self.before.priority, expires_at is None, expires_at.timestamp() if expires_at else 0, str(self.id))


class Journal:
    """What an operation does, until ``operations.run`` writes it. Nothing here changes a row."""

    def __init__(self, *, rows: Rows, wallet: WalletRow, has_budgets: bool, now: datetime) -> None:
        self.rows = rows
        self.wallet = wallet
        self.has_budgets = has_budgets  # the workspace has some, for whomever
        self.now = now
        self.operation_id = uuid7()
        self.lots: dict[RowId, WorkingLot] = {}
        self.entries: list[EntryRow] = []
        self.writes: list[Callable[[], None]] = []  # what the operation writes beside wallet, lots and entries
        self.notices: list[NoticeRow] = []
        self.low_balance = wallet.low_balance
        self.refill = wallet.refill
        self._changes = dict.fromkeys(_IN_WALLET, 0)
        self._next_expiry_at = wallet.next_expiry_at
        self._reinstated = 0

    @property
    def available(self) -> int:
        return self.wallet.totals.available + self._changes[Bucket.AVAILABLE]

    @property
    def debt(self) -> int:
        return self.wallet.totals.debt + self._changes[Bucket.UNPAID]

    def load(self, row: LotRow) -> WorkingLot:
        """Take up a lot that was read, brought up to date; one that is taken up already stays as it has become."""
        lot = self.lots.get(row.id)
        if lot is None:
            lot = self.lots[row.id] = WorkingLot(row)
            self.normalise(lot)
        return lot

    def load_due(self) -> None:
        """Let what has expired expire."""
        if self.wallet.next_expiry_at is None or self.wallet.next_expiry_at > self.now:
            return
        due = reading.due_lots(self.rows, self.wallet, self.now, _DUE_AT_ONCE)
        for row in due:
            self.load(row)
        if len(due) < _DUE_AT_ONCE:
            self._next_expiry_at = reading.next_expiry(self.rows, self.wallet, self.now)

    def issue(
        self, *, kind: LotKind, amount: int, expires_at: datetime | None = None, purchase_id: UUID | None = None
    ) -> WorkingLot:
        """Make a lot with so many available credits."""
        row = LotRow(
            id=self.rows.id(uuid7()),
            priority=BURN_PRIORITY[kind],
            expires_at=expires_at,
            granted=amount,
            claims=NO_CLAIMS,
            buckets=Buckets(0, 0, 0, 0, 0, 0, 0, 0),
        )
        lot = self.lots[row.id] = WorkingLot(row, kind, purchase_id)
        self.move(lot, Bucket.ISSUED, Bucket.AVAILABLE, amount)
        return lot

    def move(self, lot: WorkingLot, src: Bucket, dst: Bucket, amount: int, hold: HoldRow | None = None) -> None:
        """Move credits of a lot from one bucket to another; nothing happens with an amount of 0."""
        if not amount:
            return
        assert amount > 0
        changed: dict[str, int] = {dst.value: getattr(lot.buckets, dst) + amount}
        if src is not Bucket.ISSUED:
            changed[src.value] = getattr(lot.buckets, src) - amount
            assert changed[src.value] >= 0, f"{src} does not hold {amount}"
        lot.buckets = lot.buckets._replace(**changed)
        if src in self._changes:
            self._changes[src] -= amount
        if dst in self._changes:
            self._changes[dst] += amount
            if dst is Bucket.AVAILABLE:
                self._expect_expiry(lot.before.expires_at)
        hold_id, member_id = (hold.id, hold.spender.member_id) if hold else (None, None)
        self.entries.append(EntryRow(lot.id, hold_id, member_id, src.value, dst.value, amount))

    def claim(self, lot: WorkingLot, claims: Claims) -> None:
        """Set what is demanded of a lot from outside, and let it take effect."""
        lot.claims = claims
        self.normalise(lot)

    def normalise(self, lot: WorkingLot) -> None:
        """Put a lot's credits where they belong."""
        after = buckets.normalise(
            granted=lot.before.granted, buckets=lot.buckets, claims=lot.claims, is_expired=lot.is_expired(self.now)
        )
        self.reinstate(max(0, lot.buckets.recovered - after.recovered))
        for src, dst, amount in list(buckets.moves(lot.buckets, after)):
            self.move(lot, src, dst, amount)

    def reinstate(self, amount: int) -> None:
        """Owe credits that paid a debt which turned out to be none; they come as one lot when the operation ends."""
        self._reinstated += amount

    def finish(self) -> None:
        """End the operation: every touched lot in its proper state, debts paid as far as credits go."""
        for lot in list(self.lots.values()):
            self.normalise(lot)
        if self._reinstated:
            self.issue(kind=LotKind.REINSTATED, amount=self._reinstated)
        if self.debt and self.available:
            self._repay()
        self._pass_lines()

    def wallet_after(self) -> WalletRow:
        status = self.wallet.status
        if status != Wallet.Status.CLOSED:
            status = Wallet.Status.RESTRICTED.value if self.debt else Wallet.Status.ACTIVE.value
        totals = Totals(*map(add, self.wallet.totals, self._changes.values()))
        seq = self.wallet.seq + len(self.entries)
        lines = self.low_balance, self.refill
        return WalletRow(self.wallet.workspace_id, totals, seq, self._next_expiry_at, status, *lines)

    def _pass_lines(self) -> None:
        """Note which lines the balance crossed, and arm or disarm them."""
        self.low_balance, is_low = crossing.pass_by(self.low_balance, self.available)
        if is_low:
            self._notice(Notice.Kind.LOW_BALANCE, self.low_balance.at)
        self.refill, is_wanting = crossing.pass_by(self.refill, self.available)
        if is_wanting:
            self._notice(Notice.Kind.REFILL, self.refill.at)
        if not self.available and self.wallet.totals.available:
            self._notice(Notice.Kind.EMPTY, 0)
        if self.debt and not self.wallet.totals.debt:
            self._notice(Notice.Kind.DEBT, 0)

    def _notice(self, kind: Notice.Kind, line: int | None) -> None:
        key = f"{kind.value}:{self.operation_id}"
        self.notices.append(NoticeRow(key, kind.value, "", None, self.available, line or 0))

    def _repay(self) -> None:
        """Pay debts, oldest first, out of what may be spent, in burn order."""
        for row in reading.unpaid_lots(self.rows, self.wallet):
            self.load(row)
        for row in reading.spendable_lots(self.rows, self.wallet, self.now, limit=None):
            self.load(row)
        payers = [lot for lot in self._in_burn_order() if lot.buckets.available and not lot.is_expired(self.now)]
        debtors = sorted((lot for lot in self.lots.values() if lot.buckets.unpaid), key=lambda lot: str(lot.id))
        for debtor in debtors:
            for payer in payers:
                amount = min(debtor.buckets.unpaid, payer.buckets.available)
                self.move(payer, Bucket.AVAILABLE, Bucket.SPENT, amount)
                self.move(debtor, Bucket.UNPAID, Bucket.RECOVERED, amount)

    def _in_burn_order(self) -> Iterable[WorkingLot]:
        return sorted(self.lots.values(), key=WorkingLot.burn_order)

    def _expect_expiry(self, at: datetime | None) -> None:
        if at is not None and (self._next_expiry_at is None or at < self._next_expiry_at):
            self._next_expiry_at = at
