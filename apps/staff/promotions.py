"""Promotions: batches of codes for credits, made, handed out, counted and withdrawn."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.billing import promo_batches
from apps.billing.models import PromoBatch, PromoRedemption
from apps.billing.promo_batches import Figures
from apps.errors import DomainError
from apps.ledger.amounts import from_credits
from apps.staff.approvals import RequestRow, rows_of
from apps.staff.faults import Faults, faults_of
from apps.staff.navigation import PROMOTE
from apps.staff.pages import StaffRequest, demand, may, names_of, page, read_id, staff_page
from apps.staff.promotion_forms import blank, fields_of, read_plan

VIEW: Final = ("billing.view_promobatch", PROMOTE)
WITHDRAW: Final = "billing.change_promobatch"
HAND_OUT: Final = "billing.view_promocode"
PAGE_SIZE: Final = 50
_REDEMPTIONS_SHOWN: Final = 50


@dataclass(frozen=True, slots=True)
class BatchRow:
    """A batch with what became of it."""

    batch: PromoBatch
    standing: str  # waiting, withdrawn, to come, ended, used up, open
    places: int
    figures: Figures

    @property
    def left(self) -> int:
        return self.places - self.figures.used


@require_GET
@staff_page(*VIEW)
def promotions(request: StaffRequest) -> HttpResponse:
    """List the batches, the newest first, with what became of them."""
    rows = PromoBatch.objects.order_by("-pk")
    if before := read_id(request.GET.get("before", "")):
        rows = rows.filter(pk__lt=before)
    found = list(rows[: PAGE_SIZE + 1])
    return page(
        request,
        "promotions.html",
        title="Promotions",
        current="promotions",
        rows=_rows(found[:PAGE_SIZE], timezone.now()),
        next_url=f"?before={found[PAGE_SIZE - 1].pk}" if len(found) > PAGE_SIZE else "",
        may_make=may(request, PROMOTE),
    )


@require_http_methods(["GET", "POST"])
@staff_page(PROMOTE)
def promotion_new(request: StaffRequest) -> HttpResponse:
    """Make a batch."""
    now = timezone.now()
    if request.method == "GET":
        return _form(request, blank(now) | {"form_key": str(uuid4())})
    posted = request.POST.dict()
    try:
        plan, key = read_plan(posted)
        batch, is_new = promo_batches.make_batch(
            plan=plan,
            key=key,
            actor_id=request.user.pk,
            threshold_mc=from_credits(settings.EASEL_TWO_PERSON_CREDITS),
            now=now,
        )
    except DomainError as refusal:
        return _form(request, posted, faults=faults_of(refusal))
    if not is_new:
        messages.success(request, "That was sent already; nothing more happened.")
    elif batch.opened_at is None:
        messages.success(request, "Made. Another person has to approve it before its codes are good.")
    else:
        messages.success(request, "Made. Its codes can be handed out.")
    return redirect("admin:staff_promotion", batch_id=batch.pk)


@require_GET
@staff_page(*VIEW)
def promotion(request: StaffRequest, batch_id: UUID) -> HttpResponse:
    """Show a batch: its terms, what became of it, who had it last."""
    batch = _find(batch_id)
    [row] = _rows([batch], timezone.now())
    lots = PromoRedemption.objects.filter(batch=batch).select_related("workspace", "lot").order_by("-pk")
    redemptions = list(lots[:_REDEMPTIONS_SHOWN])
    names = names_of([batch.made_by_id, *(one.person_id for one in redemptions)])
    return page(
        request,
        "promotion.html",
        title=batch.name,
        current="promotions",
        row=row,
        batch=batch,
        made_by=names.get(batch.made_by_id, ""),
        request_row=_request(request, batch),
        redemptions=[(one, names.get(one.person_id, "")) for one in redemptions],
        may_withdraw=may(request, WITHDRAW) and row.standing not in ("waiting", "withdrawn"),
        may_hand_out=may(request, HAND_OUT) and row.standing not in ("waiting", "withdrawn"),
    )


@require_POST
@staff_page(HAND_OUT)
def promotion_codes(request: StaffRequest, batch_id: UUID) -> HttpResponse:
    """Hand out the codes that can still be used, as CSV; the log says who had them."""
    batch = _find(batch_id)
    try:
        codes = promo_batches.hand_out(batch_id=batch.pk, actor_id=request.user.pk, now=timezone.now())
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return redirect("admin:staff_promotion", batch_id=batch.pk)
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="codes-{batch.pk}.csv"'
    writer = csv.writer(answer)
    writer.writerow(["code", "uses_left"])
    writer.writerows(codes)
    return answer


@require_POST
@staff_page(*VIEW, WITHDRAW)
def promotion_withdraw(request: StaffRequest, batch_id: UUID) -> HttpResponse:
    """End a batch; what its codes gave stays."""
    demand(request, WITHDRAW)
    batch = _find(batch_id)
    try:
        is_new = promo_batches.withdraw_batch(batch_id=batch.pk, actor_id=request.user.pk, now=timezone.now())
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        said = "Withdrawn: its codes are unknown from now on. What they gave stays." if is_new else "It was already."
        messages.success(request, said)
    return redirect("admin:staff_promotion", batch_id=batch.pk)


def _form(request: StaffRequest, typed: Mapping[str, str], *, faults: Faults | None = None) -> HttpResponse:
    wrong = faults or {}
    return page(
        request,
        "promotion_new.html",
        title="Make codes",
        current="promotions",
        status=422 if wrong else 200,
        fields=fields_of(typed, wrong),
        faults=wrong.get("", []),
        form_key=typed.get("form_key", ""),
        alone=f"{settings.EASEL_TWO_PERSON_CREDITS:,}",
    )


def _find(batch_id: UUID) -> PromoBatch:
    batch = PromoBatch.objects.filter(pk=batch_id).first()
    if batch is None:
        raise Http404("There is no such promotion.")
    return batch


def _rows(batches: list[PromoBatch], now: datetime) -> list[BatchRow]:
    figures = promo_batches.figures_of(batches)
    return [
        BatchRow(
            batch=one,
            standing=_standing(one, figures[one.pk], now),
            places=one.code_count * one.uses_per_code,
            figures=figures[one.pk],
        )
        for one in batches
    ]


def _standing(batch: PromoBatch, figures: Figures, now: datetime) -> str:
    if batch.withdrawn_at is not None:
        return "withdrawn"
    if batch.opened_at is None:
        return "waiting"
    if figures.used >= batch.code_count * batch.uses_per_code:
        return "used up"
    if batch.ends_at is not None and batch.ends_at <= now:
        return "ended"
    return "to come" if batch.valid_from > now else "open"


def _request(request: StaffRequest, batch: PromoBatch) -> RequestRow | None:
    """Who decided about a batch, or has to; None where nobody needed to."""
    found = rows_of([batch.request], viewer=request.user)
    return found[0] if found[0].request.state != "given" else None
