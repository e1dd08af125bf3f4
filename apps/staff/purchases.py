"""The purchases of a workspace as staff see them: how the money stands, and money given back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple
from uuid import UUID, uuid4

from django.contrib import messages
from django.db.models import Prefetch
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from apps.accounts.tenancy import Workspace
from apps.billing import payments, purchases
from apps.billing.currencies import read_money, step_of, write_money
from apps.billing.gateway import StripeRefused, StripeUnavailable
from apps.billing.models import Purchase, PurchaseAlert, Refund
from apps.errors import DomainError
from apps.ids import from_public
from apps.ledger.operations import IdempotencyMismatch
from apps.staff.faults import Faults
from apps.staff.grants import NOT_OURS
from apps.staff.navigation import REFUND, VIEW_PURCHASES
from apps.staff.pages import StaffRequest, demand, may, names_of, page, read_id, staff_page

_PAGE_SIZE: Final = 50
_LONGEST_REASON: Final = 200
_AWAY: Final = "Stripe did not answer. The refund may have been made: send this same form again, it gives back once."
_REFUSED: Final = "Stripe refused: {}. Nothing that is not listed here was given back."


class Attempt(NamedTuple):
    """A refund that somebody asks for: as ``refund_purchase`` takes it."""

    amount_minor: int
    reason: str
    attempt_key: str


@dataclass(frozen=True, slots=True)
class RefundRow:
    """A refund that staff decided; the key finds out what became of it, where that is not known."""

    refund: Refund
    who: str
    standing: str
    amount: str  # as a form takes it
    is_under_way: bool


@dataclass(frozen=True, slots=True)
class Form:
    """What the form for a refund holds, and what is wrong with it."""

    key: str
    amount: str
    reason: str
    faults: Faults


@dataclass(frozen=True, slots=True)
class PurchaseRow:
    """A purchase with all there is to say about it; ``form`` is None where nothing can be given back."""

    purchase: Purchase
    refundable_minor: int
    alerts: Sequence[PurchaseAlert]
    refunds: Sequence[RefundRow]
    form: Form | None


@require_http_methods(["GET", "POST"])
@staff_page(*VIEW_PURCHASES)
def workspace_purchases(request: StaffRequest, workspace_id: UUID) -> HttpResponse:
    """Show the purchases of a workspace, or the one that ``?purchase=`` names; give money of that one back."""
    found = Workspace.objects.filter(pk=workspace_id).first()
    if found is None:
        raise Http404("There is no such workspace.")
    chosen = _chosen(request, found)
    if request.method == "GET":
        return _show(request, found, chosen)
    demand(request, REFUND)
    if chosen is None:
        raise Http404("There is no such purchase.")
    attempt, faults = _read(request.POST.dict(), chosen)
    if attempt is None:
        return _show(request, found, chosen, form=_as_sent(request, faults), status=422)
    try:
        refund = purchases.refund_purchase(
            purchase=chosen, actor_id=request.user.pk, now=timezone.now(), **attempt._asdict()
        )
    except StripeUnavailable:
        return _show(request, found, chosen, form=_as_sent(request, {"": [_AWAY]}), status=503)
    except DomainError as refusal:
        is_over = isinstance(refusal, purchases.RefundRefused)  # another try needs another key
        form = _as_sent(request, _said(refusal, chosen), key=str(uuid4()) if is_over else None)
        return _show(request, found, chosen, form=form, status=422)
    _tell(request, refund)
    return redirect(request.get_full_path())


def _chosen(request: StaffRequest, found: Workspace) -> Purchase | None:
    """The purchase that the address names. A stranger's is none."""
    named = request.GET.get("purchase")
    if named is None:
        return None
    try:
        return purchases.find_purchase(workspace=found, purchase_id=from_public("purchase", named) or UUID(int=0))
    except purchases.PurchaseNotFound as missing:
        raise Http404("There is no such purchase.") from missing


def _read(posted: Mapping[str, str], purchase: Purchase) -> tuple[Attempt | None, Faults]:
    """Read the form; everything that is wrong with it at once."""
    faults: dict[str, list[str]] = {}
    amount = read_money(posted.get("amount", "").strip(), purchase.currency)
    reason, key = posted.get("reason", "").strip(), read_id(posted.get("form_key", ""))
    code = purchase.currency.upper()
    if amount is None:
        example = write_money(purchase.amount_minor, purchase.currency)
        faults["amount"] = [f"Write an amount in {code}, such as {example}."]
    elif not amount:
        faults["amount"] = ["Write more than nothing."]
    if not reason or len(reason) > _LONGEST_REASON or not reason.isprintable():
        faults["reason"] = [f"Say why, in at most {_LONGEST_REASON} characters."]
    if key is None:
        faults[""] = [NOT_OURS]
    if amount is None or key is None or faults:
        return None, faults
    return Attempt(amount, reason, str(key)), {}


