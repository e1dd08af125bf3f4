"""What the composer and the inspector show of a draft."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

from django.templatetags.static import static
from django.urls import reverse
from django.utils.http import urlencode

from apps.accounts.actor import Actor
from apps.accounts.tenancy import Workspace
from apps.catalog.models import Kind, Stage, Task
from apps.ids import from_public
from apps.library.models import Asset
from apps.studio import catalog, keep_unchanged
from apps.studio.catalog import Assortment, Step
from apps.studio.drafting import place_of
from apps.studio.drafts import Draft
from apps.studio.fields import PROMPT, Form, Slots
from apps.studio.forms import write_fields
from apps.studio.guidance import Guidance, guidance_of
from apps.studio.layout import form_of
from apps.studio.offers import Offer, offer_of
from apps.studio.picker import Picker, picker_of
from apps.studio.purposes import PURPOSES, Purpose, words_for
from apps.studio.purposes import find as find_purpose
from apps.studio.runs import thumbnail_url

SAMPLES: Final = (
    "A quiet reading room, arched window, teal chair, morning sun across oak boards",
    "Glass perfume bottle on a flat rock in a calm sea, sun going down behind it",
    "Felt fox in a red scarf, one paw up, plain studio background",
)


SMALL_EDGE: Final = 256  # pixels; a smaller picture gives a model little to hold on to


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture in a slot. ``url`` is empty where it cannot be shown."""

    source: str
    url: str
    name: str
    caution: str = ""  # why little can be expected of it


@dataclass(frozen=True, slots=True)
class Chip:
    """Something to begin with, one press away: a purpose, or a prompt. ``url`` works without a script."""

    id: str
    label: str
    icon: str
    title: str
    url: str
    post_url: str
    is_chosen: bool = False


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
    sort: str
    choose: str
    models: str
    sprite: str


@dataclass(frozen=True, slots=True)
class Desk:
    """The composer and the inspector, ready to be drawn."""

    path: list[Step]
    picker: Picker
    stage_label: str
    ai_model_id: str
    ai_model_name: str
    form: Form
    slots: list[FilledSlots]
    prompt: str
    keep: str
    asks_keep: bool  # whether this model is asked what should stay
    purpose: str
    purposes: tuple[Chip, ...]  # where there are pictures to work on
    starters: tuple[Chip, ...]
    guidance: Guidance | None
    blurred: tuple[str, ...]
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


def desk_of(actor: Actor, draft: Draft, *, everything: Assortment, available_mc: int | None, now: datetime) -> Desk:
    """Lay the composer out: the model's form, its pictures (one query), and today's price."""
    ai_model = draft.chosen.ai_model
    spec, stage = ai_model.spec(), Stage(ai_model.stage)
    form = form_of(spec=spec, inputs=draft.request.inputs, faults=draft.faults)
    words = form.prompt.value if form.prompt else ""
    default = catalog.default_of_stage(everything, stage=stage, with_picture=bool(draft.pictures))
    is_editor = ai_model.kind != Kind.TEXT_TO_IMAGE
    masks = everything.default_of(Task.MASK_EDIT)
    links = links_of(actor.workspace.pk)
    first = catalog.default_of_stage(everything, stage=Stage.EXPLORE, with_picture=False) or draft.chosen
    offer = offer_of(actor=actor, draft=draft, everything=everything, available_mc=available_mc, now=now)
    return Desk(
        path=catalog.path(everything, workspace_id=actor.workspace.pk, current=stage),
        picker=picker_of(
            everything,
            stage=stage,
            default=default.ai_model.pk if default else "",
            chosen=ai_model.pk,
            pictures=sum(len(one.sources) for one in form.slots),
            sort=draft.sort,
        ),
        stage_label=stage.label,
        ai_model_id=ai_model.pk,
        ai_model_name=ai_model.name,
        form=form,
        slots=_filled(actor.workspace, form.slots, draft.blurred),
        prompt=words or draft.prompt,
        keep=draft.keep,
        asks_keep=keep_unchanged.is_asked(ai_model),
        purpose=draft.purpose,
        purposes=_purposes(draft, links) if form.slots and (draft.pictures or is_editor) else (),
        starters=_starters(draft, links) if form.prompt else (),
        guidance=guidance_of(
            ai_model, most_pictures=draft.chosen.most_pictures, masks_with=masks.ai_model.name if masks else ""
        ),
        blurred=tuple(sorted(draft.blurred)),
        is_mock=draft.request.is_mock,
        offer=offer,
        refusal=draft.refusal,
        dropped=", ".join(draft.dropped).lower(),
        upload_faults=draft.upload_faults,
        sample_model_id=first.ai_model.pk,
        links=links,
    )


