"""What config/ says about payments: how to reach Stripe, what is for sale, where buyers return to."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from apps.billing.gateway import Gateway
from apps.billing.packs import CreditPack, PackNotFound
from apps.errors import DomainError


class PaymentsOff(DomainError):
    """This installation sells nothing. ``details.setting`` names what is missing."""

    code = "payments_off"


Build = Callable[[], Gateway]
"""Make a gateway. :raises PaymentsOff: a setting is missing."""


@dataclass(frozen=True, slots=True)
class Terms:
    """How this installation sells.

    ``environment`` tells it from others that share its Stripe account. The two addresses have ``{workspace}`` and
    ``{purchase}`` in them; Stripe replaces ``{CHECKOUT_SESSION_ID}``.
    """

    environment: str
    success_url: str
    cancel_url: str
    packs: Mapping[str, CreditPack] = field(default_factory=dict)
    is_taxed: bool = True  # by Stripe, on the page that people pay on


def _nothing() -> Gateway:
    raise PaymentsOff("Buying is switched off here: payments are not configured.", setting="STRIPE_SECRET_KEY")


_lock = threading.RLock()
_build: Build = _nothing
_gateway: Gateway | None = None
_terms = Terms("", "", "")


def configure(*, build: Build, terms: Terms) -> None:
    """Say how this installation sells. Replaces what was said before."""
    global _build, _gateway, _terms
    with _lock:
        _build, _gateway, _terms = build, None, terms


def gateway() -> Gateway:
    """Return the way to Stripe, always the same one until ``configure`` is called again.

    :raises PaymentsOff: a setting is missing.
    """
    global _gateway
    with _lock:
        if _gateway is None:
            _gateway = _build()
        return _gateway


def is_on() -> bool:
    """Whether something can be bought here."""
    try:
        gateway()
    except PaymentsOff:
        return False
    return True


def terms() -> Terms:
    return _terms


def packs() -> list[CreditPack]:
    """What is for sale, in the order of the file."""
    return list(_terms.packs.values())


def find_pack(pack_id: str) -> CreditPack:
    """:raises PackNotFound: there is none of this id."""
    pack = _terms.packs.get(pack_id)
    if pack is None:
        raise PackNotFound(f"There is no such pack. For sale are: {', '.join(_terms.packs) or 'none'}.")
    return pack
