"""Every refusal as HTTP: which code is which status, and the one body they all have.

The body has the fields of RFC 9457 and, beside them, ``error_type``, ``request_id`` and ``error``, which the SDKs read.
The domain knows no HTTP and this table is the only place that knows both; a test finds a code without a row.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from rest_framework import exceptions

from apps.api.answers import json_answer, timestamp
from apps.api.request_ids import request_id_of
from apps.errors import DomainError


@dataclass(frozen=True, slots=True)
class Problem:
    """How a code is answered. ``is_retryable``: the very same request may succeed later, with nothing done about it."""

    status: int
    title: str
    is_retryable: bool = False
    retry_after_seconds: int | None = None  # where the refusal itself names no time


STATUS_BY_CODE: Final[Mapping[str, Problem]] = {
    # The request itself
    "malformed_request": Problem(400, "Malformed request"),
    "missing_api_key": Problem(401, "No API key"),
    "invalid_api_key": Problem(401, "Invalid API key"),
    "forbidden": Problem(403, "Not allowed"),
    "not_found": Problem(404, "Not found"),
    "method_not_allowed": Problem(405, "Method not allowed"),
    "request_too_large": Problem(413, "Request too large"),
    "unsupported_media_type": Problem(415, "Unsupported media type"),
    "rate_limited": Problem(429, "Too many requests", is_retryable=True, retry_after_seconds=1),
    "internal": Problem(500, "Internal error", is_retryable=True),
    # What it asks for
    "invalid_input": Problem(422, "Invalid input"),
    "no_price": Problem(403, "Not for sale"),
    "model_disabled": Problem(403, "Model disabled"),
    "unfit_default": Problem(422, "Model cannot do this task"),
    "idempotency_key_reused": Problem(422, "Idempotency key reused"),
    "idempotency_mismatch": Problem(422, "Idempotency key reused"),
    "quote_expired": Problem(409, "Quote expired"),
    "quote_mismatch": Problem(409, "Quote does not match"),
    "job_ended": Problem(409, "Job has ended"),
    "job_moved": Problem(409, "Job has moved on", is_retryable=True, retry_after_seconds=1),
    "queue_limit": Problem(429, "Too many open jobs", is_retryable=True, retry_after_seconds=10),
    "provider_not_configured": Problem(503, "Provider not configured", retry_after_seconds=300),
    # Credits
    "insufficient_credits": Problem(402, "Insufficient credits"),
    "spend_limit_reached": Problem(402, "Spend limit reached"),
    "max_credits_exceeded": Problem(402, "More than the most allowed"),
    "wallet_restricted": Problem(403, "Wallet restricted"),
    "amount_out_of_range": Problem(422, "Amount out of range"),
    "allowance_in_use": Problem(409, "Allowance in use"),
    "periods_differ": Problem(409, "Periods differ"),
    "may_not_limit": Problem(403, "May not change this limit"),
    "period_too_long": Problem(422, "Period too long"),
    "uncapture_too_large": Problem(409, "More than was charged"),
    # Buying them
    "payments_off": Problem(503, "Buying is switched off", retry_after_seconds=3600),
    "may_not_buy": Problem(403, "May not buy"),
    "currency_not_offered": Problem(422, "Currency not offered"),
    "may_not_manage_cards": Problem(403, "May not manage cards"),
    "no_saved_card": Problem(409, "No saved card"),
    "top_up_off": Problem(503, "Automatic top-up is switched off", retry_after_seconds=3600),
    "invalid_top_up": Problem(422, "Automatic top-up refused"),
    "purchase_ended": Problem(409, "Purchase has ended"),
    "purchase_limit": Problem(429, "Too many open purchases", retry_after_seconds=600),
    "stripe_unavailable": Problem(503, "Payment service unavailable", is_retryable=True, retry_after_seconds=30),
    "stripe_refused": Problem(502, "Refused by the payment service"),
    # Codes for credits
    "may_not_redeem": Problem(403, "May not redeem"),
    "promo_code_unknown": Problem(404, "No such code"),
    "promo_code_not_yet": Problem(409, "Code not valid yet"),
    "promo_code_expired": Problem(409, "Code has expired"),
    "promo_code_used_up": Problem(409, "Code is used up"),
    "promo_code_taken": Problem(409, "Offer taken before"),
    "bad_signature": Problem(400, "Bad signature"),
    # Pictures
    "not_a_picture": Problem(415, "Not a picture"),
    "upload_too_large": Problem(413, "Picture too large"),
    "broken_picture": Problem(415, "Broken picture"),
    "image_too_large": Problem(422, "Picture too large"),
    "invalid_name": Problem(422, "Invalid name"),
    "url_refused": Problem(422, "Address refused"),
    "url_too_large": Problem(422, "Too many bytes"),
    "url_unreachable": Problem(422, "Address unreachable"),
    "storage_unavailable": Problem(503, "Storage unavailable", is_retryable=True, retry_after_seconds=10),
    # Not met by a request of the API: a provider's clips, the studio's, and our own mistakes
    "not_a_clip": Problem(415, "Not a clip"),
    "broken_clip": Problem(415, "Broken clip"),
    "clip_too_large": Problem(422, "Clip too large"),
    "email_taken": Problem(409, "Address taken"),
    "refund_too_large": Problem(409, "More than is unused"),
    "refund_not_whole": Problem(422, "No whole coins"),
    "refund_refused": Problem(502, "Refund refused"),
    "invalid_packs": Problem(500, "Invalid packs"),
    "invalid_catalog": Problem(500, "Invalid catalog"),
    "invalid_model": Problem(422, "Invalid model"),
    "invalid_grant": Problem(422, "Invalid grant"),
    "request_ended": Problem(409, "Request has ended"),
    "same_person": Problem(403, "Another person decides"),
    "promo_batch_waits": Problem(409, "Waits for a second person"),
    "edit_conflict": Problem(409, "Changed meanwhile"),
    "price_changed": Problem(409, "Changed meanwhile"),
    "price_not_draft": Problem(409, "No draft any more"),
    "invalid_price_rule": Problem(500, "Invalid price rule"),
}

# Statuses that the common SDKs try again by themselves (openai: 408, 409, 429, 5xx); 402 is on the list by contract.
_SDKS_RETRY: Final = frozenset({402, 408, 409, 429}) | frozenset(range(500, 600))


def problem(
    *,
    request: HttpRequest,
    code: str,
    message: str,
    details: Mapping[str, Any] | None = None,  # JSON values, and times
    headers: Mapping[str, str] | None = None,
) -> HttpResponse:
    """Build the answer to a request that was refused with this code."""
    row = STATUS_BY_CODE[code]
    details = {
        name: timestamp(value) if isinstance(value, datetime) else value for name, value in (details or {}).items()
    }
    is_retryable = row.is_retryable and (row.status != 500 or _is_repeatable(request))
    request_id = request_id_of(request)
    fields = details.get("fields", [])
    reasons = {field["code"] for field in fields}
    body = {
        "type": f"{settings.EASEL_BASE_URL}/problems/{code.replace('_', '-')}",
        "title": row.title,
        "status": row.status,
        "detail": message,
        "instance": request.path,
        "error_type": code,
        "request_id": request_id,
        "error": {
            "type": code,
            "code": reasons.pop() if len(reasons) == 1 else code,  # image_too_large and the like, where all agree
            "message": message,
            "param": fields[0]["path"] if len(fields) == 1 else None,
            "retryable": is_retryable,
            "details": details,
        },
    }
    answer = json_answer(body, status=row.status, content_type="application/problem+json")
    answer["X-Request-Id"] = request_id
    if row.status == 401:
        answer["WWW-Authenticate"] = 'Bearer realm="easel"'
    if row.retry_after_seconds is not None:
        answer["Retry-After"] = str(row.retry_after_seconds)
    if row.status in _SDKS_RETRY and not is_retryable:
        answer["x-should-retry"] = "false"
    for name, value in (headers or {}).items():
        answer[name] = value
    return answer


def _is_repeatable(request: HttpRequest) -> bool:
    """Whether a request that broke, who knows where, may be sent again without doing anything twice."""
    return request.method != "POST" or "Idempotency-Key" in request.headers


def handle_exception(
    exception: Exception, context: Mapping[str, Any]
) -> HttpResponse | None:  # Any: the framework's own
    """Translate what a view raised; None for our own mistakes, which Django logs and answers with ``json_500``."""
    request: HttpRequest = context["request"]._request
    match exception:
        case DomainError():
            retry_after = exception.details.get("retry_after")
            headers = {"Retry-After": str(retry_after)} if retry_after is not None else {}
            return problem(
                request=request, code=exception.code, message=str(exception), details=exception.details, headers=headers
            )
        case Http404():
            return json_404(request)
        case PermissionDenied() | exceptions.PermissionDenied():
            return problem(request=request, code="forbidden", message="This is not allowed.")
        case exceptions.MethodNotAllowed():
            return problem(
                request=request,
                code="method_not_allowed",
                message=f"{request.method} is not possible here.",
                headers={"Allow": ", ".join(context["view"].allowed_methods)},
            )
        case RequestDataTooBig():
            return problem(request=request, code="request_too_large", message="The body of this request is too large.")
        case SuspiciousOperation() | MultiPartParserError() | UnreadablePostError():
            return json_400(request)
        case _:
            return None


def json_400(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer what Django itself refuses to read."""
    return problem(request=request, code="malformed_request", message="This request could not be read.")


def json_403(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer what Django itself refuses to allow."""
    return problem(request=request, code="forbidden", message="This is not allowed.")


def json_404(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer an address that is not there, or not the caller's: the two look the same."""
    return problem(request=request, code="not_found", message="There is no such thing here.")


def json_500(request: HttpRequest) -> HttpResponse:
    """Answer a mistake of ours: the cause is in the log under the request id, never in the answer."""
    message = "Something went wrong on our side. Please quote the request id when you report it."
    return problem(request=request, code="internal", message=message)