def links_of(workspace_id: UUID) -> Links:
    """Where the parts of a workspace's composer post to."""
    create, quote, model, references, poll, sort, choose, models = (
        reverse(route, args=[workspace_id])
        for route in (
            *("studio_create", "studio_quote", "studio_model", "studio_references", "studio_poll", "studio_sort"),
            *("choose", "models"),
        )
    )
    sprite = static("studio/img/icons.svg")
    return Links(create, quote, model, references, poll, sort, choose, models, sprite)


def _purposes(draft: Draft, links: Links) -> tuple[Chip, ...]:
    """What can be done to the pictures at hand; the first of them goes along without a script."""
    studio = links.create.removesuffix("/run")
    first = next((value for _, value in write_fields(draft.pictures)), "")
    given = [("prompt", draft.prompt), ("picture", first)]
    kept = [(name, value) for name, value in given if value]
    return tuple(
        Chip(
            one.id,
            one.label,
            one.icon,
            one.starter,
            f"{studio}?{urlencode([('purpose', one.id), *kept])}",
            f"{links.model}?purpose={one.id}",
            one.id == draft.purpose,
        )
        for one in PURPOSES
    )


def _starters(draft: Draft, links: Links) -> tuple[Chip, ...]:
    """Prompts of ours for the chosen model, and before them the one that belongs to the purpose."""
    studio, at_hand = links.create.removesuffix("/run"), [*place_of(draft), *write_fields(draft.pictures)]
    purpose = find_purpose(draft.purpose)
    offered = [(purpose.label, {PROMPT: purpose.starter})] if purpose and _is_open(purpose, draft.prompt) else []
    offered += [
        (one["title"], {PROMPT: one["prompt"], **one["inputs"]})
        for one in draft.chosen.ai_model.sample_prompts
        if one["prompt"]
    ]
    return tuple(
        Chip(
            f"starter-{number}",
            label,
            "",
            inputs[PROMPT],
            f"{studio}?{urlencode([*at_hand, *write_fields(inputs)])}",
            f"{links.model}?{urlencode(write_fields(inputs))}",
        )
        for number, (label, inputs) in enumerate(offered, start=1)
    )


def _is_open(purpose: Purpose, prompt: str) -> bool:
    """Whether a purpose's starter is still to be had."""
    return bool(purpose.starter) and words_for(purpose, prompt) != purpose.starter


def _filled(workspace: Workspace, every_slot: Iterable[Slots], blurred: frozenset[str]) -> list[FilledSlots]:
    """Show the pictures that are in the slots: our own by their thumbnail, an address by itself."""
    slots = list(every_slot)
    ids = [asset_id for one in slots for source in one.sources if (asset_id := from_public("asset", source))]
    found = Asset.objects.for_workspace(workspace).filter(pk__in=ids) if ids else ()
    assets = {asset.public_id: asset for asset in found}
    return [
        FilledSlots(one, tuple(_picture(source, assets.get(source), source in blurred) for source in one.sources))
        for one in slots
    ]


def _picture(source: str, asset: Asset | None, is_blurred: bool) -> Picture:
    if asset is None:
        return Picture(source, "", source.partition("?")[0].rpartition("/")[2][:60])
    return Picture(source, thumbnail_url(asset), asset.name, _caution(asset, is_blurred))


def _caution(asset: Asset, is_blurred: bool) -> str:
    """A picture that shows little can be worked from, but little comes of it."""
    if min(asset.width, asset.height) < SMALL_EDGE:
        return f"{asset.name} is only {asset.width} × {asset.height}: expect details to be invented."
    return f"{asset.name} looks blurred: a sharper picture is followed more closely." if is_blurred else ""
