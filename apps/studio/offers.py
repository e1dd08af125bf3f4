"""The price of what is in the composer, as the quote and the spend button show it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.http import urlencode

from apps.accounts.actor import Actor
from apps.billing.limit_changes import may_change
from apps.billing.spend_limits import Limit, binding_limits
from apps.catalog.pricing import Line
from apps.catalog.spec import ModelSpec, picture_fields
from apps.errors import DomainError
from apps.jobs import quotes
from apps.jobs.handover import served
from apps.jobs.preparation import ProviderNotConfigured
from apps.ledger.amounts import format_credits
from apps.studio import keep_unchanged
from apps.studio.catalog import Assortment
from apps.studio.drafts import Draft
from apps.studio.fields import root_of
from apps.studio.forms import for_price
from apps.studio.limit_rows import in_words

_REFUND = "Anything that fails is refunded on the spot."


@dataclass(frozen=True, slots=True)
class OfferLine:
    """One line of the quote."""

    label: str
    amount_mc: int


@dataclass(frozen=True, slots=True)
class Instead:
    """A model that does the same work. ``url`` works without a script; what is in the composer goes to ``post_url``."""

    id: str
    name: str
    price: str
    url: str
    post_url: str


@dataclass(frozen=True, slots=True)
class OwnLimit:
    """The limit of whoever runs. ``subject`` is whom an owner is asked about; empty: they may raise it themselves."""

    words: str
    left_mc: int
    url: str
    ask_url: str
    subject: str


@dataclass(frozen=True, slots=True)
class Offer:
    """``look`` is ready, free, short (of credits), limited or blocked; the last two say why in ``reason``."""

    look: str
    advice: str
    amount_mc: int = 0
    lines: tuple[OfferLine, ...] = ()
    warnings: tuple[str, ...] = ()
    left_mc: int | None = None
    added: str = ""  # what is sent behind the prompt
    reason: str = ""
    short_mc: int = 0
    url: str = ""
    is_test_only: bool = False
    instead: Instead | None = None  # what runs, where this model can only be tested
    limit: OwnLimit | None = None


def offer_of(
    *,
    actor: Actor,
    draft: Draft,
    everything: Assortment,
    available_mc: int | None,
    now: datetime,
) -> Offer:
    """Ask what a draft costs, and say it. Writes nothing.

    ``available_mc`` is None where the role may not see credits; a run can still be refused for lack of them.
    Where its model can only be tested, one that does the same work here is named (one query more).
    """
    ai_model = draft.chosen.ai_model
    spec = ai_model.spec()
    try:
        priced = quotes.price(
            actor=actor, ai_model_id=ai_model.pk, request=for_price(spec=spec, request=draft.sent), now=now
        )
    except ProviderNotConfigured as refusal:
        return replace(_test_only(refusal), instead=_instead(actor, draft, everything))
    except DomainError as refusal:
        return _blocked_by(refusal, spec)
    warnings = tuple(warning.partition(": ")[2] or warning for warning in priced.warnings)
    offer = Offer(
        "free",
        "Nothing is charged for a test.",
        lines=_lines(priced.lines),
        warnings=warnings,
        added=keep_unchanged.sentence_of(draft.kept),
    )
    if not priced.amount_mc:
        return offer
    left = None if available_mc is None else available_mc - priced.amount_mc
    offer = replace(offer, look="ready", advice=_REFUND, amount_mc=priced.amount_mc, left_mc=left)
    for limit in binding_limits(actor=actor, now=now):  # in the studio a run has no key and no project: one at most
        own = _own(actor, limit)
        offer = replace(offer, limit=own)
        if own.left_mc < priced.amount_mc:
            return replace(offer, look="limited", advice=_limited(own, limit), left_mc=None, reason=_left(own))
    if left is None or left >= 0:
        return offer
    credits_url = reverse("credits", args=[actor.workspace.pk])
    advice = f"{format_credits(-left)} credits are missing for this run. A free test run works without."
    return replace(offer, look="short", advice=advice, left_mc=None, short_mc=-left, url=credits_url)


def _own(actor: Actor, limit: Limit) -> OwnLimit:
    return OwnLimit(
        words=in_words(limit),
        left_mc=limit.remaining_mc or 0,
        url=reverse("credit_limits", args=[actor.workspace.pk]),
        ask_url=reverse("limit_ask", args=[actor.workspace.pk]),
        subject="" if may_change(actor.role, replace(limit.holder, role=actor.role)) else limit.subject.public_id,
    )


def _left(own: OwnLimit) -> str:
    return f"{format_credits(own.left_mc)} cr left" if own.left_mc else "Limit reached"


def _limited(own: OwnLimit, limit: Limit) -> str:
    left = f"{format_credits(own.left_mc)} cr left" if own.left_mc else "nothing left"
    again = f" It starts again on {limit.resets_at:%-d %B, %H:%M} UTC." if limit.resets_at else ""
    return f"Your limit is {own.words}, with {left}.{again} A free test run works without."


def _blocked_by(refusal: DomainError, spec: ModelSpec) -> Offer:
    faults = refusal.details.get("fields", ())
    if any(_is_missing_picture(fault, spec) for fault in faults):
        advice = "Add the picture to work on: with the plus sign, by dropping or by pasting it."
        return Offer("blocked", advice, reason="Needs a picture")
    return Offer("blocked", str(refusal), reason="Check the settings" if faults else "Not available")


def _is_missing_picture(fault: Mapping[str, Any], spec: ModelSpec) -> bool:  # JSON
    return root_of(fault["path"] or "") in picture_fields(spec.schema) and fault["code"] in {"required", "min_items"}


def _test_only(refusal: ProviderNotConfigured) -> Offer:
    setting = refusal.details.get("setting")
    why = f"{setting} is not set in this installation" if setting else "Nobody serves this model here"
    return Offer("free", f"{why}, so only free test runs work: they make placeholder pictures.", is_test_only=True)


def _instead(actor: Actor, draft: Draft, everything: Assortment) -> Instead | None:
    """The model that does the same kind of work and runs here: of the same stage if there is one, then the cheapest."""
    wanted, within_reach = draft.chosen.ai_model, served()
    pictures = sum(len(value) if isinstance(value, list) else 1 for value in draft.pictures.values())
    able = [
        one
        for one in everything.models
        if wanted.kind in one.on_shelf.kinds and one.ai_model.pk in within_reach and one.most_pictures >= pictures
    ]
    if not able:
        return None
    best = min(able, key=lambda one: (one.ai_model.stage != wanted.stage, one.usual_mc))
    query = urlencode({"stage": best.ai_model.stage, "model": best.ai_model.pk})
    return Instead(
        id=best.ai_model.pk,
        name=best.ai_model.name,
        price=f"for {format_credits(best.usual_mc)} cr" if best.usual_mc else "for nothing",
        url=f"{reverse('studio', args=[actor.workspace.pk])}?{query}",
        post_url=reverse("studio_model", args=[actor.workspace.pk]),
    )


def _lines(lines: tuple[Line, ...]) -> tuple[OfferLine, ...]:
    return tuple(OfferLine(_said(line), line.amount_mc) for line in lines)


def _said(line: Line) -> str:
    """``Picture, 4K ×2``, or ``4 × picture at 8 cr``."""
    label = line.label.replace(" x ", " ×")
    if line.quantity == 1 or not line.unit_mc:
        return label
    return f"{line.quantity} × {label[:1].lower()}{label[1:]} at {format_credits(line.unit_mc)} cr"
