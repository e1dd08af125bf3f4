"""Help me choose: a few questions, and the models that answer them, each one press away."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods

from apps.accounts.actor import Actor
from apps.accounts.roles import Capability
from apps.catalog.choosing import Recommendation, Suggestion, recommend
from apps.catalog.limits import MAX_REFERENCES
from apps.catalog.models import Stage, Task
from apps.catalog.wishes import Need, Wish
from apps.jobs.handover import served
from apps.ledger.amounts import from_credits
from apps.studio import catalog
from apps.studio.access import SignedInRequest, workspace_view
from apps.studio.catalog import Assortment
from apps.studio.desk import Links, links_of
from apps.studio.drafting import fields_of, from_address, read_draft
from apps.studio.drafts import Draft
from apps.studio.forms import write_fields
from apps.studio.shell import page, shell_of

SHOWN: Final = 6
_PREFIX: Final = "wish"  # before the names of its fields, since a draft's fields may come along
_NOT_SERVED: Final = "Nobody serves it in this installation: only a free test runs."


class WishForm(forms.Form):
    """What somebody wants a model for; every answer may be left out."""

    stage = forms.ChoiceField(
        label="Where are you in the work?",
        required=False,
        choices=[("", "Does not matter"), *Stage.choices],
        widget=forms.Select({"class": "select"}),
    )
    task = forms.ChoiceField(
        label="What is to be done?",
        required=False,
        choices=[("", "Does not matter"), *Task.choices],
        widget=forms.Select({"class": "select"}),
    )
    needs = forms.MultipleChoiceField(
        label="What matters?", required=False, choices=Need.choices, widget=forms.CheckboxSelectMultiple
    )
    references = forms.IntegerField(
        label="References",
        required=False,
        min_value=0,
        max_value=10 * MAX_REFERENCES,
        widget=forms.NumberInput({"class": "input", "placeholder": "0"}),
    )
    pictures = forms.IntegerField(
        label="Pictures",
        required=False,
        min_value=1,
        max_value=10_000,
        widget=forms.NumberInput({"class": "input", "placeholder": "1"}),
    )
    budget = forms.DecimalField(
        label="At most, in credits",
        required=False,
        min_value=Decimal(0),
        max_value=Decimal(10_000_000),
        decimal_places=3,
        widget=forms.NumberInput({"class": "input", "placeholder": "Any"}),
    )
    seconds = forms.IntegerField(
        label="Within, in seconds",
        required=False,
        min_value=1,
        max_value=86_400,
        widget=forms.NumberInput({"class": "input", "placeholder": "Any"}),
    )

    def wish(self) -> Wish:
        """What was answered; a wrong answer counts as none."""
        given: Mapping[str, Any] = self.cleaned_data  # by field
        budget = given.get("budget")
        return Wish(
            task=given.get("task", ""),
            stage=given.get("stage", ""),
            needs=frozenset(given.get("needs", ())),
            references=given.get("references") or None,
            max_mc=None if budget is None else from_credits(f"{budget:f}"),
            seconds=given.get("seconds"),
            pictures=given.get("pictures") or 1,
        )


@dataclass(frozen=True, slots=True)
class Answer:
    """A model that fits."""

    id: str
    name: str
    stage: str
    stage_label: str
    provider: str
    price_mc: int
    reasons: tuple[str, ...]
    cautions: tuple[str, ...]
    unavailable: str
    use_url: str  # where the draft is posted to, to go on with this model


@dataclass(frozen=True, slots=True)
class Hint:
    """Something to know before choosing at all, and the model that is the better tool."""

    sentence: str
    id: str
    name: str
    use_url: str


@dataclass(frozen=True, slots=True)
class Choices:
    """What fits, the best first."""

    hints: tuple[Hint, ...]
    answers: tuple[Answer, ...]
    more: int  # that fit, too, and are not shown
    nothing: str


@require_http_methods(["GET", "POST"])
@workspace_view(Capability.MAKE)
def choose(request: SignedInRequest, actor: Actor) -> HttpResponse:
    """Ask, and suggest; what lies in the composer comes along and is there again with the model that is taken.

    htmx gets the dialog for the studio, or for an answer the suggestions alone.
    """
    now = timezone.now()
    everything = catalog.offered(actor, now=now)
    if not everything.models:
        return redirect("studio", actor.workspace.pk)
    if "was" in request.POST:
        draft = read_draft(request, actor, everything, now=now, model_field="was")
    else:
        draft = from_address(actor, everything, request.GET)
    form, wish = _read_wish(request, draft)
    links = links_of(actor.workspace.pk)
    is_dialog = bool(request.htmx) and not request.POST.get("page")
    context: dict[str, Any] = {  # template values
        "form": form,
        "choices": _choices(everything, wish, links),
        "links": links,
        "is_dialog": is_dialog,
        "kept": [("was", draft.chosen.ai_model.pk), *fields_of(draft)[2:]],  # less stage and model: those are chosen
        "choose_url": reverse("choose", args=[actor.workspace.pk]),
    }
    if request.htmx:
        template = "studio/_choices.html" if request.htmx.target == "choices" else "studio/_chooser.html"
        return render(request, template, context)
    shell = shell_of(actor, current="studio", everything=everything)
    return page(request, actor, "studio/choose.html", shell=shell, **context)


def _read_wish(request: SignedInRequest, draft: Draft) -> tuple[WishForm, Wish]:
    """The answers so far; to begin with, the number of pictures at hand is known."""
    data = request.POST if request.method == "POST" else request.GET
    if any(name.startswith(f"{_PREFIX}-") for name in data):
        form = WishForm(data, prefix=_PREFIX)
        form.is_valid()
        return form, form.wish()
    references = sum(len(value) if isinstance(value, list) else 1 for value in draft.pictures.values()) or None
    return WishForm(prefix=_PREFIX, initial={"references": references}), Wish(references=references)


def _choices(everything: Assortment, wish: Wish, links: Links) -> Choices:
    within_reach = served()
    shelf = [one.on_shelf for one in everything.models]
    unavailable = {one.ai_model.pk: _NOT_SERVED for one in shelf if one.ai_model.pk not in within_reach}
    found = recommend(shelf, wish=wish, unavailable=unavailable)
    return Choices(
        hints=_hints(found, everything, links),
        answers=tuple(_answer(one, links) for one in found.suggestions[:SHOWN]),
        more=max(0, len(found.suggestions) - SHOWN),
        nothing=found.nothing,
    )


def _hints(found: Recommendation, everything: Assortment, links: Links) -> tuple[Hint, ...]:
    said = ((one, everything.find(one.ai_model_id)) for one in found.advice)
    return tuple(
        Hint(one.sentence, better.ai_model.pk, better.ai_model.name, links.model)
        if better
        else Hint(one.sentence, "", "", "")
        for one, better in said
    )


def _answer(one: Suggestion, links: Links) -> Answer:
    ai_model = one.on_shelf.ai_model
    settings = urlencode(write_fields(one.inputs))
    return Answer(
        id=ai_model.pk,
        name=ai_model.name,
        stage=ai_model.stage,
        stage_label=Stage(ai_model.stage).label,
        provider=ai_model.provider.name,
        price_mc=one.price_mc,
        reasons=one.reasons,
        cautions=one.cautions,
        unavailable=one.unavailable,
        use_url=f"{links.model}?{settings}" if settings else links.model,
    )
