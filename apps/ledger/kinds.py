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


# What people read.
LOT_WORDS: Final = {
    LotKind.SIGNUP: "Welcome credits",
    LotKind.PROMO: "Gift",
    LotKind.PURCHASE: "Bought",
    LotKind.ADJUSTMENT: "Correction",
    LotKind.COMPENSATION: "Compensation",
    LotKind.REINSTATED: "Given back",
}


# Which lots are spent first: the lowest. Shown to the user.
BURN_PRIORITY: Final = {
    LotKind.PROMO: 10,
    LotKind.SIGNUP: 20,
    LotKind.COMPENSATION: 30,
    LotKind.ADJUSTMENT: 40,
    LotKind.PURCHASE: 50,
    LotKind.REINSTATED: 50,
}


def burn_order() -> list[list[LotKind]]:
    """The kinds in the order in which they are spent; those that share a place together.

    Within a place lots that expire sooner go first, those that never do last, and of the same the oldest.
    """
    places = sorted(set(BURN_PRIORITY.values()))
    return [[kind for kind in LotKind if BURN_PRIORITY[kind] == place] for place in places]
