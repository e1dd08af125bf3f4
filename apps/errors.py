"""The base of every refusal that a caller is expected to handle."""

from typing import Any, ClassVar


class DomainError(Exception):
    """Something was refused; nothing was changed.

    ``code`` is the stable word that programs read, ``str(error)`` the sentence for people; ``details`` holds JSON
    values, and times, that say more (for example ``required`` and ``balance`` in credits). The domain knows no HTTP:
    ``api/errors.py`` maps codes to statuses.
    """

    code: ClassVar[str]

    def __init__(self, message: str, **details: Any) -> None:
        super().__init__(message)
        self.details: dict[str, Any] = details  # JSON values and times, whatever a refusal needs to explain itself


class NotFound(DomainError):
    """There is no such thing in this workspace; someone else's thing looks the same."""

    code = "not_found"
