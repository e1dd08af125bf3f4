"""What owners are told when top-up does not go on as they agreed. That it bought, the purchase's own letter says."""

from collections.abc import Mapping
from datetime import datetime

from apps.accounts import members
from apps.accounts.roles import Capability
from apps.billing.models import TopUpAttempt, TopUpPlan
from apps.mail import letterhead, letters
from apps.mail.letters import Json


def tell_decline(*, plan: TopUpPlan, attempt: TopUpAttempt, next_try_at: datetime, now: datetime) -> None:
    """Say that the card was not charged, and when it is tried again."""
    about: dict[str, Json] = {"card": attempt.card, "next_try": f"{next_try_at:%Y-%m-%d %H:%M} UTC"}
    _write("top_up_declined", f"topup:{attempt.pk}:declined", plan, about, now)


def tell_off(*, plan: TopUpPlan, why: TopUpPlan.WhyOff, now: datetime) -> None:
    """Say that nothing is bought by itself any more, and why; where a bank wants to ask, that somebody has to pay."""
    template = "top_up_confirm" if why == TopUpPlan.WhyOff.AUTHENTICATION else "top_up_off"
    _write(template, f"topup:{plan.pk}:off:{now:%Y%m%dT%H%M%S%f}", plan, {"why": why.label}, now)


def _write(template: str, key: str, plan: TopUpPlan, about: Mapping[str, Json], now: datetime) -> None:
    workspace = plan.workspace
    context: dict[str, Json] = {
        "workspace": workspace.name,
        "pack": plan.pack_name,
        "credits_mc": plan.credits_mc,
        "amount_minor": plan.amount_minor,
        "currency": plan.currency,
        "line_mc": plan.line_mc,
        "credits_page": letterhead.page("credits", workspace=workspace.pk),
        "top_up_page": letterhead.page("top_up", workspace=workspace.pk),
        **about,
    }
    for person in members.people_who(workspace=workspace, capability=Capability.BUY_CREDITS):
        letters.post(key=f"{key}:{person.pk}", template=template, to=person.email, context=context, now=now)
