"""Which adapter has which slug, as config/ says. Adapters are built when they are first asked for, once a process."""

import threading
from collections.abc import Callable, Mapping

from apps.providers.contract import Adapter, ProviderUnavailable

Build = Callable[[], Adapter]
"""Make an adapter. :raises ProviderUnavailable: a setting is missing; ``setting`` names it."""

_lock = threading.RLock()
_builds: dict[str, Build] = {}
_adapters: dict[str, Adapter] = {}


def configure(builds: Mapping[str, Build]) -> None:
    """Say what there is, by slug. Replaces what was said before; adapters already handed out live on."""
    with _lock:
        _builds.clear()
        _builds.update(builds)
        _adapters.clear()


def slugs() -> list[str]:
    """All slugs, configured or not, in order."""
    with _lock:
        return sorted(_builds)


def get(slug: str) -> Adapter:
    """Return the adapter of this slug, always the same one until ``configure`` is called again.

    :raises ProviderUnavailable: there is none, or a setting is missing; then ``setting`` names it.
    """
    with _lock:
        adapter = _adapters.get(slug)
        if adapter is None:
            build = _builds.get(slug)
            if build is None:
                raise ProviderUnavailable(f"There is no provider called {slug!r}.")
            adapter = _adapters[slug] = build()
        return adapter


def is_configured(slug: str) -> bool:
    """Whether the provider could be called."""
    try:
        get(slug)
    except ProviderUnavailable:
        return False
    return True


def check_configured(slug: str) -> None:
    """Do nothing when the provider could be called. :raises ProviderUnavailable: as ``get``."""
    get(slug)