def _said(refusal: DomainError, purchase: Purchase) -> Faults:
    """Say beside which field why money was not given back."""
    code = purchase.currency.upper()
    match refusal:
        case purchases.RefundTooLarge():
            most = refusal.details["refundable_minor"]
            at_most = f"At most {write_money(most, purchase.currency)} {code} can be given back now."
            return {"amount": [at_most if most else str(refusal)]}
        case purchases.RefundNotWhole():
            step = write_money(step_of(purchase.currency), purchase.currency)
            return {"amount": [f"Cards take multiples of {step} {code} only."]}
        case purchases.RefundRefused():
            return {"": [f"{refusal} Nothing was given back."]}
        case StripeRefused():
            return {"": [_REFUSED.format(refusal.details["reason"])]}
        case IdempotencyMismatch():
            return {"": ["This form was sent before with another amount. Open the page again."]}
    return {"": [str(refusal)]}


def _tell(request: StaffRequest, refund: Refund) -> None:
    written = f"{write_money(refund.amount_minor, refund.purchase.currency)} {refund.purchase.currency.upper()}"
    if refund.reference is None:
        messages.info(request, f"Stripe has the refund of {written}. It is under way until Stripe tells of it.")
    else:
        messages.success(request, f"{written} goes back to the buyer. The credits are taken back.")


def _as_sent(request: StaffRequest, faults: Faults, *, key: str | None = None) -> Form:
    """The form as it was sent, under its own key: sent again it is the same refund."""
    typed = request.POST
    sent = key or typed.get("form_key", "")
    return Form(sent, typed.get("amount", "")[:40], typed.get("reason", "")[:_LONGEST_REASON], faults)


def _show(
    request: StaffRequest, found: Workspace, chosen: Purchase | None, *, form: Form | None = None, status: int = 200
) -> HttpResponse:
    rows = purchases.list_purchases(workspace=found, after=read_id(request.GET.get("before", "")))
    if chosen is not None:
        rows = rows.filter(pk=chosen.pk)
    standing = PurchaseAlert.objects.filter(cleared_at=None).order_by("-pk")
    rows = rows.prefetch_related(
        Prefetch("alerts", standing), Prefetch("refunds", Refund.objects.for_workspace(found).order_by("pk"))
    )
    shown = list(rows[: _PAGE_SIZE + 1])
    is_more, shown = len(shown) > _PAGE_SIZE, shown[:_PAGE_SIZE]
    may_refund = may(request, REFUND) and payments.is_on()
    return page(
        request,
        "purchases.html",
        title=f"Purchases of {found.name}",
        current="workspaces",
        status=status,
        workspace=found,
        rows=_rows(found, shown, may_refund=may_refund, form=form),
        is_one=chosen is not None,
        may_refund=may_refund,
        longest_reason=_LONGEST_REASON,
        next_url=f"?before={shown[-1].pk}" if is_more else "",
    )


def _rows(found: Workspace, shown: Sequence[Purchase], *, may_refund: bool, form: Form | None) -> list[PurchaseRow]:
    """``form`` is one that was sent, where a single purchase is shown."""
    most = purchases.refundable_of(workspace_id=found.pk, purchases=shown)
    given = {one.pk: list(one.refunds.all()) for one in shown}
    names = names_of(refund.actor_id for refunds in given.values() for refund in refunds)
    rows = []
    for one in shown:
        fresh = Form(str(uuid4()), write_money(most[one.pk], one.currency), "", {}) if most[one.pk] else None
        rows.append(
            PurchaseRow(
                purchase=one,
                refundable_minor=most[one.pk],
                alerts=list(one.alerts.all()),
                refunds=[_refund_row(refund, one, names) for refund in given[one.pk]],
                form=(form or fresh) if may_refund else None,
            )
        )
    return rows


def _refund_row(refund: Refund, purchase: Purchase, names: Mapping[UUID, str]) -> RefundRow:
    is_under_way = False
    if refund.refusal:
        standing = f"refused: {refund.refusal}"
    elif refund.reference:  # a bank may still send it back: the purchase's totals tell what has gone for good
        standing = f"handed to Stripe: {refund.reference}"
    else:
        standing, is_under_way = "under way", True
    who = names.get(refund.actor_id, str(refund.actor_id))
    return RefundRow(refund, who, standing, write_money(refund.amount_minor, purchase.currency), is_under_way)
