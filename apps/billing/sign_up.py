"""The first minutes of a workspace: made with its wallet and, once a person, its gift of credits, as one."""

from datetime import datetime
from typing import Final

from django.db import IntegrityError, transaction

from apps.accounts.members import create_workspace
from apps.accounts.models import User
from apps.accounts.tenancy import Workspace
from apps.errors import DomainError
from apps.ledger import posting
from apps.ledger.amounts import Millicredits
from apps.ledger.models import LotKind
from apps.ledger.operations import retry_conflicts

SIGN_UP_GRANT: Final = Millicredits(200_000)  # USD 1 at USD 0.005 a credit: the catalogue's signup_credits
LOW_BALANCE: Final = Millicredits(100_000)  # where a new workspace is told that it runs low, until somebody moves it


class EmailTaken(DomainError):
    """Someone has an account under this address."""

    code = "email_taken"


@retry_conflicts
def open_workspace(*, name: str, owner: User, now: datetime) -> Workspace:
    """Make a workspace and its wallet; the person's first one comes with the sign-up credits. All, or nothing."""
    with transaction.atomic():
        return _open(name=name, owner=owner, now=now)


@retry_conflicts
def sign_up(*, email: str, password: str, workspace_name: str, now: datetime) -> tuple[User, Workspace]:
    """Make a person and their first workspace. All, or nothing.

    :raises EmailTaken: the address, in whatever case, has an account.
    """
    with transaction.atomic():
        try:
            with transaction.atomic():
                user = User.objects.create_user(email, password)
        except IntegrityError as taken:
            raise EmailTaken("There is an account with this e-mail address. Sign in instead.") from taken
        return user, _open(name=workspace_name, owner=user, now=now)


def _open(*, name: str, owner: User, now: datetime) -> Workspace:
    workspace = create_workspace(name=name, owner=owner, now=now)
    posting.open_wallet(workspace=workspace, now=now, low_balance_mc=LOW_BALANCE)
    # The marker is on the person and decided in the database: two workspaces opened at once bring one gift.
    if User.objects.filter(pk=owner.pk, sign_up_granted_at=None).update(sign_up_granted_at=now):
        posting.grant(
            workspace=workspace,
            kind=LotKind.SIGNUP,
            amount_mc=SIGN_UP_GRANT,
            key=f"grant:signup:{workspace.pk}",
            now=now,
            reason="Welcome to Easel",
        )
    return workspace
