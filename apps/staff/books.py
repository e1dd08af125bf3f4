"""The books: what the last looks at them found, a button to look now, and the purchases that a person should see."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from apps.accounts import audit
from apps.billing import alerts, check_runs, dispatch, payment_state, payments, purchases
from apps.billing.models import CheckRun, PurchaseAlert
from apps.errors import DomainError
from apps.staff.navigation import VIEW_PURCHASES
from apps.staff.pages import StaffRequest, demand, may, page, staff_page

_SHOWN: Final = 30  # looks, of both kinds
_ALERTS_SHOWN: Final = 50
_RUN: Final = "billing.add_checkrun"
_CLEAR: Final = "billing.change_purchasealert"
_THAW: Final = "billing.change_purchase"
_LABELS: Final = {CheckRun.Kind.LEDGER: "The ledger", CheckRun.Kind.STRIPE: "Against Stripe"}


@dataclass(frozen=True, slots=True)
class Look:
    """A look at the books as the page shows it."""

    label: str
    started_at: datetime
    seconds: int | None  # None: it has not ended
    is_under_way: bool
    count: int
    findings: list[dict[str, str]]
    unlisted: int  # findings that were counted and not kept


@require_http_methods(["GET", "POST"])
@staff_page("billing.view_checkrun", _RUN)
def books(request: StaffRequest) -> HttpResponse:
    """Show what should be looked at, and the last looks at the books; ask for a look, or say that one has looked."""
    if request.method == "POST":
        if "thaw" in request.POST:
            demand(request, _THAW)
            _thaw(request)
        elif "clear" in request.POST:
            demand(request, _CLEAR)
            _clear(request)
        else:
            demand(request, _RUN)
            _ask(request)
        return redirect("admin:staff_books")
    now = timezone.now()
    return page(
        request,
        "books.html",
        title="Books",
        current="books",
        alerts=alerts.list_standing(most=_ALERTS_SHOWN),
        may_clear=may(request, _CLEAR),
        may_thaw=may(request, _THAW),
        may_see=may(request, *VIEW_PURCHASES),
        in_review=payment_state.IN_REVIEW,
        latest=[_look(run, now) for kind in CheckRun.Kind if (run := _rows().filter(kind=kind).first())],
        looks=[_look(run, now) for run in _rows()[:_SHOWN]],
        payments_on=payments.is_on(),
        may_run=may(request, _RUN),
    )


def _ask(request: StaffRequest) -> None:
    """Ask a worker for a look, and note who did; unless one is under way."""
    now = timezone.now()
    if any(check_runs.is_under_way(kind, now=now) for kind in CheckRun.Kind):
        messages.info(request, "The books are being looked at already.")
    elif dispatch.send_check():
        audit.record(action="books.check", subject="books", now=now, actor_id=request.user.pk)
        messages.success(request, "A worker looks at the books now. Reload in a moment to see what it found.")
    else:
        messages.error(request, "No worker could be asked: the broker is away. Try again in a minute.")


def _thaw(request: StaffRequest) -> None:
    """End the review that a warning of fraud began: what is left of the purchase can be spent again."""
    alert = PurchaseAlert.objects.select_related("purchase").filter(pk=_alert_id(request, "thaw")).first()
    if alert is None:
        raise Http404("There is no such alert.")
    now = timezone.now()
    try:
        purchases.end_review(purchase=alert.purchase, actor_id=request.user.pk, now=now)
    except DomainError as refusal:
        messages.error(request, f"The review has ended; the credits follow when Stripe can be asked. {refusal}")
    else:
        messages.success(request, "The review has ended. What is left of the purchase can be spent again.")
    alerts.clear(alert_id=alert.pk, actor_id=request.user.pk, now=now)


def _alert_id(request: StaffRequest, name: str) -> UUID:
    try:
        return UUID(request.POST[name])
    except ValueError as wrong:
        raise Http404("There is no such alert.") from wrong


def _clear(request: StaffRequest) -> None:
    """Take an alert off the page, and note who did."""
    if alerts.clear(alert_id=_alert_id(request, "clear"), actor_id=request.user.pk, now=timezone.now()):
        messages.success(request, "Cleared. The purchase itself has not changed.")
    else:
        messages.info(request, "Somebody has cleared this already.")


def _rows() -> QuerySet[CheckRun]:
    return CheckRun.objects.order_by("-started_at", "-pk")


def _look(run: CheckRun, now: datetime) -> Look:
    return Look(
        label=_LABELS[CheckRun.Kind(run.kind)],
        started_at=run.started_at,
        seconds=round((run.ended_at - run.started_at).total_seconds()) if run.ended_at else None,
        is_under_way=check_runs.may_still_end(run, now=now),
        count=run.count,
        findings=run.findings,
        unlisted=run.count - len(run.findings),
    )
