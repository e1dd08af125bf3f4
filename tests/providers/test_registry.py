"""The registry gives what it was handed, once built, and names what is missing."""

from collections.abc import Iterator

import pytest

from apps.providers import registry
from apps.providers.contract import Adapter, ProviderUnavailable
from apps.providers.fal import FalAdapter
from apps.providers.mock import MockAdapter
from config.env import Env
from config.providers import configure_providers
from config.settings.environment import ENV

pytestmark = pytest.mark.once


@pytest.fixture(autouse=True)
def _configured_again() -> Iterator[None]:
    yield
    configure_providers(ENV)


def unconfigured() -> Adapter:
    raise ProviderUnavailable("A setting is missing.", setting="EXAMPLE_KEY")


def test_an_adapter_is_built_when_it_is_wanted_and_once() -> None:
    built: list[MockAdapter] = []

    def build() -> Adapter:
        built.append(MockAdapter())
        return built[-1]

    registry.configure({"mock": build})
    assert built == []
    assert registry.get("mock") is registry.get("mock")
    assert len(built) == 1


def test_what_is_missing_is_named() -> None:
    registry.configure({"example": unconfigured})
    for ask in (registry.get, registry.check_configured):
        with pytest.raises(ProviderUnavailable) as raised:
            ask("example")
        assert raised.value.setting == "EXAMPLE_KEY"
    assert not registry.is_configured("example")
    assert registry.slugs() == ["example"]


def test_an_unknown_slug_has_no_setting() -> None:
    registry.configure({})
    with pytest.raises(ProviderUnavailable) as raised:
        registry.get("elsewhere")
    assert raised.value.setting is None


def test_configuring_again_replaces_everything() -> None:
    registry.configure({"mock": MockAdapter})
    first = registry.get("mock")
    registry.configure({"mock": MockAdapter})
    assert registry.get("mock") is not first


def test_an_installation_without_keys_has_mock_and_local() -> None:
    configure_providers(ENV.model_copy(update={"fal_key": Env.model_fields["fal_key"].default}))
    assert {slug: registry.is_configured(slug) for slug in registry.slugs()} == {
        "fal": False,
        "local": True,
        "mock": True,
    }
    with pytest.raises(ProviderUnavailable) as raised:
        registry.check_configured("fal")
    assert raised.value.setting == "FAL_KEY"


def test_a_key_is_enough_for_fal() -> None:
    configure_providers(Env.model_validate({**ENV.model_dump(by_alias=True), "FAL_KEY": "id:secret"}))
    assert isinstance(registry.get("fal"), FalAdapter)
