"""Keys for programs: only who holds the text gets in, and only while it lives."""

from datetime import timedelta

import pytest

from apps.accounts import api_keys
from apps.accounts.models import ApiKey, AuditEntry, User
from apps.accounts.tenancy import Workspace
from tests.builders import NOW, build_api_key


def enter(text: str, address: str | None = "203.0.113.9") -> ApiKey:
    return api_keys.authenticate(text=text, remote_address=address, now=NOW)


def test_a_key_opens_its_workspace_and_is_kept_as_a_digest_only(acme: Workspace, alice: User) -> None:
    api_key, text = build_api_key(acme, alice)
    assert enter(text).workspace == acme
    stored = ApiKey.objects.values().get()
    assert text not in map(str, stored.values())
    assert text[19:] not in str(stored)
    assert AuditEntry.objects.filter(action="api_key.issue", subject=api_key.public_id).count() == 1


def test_every_wrong_key_gets_the_same_answer(acme: Workspace, alice: User) -> None:
    _, text = build_api_key(acme, alice)
    wrong = [
        text[:-1] + ("0" if text[-1] != "0" else "1"),
        text.replace("live", "test"),
        "easel_live_nope",
        "",
        text + "0",
    ]
    answers = set()
    for attempt in wrong:
        with pytest.raises(api_keys.InvalidApiKey) as refused:
            enter(attempt)
        answers.add(str(refused.value))
    assert len(answers) == 1


def test_a_revoked_key_is_dead_at_once_and_stays_so(acme: Workspace, alice: User) -> None:
    api_key, text = build_api_key(acme, alice)
    api_keys.revoke(api_key=api_key, revoked_by=alice, now=NOW)
    api_keys.revoke(api_key=api_key, revoked_by=alice, now=NOW + timedelta(days=1))
    api_key.refresh_from_db()
    assert api_key.revoked_at == NOW
    assert AuditEntry.objects.filter(action="api_key.revoke").count() == 1
    with pytest.raises(api_keys.InvalidApiKey):
        enter(text)


def test_a_key_ends_with_its_time_and_with_its_maker(acme: Workspace, alice: User) -> None:
    _, text = api_keys.issue(
        workspace=acme, created_by=alice, name="short", now=NOW, expires_at=NOW + timedelta(hours=1)
    )
    assert enter(text)
    with pytest.raises(api_keys.InvalidApiKey):
        api_keys.authenticate(text=text, remote_address=None, now=NOW + timedelta(hours=1))
    User.objects.filter(pk=alice.pk).update(is_active=False)
    with pytest.raises(api_keys.InvalidApiKey):
        enter(text)


@pytest.mark.parametrize(
    ("address", "is_let_in"), [("203.0.113.9", True), ("198.51.100.1", False), ("2001:db8::1", False), (None, False)]
)
def test_a_key_may_be_bound_to_networks(acme: Workspace, alice: User, address: str | None, is_let_in: bool) -> None:
    _, text = api_keys.issue(
        workspace=acme, created_by=alice, name="office", now=NOW, allowed_networks=["203.0.113.0/24"]
    )
    if is_let_in:
        assert enter(text, address)
    else:
        with pytest.raises(api_keys.InvalidApiKey):
            enter(text, address)


def test_the_same_entropy_is_the_same_key(acme: Workspace, alice: User) -> None:
    texts = {
        api_keys.issue(workspace=acme, created_by=alice, name="demo", now=NOW, entropy=b"e" * 32)[1] for _ in range(2)
    }
    assert (len(texts), ApiKey.objects.count()) == (1, 1)


def test_use_is_noted_once_a_minute(acme: Workspace, alice: User) -> None:
    api_key, text = build_api_key(acme, alice)
    for seconds in (0, 30, 61):
        api_keys.authenticate(text=text, remote_address=None, now=NOW + timedelta(seconds=seconds))
    api_key.refresh_from_db()
    assert api_key.last_used_at == NOW + timedelta(seconds=61)
