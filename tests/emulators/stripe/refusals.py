"""What Stripe answers instead of an object: its errors, with its words and codes."""

from collections.abc import Mapping
from typing import Any, Self

Json = dict[str, Any]  # whatever JSON holds


class Refusal(Exception):
    """An error answer. One that ``is_saved`` came from carrying the request out, so that its key repeats it."""

    def __init__(self, status: int, kind: str, message: str, *, is_saved: bool = False, **more: object) -> None:
        super().__init__(message)
        self.status = status
        self.is_saved = is_saved
        self.error: Json = {"type": kind, "message": message, **{name: it for name, it in more.items() if it}}

    @property
    def body(self) -> Json:
        return {"error": self.error}

    @classmethod
    def of_param(cls, message: str, param: str, code: str | None = None) -> Self:
        """A parameter is wrong: nothing is carried out."""
        return cls(400, "invalid_request_error", message, param=param, code=code)

    @classmethod
    def of_state(cls, message: str, *, code: str | None = None, param: str | None = None, **more: object) -> Self:
        """The parameters are right, and yet it cannot be done now."""
        return cls(400, "invalid_request_error", message, is_saved=True, code=code, param=param, **more)

    @classmethod
    def of_card(cls, message: str, code: str, decline_code: str | None, **more: object) -> Self:
        """The card says no."""
        return cls(402, "card_error", message, is_saved=True, code=code, decline_code=decline_code, **more)

    @classmethod
    def missing(cls, kind: str, object_id: str, param: str = "id") -> Self:
        """There is no such object."""
        text = f"No such {kind}: '{object_id}'"
        status = 404 if param == "id" else 400
        return cls(status, "invalid_request_error", text, code="resource_missing", param=param)


def require(params: Mapping[str, Any], *names: str) -> None:
    """Refuse a request without these, which the SDK's types leave open."""
    for name in names:
        if params.get(name) in (None, "", []):
            raise Refusal.of_param(f"Missing required param: {name}.", name, "parameter_missing")
