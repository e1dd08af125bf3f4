"""What goes wrong between an application and Stripe, told for the next requests one by one."""

import threading
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    TIMEOUT_BEFORE = "timeout_before"  # nothing is carried out, nobody answers
    TIMEOUT_AFTER = "timeout_after"  # it is carried out, nobody answers
    ERROR = "error"  # 500, nothing is carried out, and the key repeats it
    ERROR_AFTER = "error_after"  # 500, though it is carried out; the key repeats the 500
    RATE_LIMIT = "rate_limit"  # 429, nothing is carried out
    RESET = "reset"  # the connection breaks, nothing is carried out
    SLOW = "slow"  # it is carried out and answered, only after ``seconds``


@dataclass(slots=True)
class Fault:
    """A fault of the next ``times`` requests whose method and path begin like this."""

    kind: Kind
    method: str = ""
    path: str = "/v1/"
    times: int = 1
    seconds: float = 30.0  # that a client may wait


@dataclass(slots=True)
class Faults:
    """The faults to come, first come first."""

    _waiting: list[Fault] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, kind: Kind, **about: Any) -> Fault:  # the fields of Fault
        fault = Fault(Kind(kind), **about)
        with self._lock:
            self._waiting.append(fault)
        return fault

    def take(self, method: str, path: str) -> Fault | None:
        with self._lock:
            for fault in self._waiting:
                if method.startswith(fault.method) and path.startswith(fault.path):
                    fault.times -= 1
                    if fault.times <= 0:
                        self._waiting.remove(fault)
                    return fault
        return None

    def clear(self) -> None:
        with self._lock:
            self._waiting.clear()

    def listed(self) -> list[dict[str, Any]]:
        with self._lock:
            return [asdict(fault) for fault in self._waiting]
