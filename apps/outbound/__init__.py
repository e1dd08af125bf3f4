"""The only HTTP client: small pools, a limit on time and size, and public addresses only for what a customer names.

``fetch_public`` follows an address that somebody else chose; ``Client`` calls one that the operator chose. Nothing
outside this package imports httpx. Imports errors and nothing else of ours.
"""

from apps.outbound.addresses import is_public
from apps.outbound.client import Client, NoAnswer, NotSent, Response
from apps.outbound.fetching import Fetched, OutboundFailed, OutboundRefused, OutboundTooLarge, fetch_public

__all__ = [
    "Client",
    "Fetched",
    "NoAnswer",
    "NotSent",
    "OutboundFailed",
    "OutboundRefused",
    "OutboundTooLarge",
    "Response",
    "fetch_public",
    "is_public",
]
