"""From the Authorization header to the Actor behind it."""

from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from apps.accounts import api_keys
from apps.accounts.actor import Actor
from apps.accounts.models import User
from apps.errors import DomainError
from apps.origins import remote_address

_SCHEMES = frozenset({"bearer", "key"})


class MissingApiKey(DomainError):
    """The request names no API key."""

    code = "missing_api_key"


class ApiKeyAuthentication(BaseAuthentication):
    """``Authorization: Bearer easel_live_…``; ``Key …`` is taken as well. ``request.auth`` is the Actor."""

    def authenticate(self, request: Request) -> tuple[User, Actor] | None:
        """Find the actor; None when no key was sent.

        :raises InvalidApiKey: a key was sent that may not be used.
        """
        scheme, _, text = request.headers.get("Authorization", "").strip().partition(" ")
        if scheme.lower() not in _SCHEMES or not text.strip():
            return None
        api_key = api_keys.authenticate(
            text=text.strip(), remote_address=remote_address(request._request), now=timezone.now()
        )
        return api_key.created_by, Actor(workspace=api_key.workspace, api_key=api_key)

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="easel"'


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # has no types
    """How the OpenAPI document says the same."""

    target_class = ApiKeyAuthentication
    name = "apiKey"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "An API key: easel_live_… or easel_test_…"}
