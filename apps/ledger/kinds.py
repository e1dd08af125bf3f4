"""Where lots come from, and which are spent first."""

from typing import Final

from django.db import models


class LotKind(models.TextChoices):
    SIGNUP = "signup"
    PROMO = "promo"
    PURCHASE = "purchase"
    ADJUSTMENT = "adjustment"
    COMPENSATION = "compensation"  # given again, because credits came back to a lot that had expired meanwhile
    REINSTATED = "reinstated"  # given again, because a debt that had been paid was none


# Which lots are spent first: the lowest. Shown to the user.
BURN_PRIORITY: Final = {
    LotKind.PROMO: 10,
    LotKind.SIGNUP: 20,
    LotKind.COMPENSATION: 30,
    LotKind.ADJUSTMENT: 40,
    LotKind.PURCHASE: 50,
    LotKind.REINSTATED: 50,
}
