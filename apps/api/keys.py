"""/v1/key: what a key knows about itself."""

from django.conf import settings
from django.http import HttpResponseBase
from rest_framework.request import Request

from apps.accounts.models import ApiKey
from apps.api import operations
from apps.api.answers import Json, json_answer, timestamp
from apps.api.endpoint import Endpoint
from apps.api.limits import amounts_json
from apps.billing.spend_limits import Limit, binding_limits


class OwnKey(Endpoint):
    """/v1/key"""

    @operations.get_key
    def get(self, request: Request) -> HttpResponseBase:
        api_key = self.actor.api_key
        assert api_key is not None, "an endpoint is reached by key only"
        own = (one for one in binding_limits(actor=self.actor, now=self.now) if one.subject.id == api_key.pk)
        return json_answer(key_json(api_key, next(own, None)))


def key_json(api_key: ApiKey, limit: Limit | None) -> Json:
    """Everything but the secret, of which only the beginning is known."""
    return {
        "id": api_key.public_id,
        "object": "key",
        "name": api_key.name,
        "prefix": f"easel_{'test' if api_key.is_test else 'live'}_{api_key.lookup}",
        "mode": "test" if api_key.is_test else "live",
        "workspace": {"id": api_key.workspace.public_id, "name": api_key.workspace.name},
        "allowed_models": api_key.allowed_models,
        "allowed_networks": api_key.allowed_networks,
        "limit": amounts_json(limit) if limit else None,
        "requests_per_minute": settings.EASEL_REQUESTS_PER_MINUTE,
        "created_at": timestamp(api_key.created_at),
        "expires_at": timestamp(api_key.expires_at),
        "last_used_at": timestamp(api_key.last_used_at),
    }
