"""A price on its way into force: rehearsed against real jobs, confirmed by who saw whom it touches, or withdrawn."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from apps.catalog import price_changes
from apps.catalog.models import PriceState, PriceVersion
from apps.catalog.price_cases import PriceCase
from apps.errors import DomainError
from apps.jobs.rehearsal import rehearse
from apps.staff.faults import Faults, faults_of
from apps.staff.pages import StaffRequest, demand, may, page, read_moment, staff_page
from apps.staff.prices import CHANGE, VIEW, find_version

_DAYS: Final = 30
_SHORT: Final = 20  # characters of a value that are shown


@dataclass(frozen=True, slots=True)
class CaseRow:
    """A worked price as it was, None where it is new, and as this draft makes it."""

    words: str
    old: PriceCase | None
    new: PriceCase

    @property
    def is_changed(self) -> bool:
        return self.old != self.new


@require_http_methods(["GET", "POST"])
@staff_page(*VIEW)
def rehearsal(request: StaffRequest, version_id: UUID) -> HttpResponse:
    """Show what a draft would have made of the last 30 days; publish it from there."""
    version = find_version(version_id)
    if version.state != PriceState.DRAFT:
        return redirect("admin:staff_price", version_id=version.pk)
    if request.method == "GET":
        return _show(request, version)
    demand(request, "catalog.change_priceversion")
    now, posted = timezone.now(), request.POST
    if "is_confirmed" not in posted:
        return _show(request, version, faults={"is_confirmed": ["Confirm that you have seen whom this touches."]})
    try:
        published = price_changes.publish_price(
            version_id=version.pk,
            effective_at=_when(posted.get("when", ""), posted.get("effective_at", "")),
            editor_id=request.user.pk,
            now=now,
            accept_cases="accept_cases" in posted,
            seen=posted.get("seen", ""),
        )
    except DomainError as refusal:
        return _show(request, version, faults=faults_of(refusal))
    except ValueError:
        return _show(request, version, faults={"effective_at": ["This is a day and a time, in UTC."]})
    messages.success(request, _said(published, now))
    return redirect("admin:staff_model_price", model_id=version.ai_model_id)


@require_POST
@staff_page(*CHANGE)
def withdraw(request: StaffRequest, version_id: UUID) -> HttpResponse:
    """Give up a draft, or take back a price that is not in force yet."""
    version = find_version(version_id)
    demand(request, "catalog.change_priceversion")
    try:
        price_changes.withdraw_price(version_id=version.pk, editor_id=request.user.pk, now=timezone.now())
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return redirect("admin:staff_price", version_id=version.pk)
    messages.success(request, f"Price {version.number} is withdrawn.")
    return redirect("admin:staff_model_price", model_id=version.ai_model_id)


def _when(choice: str, text: str) -> datetime | None:
    """None: now.

    :raises ValueError: a time was promised and none, or none that can be read, was given.
    """
    if choice != "later":
        return None
    moment = read_moment(text)
    if moment is None:
        raise ValueError("no moment")
    return moment


def _said(version: PriceVersion, now: datetime) -> str:
    if version.effective_at is not None and version.effective_at > now:
        return f"Price {version.number} comes into force on {version.effective_at:%d %b %Y, %H:%M} UTC."
    return f"Price {version.number} is in force."


def _show(request: StaffRequest, version: PriceVersion, *, faults: Faults | None = None) -> HttpResponse:
    found, posted = dict(faults or {}), request.POST
    moment = found.pop("effective_at", [])
    cases = [sentence for place, many in found.items() if place.startswith("cases") for sentence in many]
    return page(
        request,
        "rehearsal.html",
        title=f"{version.ai_model.name}, price {version.number}: rehearsal",
        current="prices",
        status=422 if faults else 200,
        version=version,
        ai_model=version.ai_model,
        days=_DAYS,
        found=rehearse(version_id=version.pk, now=timezone.now(), days=_DAYS),
        rows=[CaseRow(_words(new), old, new) for old, new in price_changes.proposed_cases(version)],
        seen=price_changes.stamp(version),
        faults=[one for place, many in found.items() if not place.startswith("cases") for one in many],
        moment_faults=moment,
        case_faults=cases,
        when=posted.get("when", "now"),
        effective_at=posted.get("effective_at", ""),
        accept_cases="accept_cases" in posted,
        may_publish=may(request, "catalog.change_priceversion"),
    )


def _words(case: PriceCase) -> str:
    """A request in a few words: what it asks for beyond its prompt and pictures."""
    named = [
        f"{name} {value}"
        for name, value in case.inputs.items()
        if not isinstance(value, list) and len(str(value)) <= _SHORT and name != "prompt"
    ]
    extra = [f"format {case.wrapper_format}"] if case.wrapper_format else []
    delivered = [f"{case.delivered} delivered"] if case.delivered is not None else []
    return ", ".join([*named, *extra, *delivered, *(["mock"] if case.is_mock else [])]) or "as it is"
