"""What is wrong with a request, gathered until everything has been looked at."""

from collections.abc import Mapping, Sequence
from typing import Any

from apps.errors import DomainError


class InvalidRequest(DomainError):
    """Values in a request are not what they should be; ``details.fields`` names every one."""

    code = "invalid_input"


class MalformedRequest(DomainError):
    """The body is not what it claims to be, so that nothing in it can be named."""

    code = "malformed_request"


class RequestTooLarge(DomainError):
    """The body is larger than this installation takes."""

    code = "request_too_large"


class UnsupportedMediaType(DomainError):
    """The body is of a type that this address does not read."""

    code = "unsupported_media_type"


class Faults:
    """Collects ``{path, code, message, allowed}``; ``path`` is a field of the body, a query parameter or a header."""

    def __init__(self) -> None:
        self.fields: list[dict[str, Any]] = []  # JSON values

    def __bool__(self) -> bool:
        return bool(self.fields)

    def add(self, path: str, code: str, message: str, allowed: object = None) -> None:
        self.fields.append({"path": path, "code": code, "message": message, "allowed": allowed})

    def extend(self, fields: Sequence[Mapping[str, Any]]) -> None:  # JSON values
        """Take over the faults that another check has found."""
        self.fields.extend(dict(field) for field in fields)

    def refuse(self) -> None:
        """:raises InvalidRequest: anything was found."""
        if not self.fields:
            return
        first, rest = self.fields[0], len(self.fields) - 1
        more = f" (and {rest} more)" if rest else ""
        raise InvalidRequest(f"{first['path']}: {first['message']}{more}", fields=self.fields)
