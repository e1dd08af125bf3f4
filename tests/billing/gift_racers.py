"""What racing processes can be told to do with codes, grants and sign-ups."""

from collections.abc import Callable
from datetime import datetime
from typing import Final
from uuid import UUID

from apps.accounts.models import User
from apps.accounts.tenancy import Workspace
from apps.billing import approvals, grants, promo_batches, promotions, sign_up
from apps.billing.models import GrantRequest
from apps.ledger.amounts import Millicredits
from tests.billing.gifts import PLAN
from tests.builders import NOW, PASSWORD, build_actor


def redeem(*, workspace: str, person: str, text: str) -> object:
    actor = build_actor(Workspace.objects.get(pk=workspace), User.objects.get(pk=person))
    return str(promotions.redeem(actor=actor, text=text, now=NOW).lot.pk)


def give(*, workspace: str, person: str, amount: int, key: str, threshold: int) -> object:
    asked = grants.give(
        workspace=Workspace.objects.get(pk=workspace),
        kind=GrantRequest.Kind.PROMO,
        amount_mc=Millicredits(amount),
        expires_at=None,
        reason="a race",
        key=UUID(key),
        actor_id=UUID(person),
        threshold_mc=Millicredits(threshold),
        now=NOW,
    )
    return asked.request.state


def approve(*, request: str, person: str, at: str) -> object:
    return approvals.approve(request_id=UUID(request), actor_id=UUID(person), now=datetime.fromisoformat(at)).state


def decline(*, request: str, person: str, at: str) -> object:
    now = datetime.fromisoformat(at)
    return approvals.decline(request_id=UUID(request), reason="no", actor_id=UUID(person), now=now).state


def make(*, person: str, key: str) -> object:
    batch, _ = promo_batches.make_batch(
        plan=PLAN, key=UUID(key), actor_id=UUID(person), threshold_mc=Millicredits(4_000_000), now=NOW
    )
    return [str(batch.pk), batch.opened_at is not None]


def join(*, email: str) -> object:
    return str(sign_up.sign_up(email=email, password=PASSWORD, workspace_name="New", now=NOW)[1].pk)


def open_another(*, person: str, name_: str) -> object:
    return str(sign_up.open_workspace(name=name_, owner=User.objects.get(pk=person), now=NOW).pk)


CALLS: Final[dict[str, Callable[..., object]]] = {
    function.__name__: function for function in (redeem, give, approve, decline, make, join, open_another)
}
