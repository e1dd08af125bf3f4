"""What every page says while a fake Stripe takes the payments."""

from django.conf import settings
from django.http import HttpRequest


def test_bar(request: HttpRequest) -> dict[str, bool]:
    """Tell the frames of all pages whether to show the bar."""
    return {"is_fake_stripe": settings.EASEL_IS_FAKE_STRIPE}
