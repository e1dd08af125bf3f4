"""The pages of staff as their sidebar shows them: which there are, and who may open which."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.contrib.auth.models import AnonymousUser
from django.urls import reverse

from apps.accounts.models import User
from apps.billing.models import GrantRequest

GRANT: Final = "ledger.add_lot"  # who gives credits, and agrees to what others want to give
PROMOTE: Final = "billing.add_promobatch"  # who makes promotions, and agrees to those of others
REFUND: Final = "billing.add_refund"  # who gives money back
VIEW_PURCHASES: Final = ("billing.view_purchase", "billing.change_purchase", REFUND)


@dataclass(frozen=True, slots=True)
class Place:
    """A page in the sidebar; whoever has one of the permissions sees it, and none asks for nothing."""

    name: str
    label: str
    icon: str
    route: str
    permissions: tuple[str, ...]
    what: str


@dataclass(frozen=True, slots=True)
class Link:
    """A page that this person may open."""

    label: str
    icon: str
    url: str
    what: str
    is_current: bool
    count: int  # of what waits there


@dataclass(frozen=True, slots=True)
class Group:
    label: str
    links: tuple[Link, ...]


def _of(model: str) -> tuple[str, ...]:
    """Whoever may look at these rows, or change them."""
    app, _, name = model.partition(".")
    return f"{app}.view_{name}", f"{app}.change_{name}"


GROUPS: Final = (
    (
        "Catalogue",
        (
            Place(
                "models",
                "Models",
                "picture",
                "admin:staff_models",
                _of("catalog.aimodel"),
                "What is sold: ratings, prices, who runs it, on and off.",
            ),
            Place(
                "prices",
                "Prices",
                "coin",
                "admin:staff_prices",
                _of("catalog.priceversion"),
                "Versions of every price: draft, rehearse, publish.",
            ),
            Place(
                "defaults",
                "Defaults",
                "pencil",
                "admin:staff_defaults",
                _of("catalog.defaultmodel"),
                "The model each task begins with, by surface and stage.",
            ),
            Place(
                "ratings",
                "Ratings",
                "star",
                "admin:staff_ratings",
                _of("catalog.aimodel"),
                "Stars beside what real jobs showed.",
            ),
            Place(
                "providers",
                "Providers",
                "branch",
                "admin:staff_providers",
                _of("catalog.endpoint"),
                "Who runs the models, and whether they can be reached.",
            ),
        ),
    ),
    (
        "Customers",
        (
            Place(
                "workspaces",
                "Workspaces",
                "easel",
                "admin:staff_workspaces",
                _of("accounts.workspace"),
                "Balances, ledgers, members; grants and corrections.",
            ),
            Place(
                "promotions",
                "Promotions",
                "star",
                "admin:staff_promotions",
                ("billing.view_promobatch", PROMOTE),
                "Codes for credits: made, handed out, counted, withdrawn.",
            ),
            Place(
                "approvals",
                "Approvals",
                "check",
                "admin:staff_approvals",
                (GRANT, PROMOTE),
                "What one person wants to give and another has to agree to.",
            ),
            Place("jobs", "Jobs", "jobs", "admin:staff_jobs", _of("jobs.job"), "Every run with its timeline."),
        ),
    ),
    (
        "Installation",
        (
            Place(
                "books",
                "Books",
                "list",
                "admin:staff_books",
                ("billing.view_checkrun", "billing.add_checkrun"),
                "Whether every credit and every payment adds up.",
            ),
            Place(
                "people",
                "People",
                "face",
                "admin:accounts_user_changelist",
                _of("accounts.user"),
                "Who is staff, and what they may do.",
            ),
            Place(
                "audit",
                "Audit log",
                "lock",
                "admin:staff_audit",
                _of("accounts.auditentry"),
                "Who changed what, from what to what.",
            ),
            Place("rows", "All rows", "more", "admin:staff_rows", (), "The tables behind the pages, read only."),
        ),
    ),
)


def groups_of(user: User | AnonymousUser, *, current: str, counts: Mapping[str, int]) -> list[Group]:
    """The sidebar of a person, without the groups that would be empty. ``counts`` has what waits, by page."""
    found = []
    for label, places in GROUPS:
        links = tuple(
            Link(
                label=place.label,
                icon=place.icon,
                url=reverse(place.route),
                what=place.what,
                is_current=place.name == current,
                count=counts.get(place.name, 0),
            )
            for place in places
            if not place.permissions or any(user.has_perm(one) for one in place.permissions)
        )
        if links:
            found.append(Group(label, links))
    return found


def counts_of(user: User | AnonymousUser, *, now: datetime) -> dict[str, int]:
    """How much waits on which page, for a person who may see it."""
    if not (user.has_perm(GRANT) or user.has_perm(PROMOTE)):
        return {}
    return {"approvals": GrantRequest.objects.waiting(now).count()}
