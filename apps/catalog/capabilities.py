"""What a model can do, in one word: the marks of the matrix. Pure."""

from typing import Final, Literal

State = Literal["yes", "no", "limited"]
ABLE: Final = frozenset({"yes", "limited"})


def state_of(capability: object) -> State | None:
    """Read a capability as the catalogue keeps it, with or without a range; None: nobody says."""
    match capability:
        case None:
            return None
        case False:
            return "no"
        case "limited" | {"limited": True}:
            return "limited"
        case _:
            return "yes"
