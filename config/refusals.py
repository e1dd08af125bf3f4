"""What is answered where no view is reached, or one broke: JSON under /v1, pages elsewhere."""

from django.http import HttpRequest, HttpResponseBase
from django.views import defaults

from apps.api import errors


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    return errors.json_400(request) if _is_api(request) else defaults.bad_request(request, exception)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    return errors.json_403(request) if _is_api(request) else defaults.permission_denied(request, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    return errors.json_404(request) if _is_api(request) else defaults.page_not_found(request, exception)


def broken(request: HttpRequest) -> HttpResponseBase:
    return errors.json_500(request) if _is_api(request) else defaults.server_error(request)


def _is_api(request: HttpRequest) -> bool:
    return request.path == "/v1" or request.path.startswith("/v1/")
