"""Stripe for tests: our own server, held against the types of Stripe's own client, at the version that client pins."""

from tests.emulators.stripe.server import FakeStripe

__all__ = ["FakeStripe"]
