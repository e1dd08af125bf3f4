"""Why Stripe did not do what it was asked for."""

from apps.errors import DomainError


class StripeUnavailable(DomainError):
    """Stripe did not answer, or not with an outcome: it may or may not have done it. Ask again later.

    ``is_kept``: it answered with a fault of its own, which it repeats for a day to whoever asks with the same key.
    """

    code = "stripe_unavailable"

    def __init__(self, message: str, *, is_kept: bool = False) -> None:
        super().__init__(message)
        self.is_kept = is_kept


class StripeRefused(DomainError):
    """Stripe will not do this. ``details`` hold its ``reason`` and the ``param`` it is about."""

    code = "stripe_refused"

    @property
    def is_missing(self) -> bool:
        """Whether something that was named is not there."""
        return bool(self.details["reason"] == "resource_missing")


class BadSignature(DomainError):
    """This is no message of Stripe's to us: signed by another, too old, from the future, or no event at all."""

    code = "bad_signature"
