"""API keys: shown once, listed without their secret, revoked."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from django.utils import timezone

from apps.accounts import api_keys
from apps.accounts.models import ApiKey
from apps.accounts.tenancy import Workspace
from tests.studio.conftest import Studio

if TYPE_CHECKING:  # there for types only: what the test client answers with
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

    Said = Callable[[Answer], str]


def test_a_key_is_shown_once_and_works(studio: Studio) -> None:
    page = studio.post("api_keys", data={"name": "Laptop", "is_test": "on"}).content.decode()
    shown = re.search(r'<code id="secret">([^<]+)</code>', page)
    assert shown
    api_key = api_keys.authenticate(text=shown[1], remote_address=None, now=timezone.now())
    assert (api_key.name, api_key.is_test, api_key.workspace) == ("Laptop", True, studio.workspace)
    later = studio.get("api_keys").content.decode()
    assert shown[1] not in later
    assert f"easel_test_{api_key.lookup}…" in later


def test_a_key_needs_a_name(studio: Studio) -> None:
    assert studio.post("api_keys", data={"name": " "}).status_code == 422
    assert not ApiKey.objects.exists()


def test_a_revoked_key_ends_and_stays_listed(studio: Studio, said: "Said") -> None:
    studio.post("api_keys", data={"name": "Laptop"})
    api_key = ApiKey.objects.get()
    assert studio.post("api_key_revoke", api_key.public_id)["Location"] == studio.url("api_keys")
    api_key.refresh_from_db()
    assert api_key.revoked_at is not None
    assert "Revoked" in said(studio.get("api_keys"))


def test_someone_elses_key_is_not_found(studio: Studio, elsewhere: Workspace) -> None:
    studio.post("api_keys", data={"name": "Laptop"})
    ApiKey.objects.update(workspace=elsewhere)
    assert studio.post("api_key_revoke", ApiKey.objects.get().public_id).status_code == 404
    assert ApiKey.objects.get().revoked_at is None


def test_snippets_name_this_installation(studio: Studio) -> None:
    assert b"curl http://127.0.0.1:8000/v1/jobs/flux_schnell" in studio.get("api_keys").content
