"""Where a request comes from."""

from ipaddress import IPv6Address, ip_address

from django.conf import settings
from django.http import HttpRequest


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
