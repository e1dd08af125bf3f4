"""How a promo code is written: twelve letters and digits that are not mistaken for each other, in groups. Pure."""

import secrets
import unicodedata
from typing import Final

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's: no I, L, O, U
LENGTH: Final = 12  # 60 bits: at ten tries a minute nobody guesses one of a million codes
_GROUP: Final = 4
_LONGEST: Final = 64  # characters that are looked at
_LOOK_ALIKES: Final = str.maketrans("OIL", "011")
_BETWEEN: Final = {"Pd", "Zs", "Cc", "Cf", "Pc"}  # Unicode's dashes, spaces, controls, joiners, underscores


def draw() -> str:
    """Make a code, at random."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def grouped(text: str) -> str:
    """Write a code as people get it: ``7K2M-9QXD-4HTB``."""
    return "-".join(text[start : start + _GROUP] for start in range(0, len(text), _GROUP))


def read(text: str) -> str | None:
    """Read a code as people type it, in whatever case, with dashes and spaces, O for 0; None where it is none."""
    if len(text) > _LONGEST:
        return None
    plain = unicodedata.normalize("NFKC", text).upper()
    found = "".join(one for one in plain if unicodedata.category(one) not in _BETWEEN).translate(_LOOK_ALIKES)
    return found if len(found) == LENGTH and set(found) <= set(ALPHABET) else None
