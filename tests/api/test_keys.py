"""/v1/key: what a key knows about itself."""

from apps.accounts.models import ApiKey
from tests.api.conftest import Caller


def test_a_key_tells_about_itself(program: Caller) -> None:
    body = program.get("/v1/key").json()
    api_key = ApiKey.objects.for_workspace(program.workspace).get()
    assert body == {
        "id": api_key.public_id,
        "object": "key",
        "name": "Live",
        "prefix": program.key[:19],
        "mode": "live",
        "workspace": {"id": program.workspace.public_id, "name": "Acme"},
        "allowed_models": None,
        "allowed_networks": None,
        "limit": None,
        "requests_per_minute": 600,
        "created_at": "2026-01-01T00:00:00.000000Z",
        "expires_at": None,
        "last_used_at": None,
    }


def test_a_test_key_says_so(test_program: Caller) -> None:
    body = test_program.get("/v1/key").json()
    assert (body["mode"], body["prefix"][:11]) == ("test", "easel_test_")


def test_its_models_are_listed(narrow_program: Caller) -> None:
    assert narrow_program.get("/v1/key").json()["allowed_models"] == ["flux_pro"]


def test_the_secret_is_never_told(program: Caller) -> None:
    assert program.key[19:] not in program.get("/v1/key").content.decode()
