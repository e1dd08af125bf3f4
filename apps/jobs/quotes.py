"""Prices before a run: told at once, or left standing for five minutes."""

from datetime import datetime
from typing import Any
from uuid import UUID

from apps.accounts.actor import Actor
from apps.catalog.models import PriceVersion
from apps.errors import DomainError, NotFound
from apps.jobs import limits
from apps.jobs.models import Quote
from apps.jobs.preparation import JobRequest, Priced, as_measured, in_place, prepare, price_of
from apps.library import fetching


class QuoteExpired(DomainError):
    """The quote stood for five minutes and no longer does."""

    code = "quote_expired"


class QuoteMismatch(DomainError):
    """The quote was made for another request."""

    code = "quote_mismatch"


def price(*, actor: Actor, ai_model_id: str, request: JobRequest, now: datetime) -> Priced:
    """Tell what a request would cost now, as ``submit`` would check and price it. Fetches nothing, writes nothing.

    :raises InvalidInputs: with every fault. And what ``preparation.prepare`` raises.
    """
    prepared = prepare(actor=actor, ai_model_id=ai_model_id, request=request, now=now)
    references = prepared.clean(pictures=None).references
    with in_place(references):
        sources = [reference.source for reference in references]
        pictures = as_measured(fetching.measure(workspace=actor.workspace, sources=sources))
    return price_of(prepared, prepared.clean(pictures=pictures), pictures)


def quote(*, actor: Actor, ai_model_id: str, request: JobRequest, now: datetime) -> Quote:
    """Price a request and let the price stand for five minutes, for this very request.

    :raises: as ``price``.
    """
    priced = price(actor=actor, ai_model_id=ai_model_id, request=request, now=now)
    return Quote.objects.create(
        workspace=actor.workspace,
        price_version=priced.price_version,
        request_hash=request.fingerprint(ai_model_id),
        amount_mc=priced.amount_mc,
        lines=lines_json(priced),
        created_at=now,
        expires_at=now + limits.QUOTE_STANDS,
    )


def quoted_version(*, actor: Actor, quote_id: UUID, fingerprint: str, now: datetime) -> PriceVersion:
    """Find the price version that a quote promised for this request.

    :raises NotFound: no such quote here. :raises QuoteExpired, QuoteMismatch: as they say.
    """
    quote = Quote.objects.for_workspace(actor.workspace).select_related("price_version").filter(pk=quote_id).first()
    if quote is None:
        raise NotFound("There is no such quote.")
    if quote.expires_at <= now:
        raise QuoteExpired("This quote has expired. Ask for a new one.")
    if quote.request_hash != fingerprint:
        raise QuoteMismatch("This quote was made for another request.")
    return quote.price_version


def lines_json(priced: Priced) -> list[dict[str, Any]]:
    """The receipt's lines as they are stored: amounts in millicredits."""
    return [
        {"label": line.label, "quantity": line.quantity, "unit_mc": line.unit_mc, "amount_mc": line.amount_mc}
        for line in priced.lines
    ]
