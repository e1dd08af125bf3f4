"""Keys in headers, addresses behind proxies."""

from datetime import timedelta

import pytest
from django.http import HttpRequest
from django.test import Client, override_settings
from django.utils import timezone

from apps.accounts.api_keys import revoke
from apps.accounts.models import ApiKey, User
from apps.origins import remote_address
from tests.api.conftest import LONG_AGO, Caller


def status(authorization: str | None) -> tuple[int, str]:
    headers = {} if authorization is None else {"Authorization": authorization}
    answer = Client().get("/v1/key", headers=headers)
    assert ("WWW-Authenticate" in answer) == (answer.status_code == 401)
    return answer.status_code, answer.json().get("error_type", "")


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "Key", "KEY"])
def test_both_schemes_are_taken(program: Caller, scheme: str) -> None:
    assert status(f"{scheme} {program.key}")[0] == 200
    assert status(f"{scheme}   {program.key} ")[0] == 200


@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer ", "Basic YTpi", "Token x"])
def test_without_a_key_it_is_asked_for(program: Caller, authorization: str | None) -> None:
    assert status(authorization) == (401, "missing_api_key")


@pytest.mark.parametrize("text", ["x", "easel_live_00000000" + "0" * 43, "ä", "easel_live_", "x" * 100_000])
def test_a_wrong_key_is_not_valid(program: Caller, text: str) -> None:
    assert status(f"Bearer {text}") == (401, "invalid_api_key")


def test_a_key_with_one_letter_changed_is_not_valid(program: Caller) -> None:
    last = "0" if program.key[-1] != "0" else "1"
    assert status(f"Bearer {program.key[:-1]}{last}") == (401, "invalid_api_key")


def test_a_dead_key_is_not_valid(program: Caller, alice: User) -> None:
    api_key = ApiKey.objects.for_workspace(program.workspace).get()
    revoke(api_key=api_key, revoked_by=alice, now=timezone.now())
    assert status(f"Bearer {program.key}") == (401, "invalid_api_key")


def test_an_expired_key_is_not_valid(program: Caller) -> None:
    ApiKey.objects.for_workspace(program.workspace).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert status(f"Bearer {program.key}") == (401, "invalid_api_key")


def test_a_key_of_a_person_who_left_is_not_valid(program: Caller, alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert status(f"Bearer {program.key}") == (401, "invalid_api_key")


def test_a_key_may_be_bound_to_networks(program: Caller) -> None:
    ApiKey.objects.for_workspace(program.workspace).update(allowed_networks=["10.0.0.0/8"])
    assert status(f"Bearer {program.key}") == (401, "invalid_api_key")
    with override_settings(EASEL_TRUSTED_PROXIES=1):
        assert program.get("/v1/key", X_Forwarded_For="10.1.2.3").status_code == 200
        assert program.get("/v1/key", X_Forwarded_For="10.1.2.3, 192.0.2.1").status_code == 401
        assert program.get("/v1/key").status_code == 401


def test_a_session_is_no_key(alice_client: Client) -> None:
    assert alice_client.get("/v1/key").status_code == 401


def request_from(address: str, forwarded: str | None = None) -> HttpRequest:
    request = HttpRequest()
    request.META = {"REMOTE_ADDR": address} | ({"HTTP_X_FORWARDED_FOR": forwarded} if forwarded is not None else {})
    return request


@pytest.mark.parametrize(
    ("proxies", "address", "forwarded", "found"),
    [
        (0, "192.0.2.7", None, "192.0.2.7"),
        (0, "192.0.2.7", "10.0.0.1", "192.0.2.7"),
        (0, "::ffff:192.0.2.7", None, "192.0.2.7"),
        (0, "2001:db8::1", None, "2001:db8::1"),
        (0, "", None, None),
        (1, "10.0.0.1", "192.0.2.7", "192.0.2.7"),
        (1, "10.0.0.1", "6.6.6.6, 192.0.2.7", "192.0.2.7"),
        (2, "10.0.0.1", "6.6.6.6, 192.0.2.7, 10.0.0.2", "192.0.2.7"),
        (2, "10.0.0.1", "192.0.2.7", None),
        (1, "10.0.0.1", None, None),
        (1, "10.0.0.1", "unknown", None),
        (1, "10.0.0.1", "", None),
    ],
)
def test_the_address_is_the_one_the_last_trusted_proxy_saw(
    proxies: int, address: str, forwarded: str | None, found: str | None
) -> None:
    with override_settings(EASEL_TRUSTED_PROXIES=proxies):
        assert remote_address(request_from(address, forwarded)) == found


def test_the_key_is_marked_as_used(program: Caller) -> None:
    program.get("/v1/key")
    last_used_at = ApiKey.objects.for_workspace(program.workspace).get().last_used_at
    assert last_used_at is not None
    assert last_used_at > LONG_AGO
