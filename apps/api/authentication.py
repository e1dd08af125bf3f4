"""From the Authorization header to the Actor behind it."""

from ipaddress import IPv6Address, ip_address

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from apps.accounts import api_keys
from apps.accounts.actor import Actor
from apps.accounts.models import User
from apps.errors import DomainError

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


def remote_address(request: HttpRequest) -> str | None:
    """Tell where a request comes from, or None when that cannot be known.

    Behind ``EASEL_TRUSTED_PROXIES`` proxies it is that entry of X-Forwarded-For, counted from the right: what stands
    further left was written by the client.
    """
    address = request.META.get("REMOTE_ADDR", "")
    proxies: int = settings.EASEL_TRUSTED_PROXIES
    if proxies:
        hops = [hop.strip() for hop in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")]
        address = hops[-proxies] if len(hops) >= proxies else ""
    try:
        found = ip_address(address)
    except ValueError:
        return None
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(found)
