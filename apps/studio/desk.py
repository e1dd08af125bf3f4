"""What lies between an idea and a run: a Draft is what was asked, a Desk what the composer shows of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid4

from django.templatetags.static import static
from django.urls import reverse

from apps.accounts.actor import Actor
from apps.accounts.tenancy import Workspace
from apps.catalog.models import Stage
from apps.ids import from_public
from apps.jobs.preparation import JobRequest
from apps.library.models import Asset
from apps.studio import catalog
from apps.studio.catalog import Offered, Option, Step
from apps.studio.fields import Form, Slots
from apps.studio.layout import form_of
from apps.studio.offers import Offer, offer_of
from apps.studio.runs import thumbnail_url

SAMPLES: Final = (
    "A quiet reading room, arched window, teal chair, morning sun across oak boards",
    "Glass perfume bottle on a flat rock in a calm sea, sun going down behind it",
    "Felt fox in a red scarf, one paw up, plain studio background",
)


@dataclass(frozen=True, slots=True)
class Draft:
    """What is in the composer, and what was wrong with it."""

    chosen: Offered
    request: JobRequest
    prompt: str = ""  # the words, kept also while a model is chosen that takes none
    faults: Sequence[Mapping[str, Any]] = ()  # as InvalidInputs lists them
    refusal: str = ""
    dropped: Sequence[str] = ()
    upload_faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture in a slot. ``url`` is empty where it cannot be shown."""

    source: str
    url: str
    name: str


@dataclass(frozen=True, slots=True)
class FilledSlots:
    """A field that takes pictures, with those it has."""

    slots: Slots
    pictures: tuple[Picture, ...]


@dataclass(frozen=True, slots=True)
class Links:
    """Where the parts of the composer post to."""

    create: str
    quote: str
    model: str
    references: str
    poll: str
    sprite: str


@dataclass(frozen=True, slots=True)
class Desk:
    """The composer and the inspector, ready to be drawn."""

    path: list[Step]
    options: list[Option]
    stage_label: str
    ai_model_id: str
    ai_model_name: str
    form: Form
    slots: list[FilledSlots]
    prompt: str
    is_mock: bool
    offer: Offer
    refusal: str
    dropped: str
    upload_faults: tuple[str, ...]
    sample_model_id: str
    links: Links
    samples: tuple[str, ...] = SAMPLES
    key: str = field(default_factory=lambda: uuid4().hex)  # one form, one job: a double click brings the same key twice

    @property
    def placeholder(self) -> str:
        """What an empty composer asks for."""
        if self.form.prompt is None:
            return f"{self.ai_model_name} works on a picture and needs no words."
        return "Say what should change, and what should stay" if self.slots else "Describe a picture"


def desk_of(actor: Actor, draft: Draft, *, everything: list[Offered], available_mc: int | None, now: datetime) -> Desk:
    """Lay the composer out: the model's form, its pictures (one query), and today's price."""
    ai_model = draft.chosen.ai_model
    spec, stage = ai_model.spec(), Stage(ai_model.stage)
    form = form_of(spec=spec, inputs=draft.request.inputs, faults=draft.faults)
    words = form.prompt.value if form.prompt else ""
    first = catalog.default_of_stage(everything, stage=Stage.EXPLORE, with_picture=False) or draft.chosen
    offer = offer_of(
        actor=actor,
        ai_model_id=ai_model.pk,
        spec=spec,
        request=draft.request,
        available_mc=available_mc,
        now=now,
    )
    return Desk(
        path=catalog.path(everything, workspace_id=actor.workspace.pk, current=stage),
        options=catalog.options(
            everything, stage=stage, chosen=ai_model.pk, pictures=sum(len(one.sources) for one in form.slots)
        ),
        stage_label=stage.label,
        ai_model_id=ai_model.pk,
        ai_model_name=ai_model.name,
        form=form,
        slots=_filled(actor.workspace, form.slots),
        prompt=words or draft.prompt,
        is_mock=draft.request.is_mock,
        offer=offer,
        refusal=draft.refusal,
        dropped=", ".join(draft.dropped).lower(),
        upload_faults=draft.upload_faults,
        sample_model_id=first.ai_model.pk,
        links=links_of(actor.workspace.pk),
    )


def links_of(workspace_id: UUID) -> Links:
    """Where the parts of a workspace's composer post to."""
    routes = ("studio_create", "studio_quote", "studio_model", "studio_references", "studio_poll")
    create, quote, model, references, poll = (reverse(route, args=[workspace_id]) for route in routes)
    return Links(create, quote, model, references, poll, static("studio/img/icons.svg"))


def _filled(workspace: Workspace, every_slot: Iterable[Slots]) -> list[FilledSlots]:
    """Show the pictures that are in the slots: our own by their thumbnail, an address by itself."""
    slots = list(every_slot)
    ids = [asset_id for one in slots for source in one.sources if (asset_id := from_public("asset", source))]
    found = Asset.objects.for_workspace(workspace).filter(pk__in=ids) if ids else ()
    assets = {asset.public_id: asset for asset in found}
    return [FilledSlots(one, tuple(_picture(source, assets.get(source)) for source in one.sources)) for one in slots]


def _picture(source: str, asset: Asset | None) -> Picture:
    if asset is None:
        return Picture(source, "", source.partition("?")[0].rpartition("/")[2][:60])
    return Picture(source, thumbnail_url(asset), asset.name)
