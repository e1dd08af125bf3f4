"""/stripe/webhook: where Stripe's messages arrive. Signed, not keyed; the body is read as it came."""

from typing import Final

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from apps.api.answers import json_answer
from apps.api.errors import problem
from apps.billing import inbox
from apps.errors import DomainError

_MOST_BYTES: Final = 1_000_000  # Stripe's messages are of some kilobytes; strangers may send what they like


@csrf_exempt
@require_POST
def webhook(request: HttpRequest) -> HttpResponse:
    """Take a message in: 200 when it has been dealt with. With any other answer Stripe sends it again."""
    try:
        body = request.body
    except RequestDataTooBig:
        return _too_large(request)
    if len(body) > _MOST_BYTES:
        return _too_large(request)
    try:
        event = inbox.receive(body=body, header=request.headers.get("Stripe-Signature"), now=timezone.now())
    except DomainError as refusal:
        return problem(request=request, code=refusal.code, message=str(refusal))
    return json_answer({"object": "stripe_event", "id": event.pk})


def _too_large(request: HttpRequest) -> HttpResponse:
    return problem(request=request, code="request_too_large", message="No message of Stripe's is as large as this.")
