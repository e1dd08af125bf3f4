"""Two seams for tests: crash between two steps of an operation, and run one without its lock. Idle in the product."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

_on_step: Callable[[str], None] | None = None
_is_locking = True


def step(name: str) -> None:
    """Tell whoever listens that an operation has come to this point."""
    if _on_step is not None:
        _on_step(name)


def is_locking() -> bool:
    return _is_locking


@contextmanager
def listening(on_step: Callable[[str], None]) -> Iterator[None]:
    """Hand the name of each step to ``on_step``, which may raise a BaseException or end the process."""
    global _on_step
    _on_step = on_step
    try:
        yield
    finally:
        _on_step = None


@contextmanager
def without_lock() -> Iterator[None]:
    """Let wallets be read unlocked, to show that guards and constraints alone keep the books."""
    global _is_locking
    _is_locking = False
    try:
        yield
    finally:
        _is_locking = True
