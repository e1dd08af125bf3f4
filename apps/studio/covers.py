"""What it covers: how far an amount goes at each stage, by the calculator's own figures."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from apps.accounts.actor import Actor
from apps.accounts.roles import Capability
from apps.catalog.calculator import covered_by
from apps.catalog.models import Stage
from apps.catalog.money import current_terms
from apps.ledger.amounts import PER_CREDIT
from apps.studio import catalog
from apps.studio.access import SignedInRequest, workspace_view
from apps.studio.catalog import Assortment, Offered

LEAST: Final = 100  # credits, at either end of the slider
MOST: Final = 100_000
_STEP: Final = 100
_USUAL: Final = 2_500
_THINGS: Final = {Stage.DELIVER: "final", Stage.PRECISION: "edit", Stage.MOTION: "clip"}


@dataclass(frozen=True, slots=True)
class Cover:
    """How much of one stage an amount pays for, all of it spent on one model."""

    stage: str
    label: str
    count: str
    things: str
    each_mc: int
    models: tuple[tuple[str, str, bool], ...]  # id, name, whether it is this one


@dataclass(frozen=True, slots=True)
class Covers:
    """The panel: an amount on a slider, and what it covers."""

    amount: int  # credits
    least: int
    most: int
    step: int
    rows: tuple[Cover, ...]

    @property
    def amount_mc(self) -> int:
        return self.amount * PER_CREDIT


@require_GET
@workspace_view(Capability.SEE_CREDITS)
def covers(request: SignedInRequest, actor: Actor) -> HttpResponse:
    """Reckon anew, for the slider and for another model."""
    if not request.htmx:
        return redirect(f"{reverse('credits', args=[actor.workspace.pk])}?{request.GET.urlencode()}")
    everything = catalog.offered(actor, now=timezone.now())
    return render(request, "components/covers_rows.html", {"covers": covers_of(everything, request.GET)})


def covers_of(everything: Assortment, asked: Mapping[str, str], *, packs_mc: tuple[int, ...] = ()) -> Covers:
    """Reckon for an amount, ``covers`` in what was asked, and at each stage for the model asked for by its name."""
    most = min(MOST, max([10_000, *(pack // PER_CREDIT for pack in packs_mc)]))
    text = asked.get("covers", "")
    usual = packs_mc[len(packs_mc) > 1] // PER_CREDIT if packs_mc else _USUAL
    amount = int(text) if text.isascii() and text.isdigit() and len(text) < 7 else usual
    amount = min(max(amount, LEAST), MOST)
    rows = (_cover(everything, stage, asked.get(stage.value, ""), amount) for stage in Stage)
    return Covers(amount, LEAST, max(most, amount), _STEP, tuple(row for row in rows if row))


def _cover(everything: Assortment, stage: Stage, wanted: str, amount: int) -> Cover | None:
    able = [one for one in everything.models if one.ai_model.stage == stage and one.usual_mc > 0]
    named = next((one for one in able if one.ai_model.pk == wanted), None)
    chosen = named or catalog.default_of_stage(everything, stage=stage, with_picture=False)
    if chosen is None or chosen not in able:
        return None
    count, tier, each_mc = _reckon(chosen, amount)
    thing = _THINGS.get(stage, "picture")
    return Cover(
        stage=stage.value,
        label=stage.label,
        count=f"{count:,}",
        things=f"{thing}{'' if count == 1 else 's'}{f', {tier}' if tier else ''}",
        each_mc=each_mc,
        models=tuple((one.ai_model.pk, one.ai_model.name, one is chosen) for one in able),
    )


def _reckon(chosen: Offered, amount: int) -> tuple[int, str, int]:
    """How many, of which tier, at how much each: as a usual run is priced, or at its least where none is usual."""
    found = covered_by([chosen.on_shelf], amount_mc=amount * PER_CREDIT, usd_per_credit=current_terms().usd_per_credit)
    usual = next((one for one in found if one.choice.each_mc == chosen.usual_mc), found[0])
    return usual.pictures, usual.choice.label, usual.choice.each_mc
