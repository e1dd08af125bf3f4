"""Keys for programs: made, recognised, revoked. Only a digest is stored."""

import hashlib
import hmac
import re
import secrets
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network

from django.db.models import Q

from apps.accounts import audit
from apps.accounts.models import ApiKey, User
from apps.accounts.tenancy import Workspace
from apps.errors import DomainError

_FORM = re.compile(r"easel_(live|test)_([A-Za-z0-9]{8})([A-Za-z0-9_-]{32,64})")
_TOUCH_EVERY = timedelta(minutes=1)  # last_used_at is a hint for people, not worth a write a request


class InvalidApiKey(DomainError):
    """No such key, or one that was revoked, has expired, or may not be used from this address."""

    code = "invalid_api_key"


def issue(
    *,
    workspace: Workspace,
    created_by: User,
    name: str,
    now: datetime,
    is_test: bool = False,
    expires_at: datetime | None = None,
    allowed_models: list[str] | None = None,
    allowed_networks: list[str] | None = None,
    entropy: bytes | None = None,
) -> tuple[ApiKey, str]:
    """Make a key and return it with its secret text, which cannot be had again.

    ``entropy`` (at least 32 bytes) fixes the secret, for an installation that must be able to derive its demo key anew;
    asked again with the same entropy, it returns the key that is there.
    """
    seed = entropy or secrets.token_bytes(48)
    assert len(seed) >= 32
    lookup = hashlib.sha256(b"lookup" + seed).hexdigest()[:8]
    secret = hashlib.sha256(b"secret" + seed).hexdigest()
    text = f"easel_{'test' if is_test else 'live'}_{lookup}{secret[:43]}"
    api_key, is_new = ApiKey.objects.get_or_create(
        lookup=lookup,
        defaults={
            "workspace": workspace,
            "created_by": created_by,
            "name": name,
            "digest": _digest(text),
            "is_test": is_test,
            "expires_at": expires_at,
            "allowed_models": allowed_models,
            "allowed_networks": allowed_networks,
            "created_at": now,
        },
    )
    if is_new:
        audit.record(
            action="api_key.issue",
            subject=api_key.public_id,
            now=now,
            actor_id=created_by.pk,
            workspace_id=workspace.pk,
            after={"name": name, "is_test": is_test},
        )
    return api_key, text


def authenticate(*, text: str, remote_address: str | None, now: datetime) -> ApiKey:
    """Find the live key that this text is, with its workspace and maker loaded.

    :raises InvalidApiKey: one sentence for every cause but expiry and address, so that nothing can be probed.
    """
    form = _FORM.fullmatch(text)
    api_key = (
        ApiKey.objects.select_related("workspace", "created_by").filter(lookup=form.group(2)).first() if form else None
    )
    # The digest is compared even when no row was found: an unknown key takes as long as a wrong one.
    is_same = hmac.compare_digest(_digest(text), api_key.digest if api_key else _digest("")) and form is not None
    if api_key is None or not is_same or api_key.revoked_at or not api_key.created_by.is_active:
        raise InvalidApiKey("This API key is not valid. Keys are made and revoked on the workspace's API page.")
    if api_key.expires_at and api_key.expires_at <= now:
        raise InvalidApiKey("This API key has expired.")
    if api_key.allowed_networks is not None and not _is_within(remote_address, api_key.allowed_networks):
        raise InvalidApiKey("This API key may not be used from this address.")
    stale = Q(last_used_at=None) | Q(last_used_at__lt=now - _TOUCH_EVERY)
    if api_key.last_used_at is None or api_key.last_used_at < now - _TOUCH_EVERY:
        ApiKey.objects.filter(stale, pk=api_key.pk).update(last_used_at=now)
    return api_key


def revoke(*, api_key: ApiKey, revoked_by: User, now: datetime) -> None:
    """End a key at once; revoking it again changes nothing."""
    if ApiKey.objects.filter(pk=api_key.pk, revoked_at=None).update(revoked_at=now):
        audit.record(
            action="api_key.revoke",
            subject=api_key.public_id,
            now=now,
            actor_id=revoked_by.pk,
            workspace_id=api_key.workspace_id,
        )


def _digest(text: str) -> str:
    """A plain hash is enough: the secret has 172 bits of its own and cannot be guessed offline."""
    return hashlib.sha256(text.encode()).hexdigest()


def _is_within(address: str | None, networks: list[str]) -> bool:
    return address is not None and any(ip_address(address) in ip_network(network) for network in networks)
