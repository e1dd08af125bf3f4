"""What every address of /v1 has in common: a key, a rate, a request id, one kind of refusal."""

from collections.abc import Sequence
from typing import Any, ClassVar, cast

from django.http import HttpResponseBase
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.parsers import BaseParser, JSONParser
from rest_framework.request import Request
from rest_framework.views import APIView

from apps.accounts.actor import Actor
from apps.accounts.api_keys import InvalidApiKey
from apps.accounts.roles import Capability
from apps.api import throttling
from apps.api.authentication import ApiKeyAuthentication, MissingApiKey
from apps.api.faults import Faults
from apps.api.parameters import Parameters
from apps.api.request_ids import request_id_of
from apps.errors import DomainError, NotFound
from apps.origins import remote_address


class Forbidden(DomainError):
    """The key or role may not do this."""

    code = "forbidden"


class Endpoint(APIView):
    """One address. Handlers find ``self.actor`` and ``self.now``, make one domain call and answer with ``json_answer``.

    The answer is JSON whatever Accept says; bodies are read by ``bodies.read_object``, parsers only tell the OpenAPI
    document what is taken.
    """

    authentication_classes = (ApiKeyAuthentication,)
    permission_classes = ()
    parser_classes: Sequence[type[BaseParser]] = (JSONParser,)
    http_method_names: Sequence[str] = ("get", "head", "post", "put", "patch", "delete")  # OPTIONS is not answered
    capabilities: ClassVar[dict[str, Capability]] = {}  # by method; VIEW where none is named

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:  # Any: the framework's own
        """Meter and recognise the caller. Without a good key it is the address that is metered.

        :raises MissingApiKey: :raises InvalidApiKey: :raises RateLimited: :raises Forbidden:
        """
        self.now = timezone.now()
        try:
            actor = cast("Actor | None", request.auth)
        except InvalidApiKey:
            self._meter(f"address:{remote_address(request._request)}")
            raise
        if actor is None:
            self._meter(f"address:{remote_address(request._request)}")
            raise MissingApiKey("Send an API key: Authorization: Bearer easel_live_….")
        self._meter(f"api_key:{actor.api_key_id}")
        self.actor = actor
        if not actor.can(self.capabilities.get(request.method or "", Capability.VIEW)):
            raise Forbidden("This key may not do this.")

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Add what every answer carries. Any: the stubs know DRF's own Response only; the library takes every one."""
        answer: HttpResponseBase = super().finalize_response(request, response, *args, **kwargs)
        answer["X-Request-Id"] = request_id_of(request._request)
        answer["Cache-Control"] = "no-store"
        if allowance := getattr(self, "_allowance", None):
            for name, value in throttling.headers_of(allowance).items():
                answer[name] = value
        return answer

    def parameters(self, *known: str, faults: Faults) -> Parameters:
        """Read the query string, which may have these parameters and no other."""
        return Parameters(self.request._request.GET, known=frozenset(known), faults=faults)

    def _meter(self, subject: str) -> None:
        self._allowance = throttling.take(subject=subject)
        self._allowance.refuse()


@extend_schema(exclude=True)
class Nowhere(Endpoint):
    """Every address under /v1 that is none: asked with a key, it is not there."""

    def _refuse(self, request: Request, **_: str) -> HttpResponseBase:
        raise NotFound(f"There is nothing at {request.path}.")

    get = post = put = patch = delete = _refuse
