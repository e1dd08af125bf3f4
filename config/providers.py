"""Which adapters this installation has, and with which settings: handed to the registry when a process starts."""

from collections.abc import Callable

from apps.outbound import Client
from apps.providers import registry
from apps.providers.contract import Adapter, ProviderUnavailable
from apps.providers.fal import FalAdapter
from apps.providers.local import LocalAdapter
from apps.providers.mock import MockAdapter
from config.env import Env


def configure_providers(env: Env) -> None:
    """Tell the registry how to build each adapter. Nothing is built or called before it is needed."""
    registry.configure({"mock": MockAdapter, "local": LocalAdapter, "fal": _fal(env)})


def _fal(env: Env) -> Callable[[], Adapter]:
    def build() -> Adapter:
        key = env.fal_key.get_secret_value().strip()
        if not key:
            raise ProviderUnavailable("fal.ai is not configured: FAL_KEY is missing.", setting="FAL_KEY")
        return FalAdapter(
            key=key,
            client=Client(),
            queue_url=env.fal_queue_url,
            rest_url=env.fal_rest_url,
            cdn_url=env.fal_cdn_url,
        )

    return build
