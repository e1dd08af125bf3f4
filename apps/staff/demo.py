"""The demo workspace of a new installation: the same whenever it is asked for."""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from apps.accounts import api_keys
from apps.accounts.members import workspaces_of
from apps.accounts.models import User
from apps.billing.sign_up import sign_up
from apps.ledger import posting
from apps.ledger.amounts import Millicredits
from apps.ledger.models import LotKind

EMAIL: Final = "demo@easel.example"
DEMO_GRANT: Final = Millicredits(1_000_000)


@dataclass(frozen=True, slots=True)
class Demo:
    """What a newcomer needs to begin."""

    email: str
    password: str
    workspace: str
    api_key: str
    test_api_key: str


def seed_demo(*, secret: str, now: datetime) -> Demo:
    """Make the demo workspace with its credits and keys, or find it, and tell its sign-in.

    Password and keys are derived from the installation's ``secret``: they can be told again, and only digests are kept.
    """
    password = _derive(secret, "password").hex()[:16]
    user = User.objects.filter(email=EMAIL).first()
    if user is None:
        user, _ = sign_up(email=EMAIL, password=password, workspace_name="Demo", now=now)
    workspace = workspaces_of(user)[0]
    posting.grant(
        workspace=workspace,
        kind=LotKind.PROMO,
        amount_mc=DEMO_GRANT,
        key=f"grant:demo:{workspace.pk}",
        now=now,
        reason="Demo credits",
    )
    keys = {
        is_test: api_keys.issue(
            workspace=workspace,
            created_by=user,
            name="Demo, test" if is_test else "Demo",
            is_test=is_test,
            entropy=_derive(secret, f"api key {is_test} {workspace.pk}"),
            now=now,
        )[1]
        for is_test in (False, True)
    }
    return Demo(EMAIL, password, workspace.public_id, keys[False], keys[True])


def _derive(secret: str, purpose: str) -> bytes:
    return hmac.digest(secret.encode(), f"easel demo {purpose}".encode(), hashlib.sha256)
