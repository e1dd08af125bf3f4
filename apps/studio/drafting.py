"""How a draft begins and moves on: from an address, from a job, from what the composer posts, to another model."""

from dataclasses import replace
from datetime import datetime

from django.http import Http404, QueryDict

from apps.accounts.actor import Actor
from apps.catalog.models import Stage, Task
from apps.catalog.spec import picture_fields
from apps.jobs.models import Job
from apps.jobs.preparation import JobRequest
from apps.studio import catalog, keep_unchanged, purposes
from apps.studio.access import SignedInRequest, find_job
from apps.studio.catalog import Assortment, Offered
from apps.studio.drafts import Draft
from apps.studio.fields import PROMPT
from apps.studio.forms import MOCK, carry_over, read_inputs, read_request, write_fields
from apps.studio.picker import SORTS
from apps.studio.references import rearranged

BLURRED = "blurred"


def read_draft(
    request: SignedInRequest, actor: Actor, everything: Assortment, *, now: datetime, model_field: str = "model"
) -> Draft:
    """Read what was posted, files included: they are stored at once.

    ``model_field`` says which model the posted fields belong to: the one chosen, or the one the form was drawn for.
    """
    chosen = everything.find(request.POST.get(model_field, ""))
    if chosen is None:
        raise Http404("There is no such model.")
    spec = chosen.ai_model.spec()
    sent = read_request(spec=spec, data=request.POST)
    arranged = rearranged(request=request, actor=actor, spec=spec, inputs=sent.inputs, now=now)
    draft = Draft(
        chosen,
        JobRequest(inputs=arranged.inputs, is_mock=sent.is_mock),
        upload_faults=arranged.faults,
        blurred=arranged.blurred | frozenset(request.POST.getlist(BLURRED)),
    )
    return _with_words(draft, request.POST)


def from_address(actor: Actor, everything: Assortment, query: QueryDict) -> Draft:
    """Begin a draft as a link asks for it: a picture alone is there to be edited."""
    if job_id := query.get("job"):
        return _from_job(everything, find_job(actor.workspace, job_id))
    picture, stage = query.get("picture", ""), query.get("stage", "")
    purpose = purposes.find(query.get("purpose", ""))
    chosen = everything.find(query.get("model", "")) or (purposes.model_for(everything, purpose) if purpose else None)
    if chosen is None and picture and not stage:
        chosen = everything.default_of(Task.IMAGE_EDIT)
    if chosen is None:
        stage = stage or Stage.EXPLORE
        chosen = catalog.default_of_stage(everything, stage=stage, with_picture=bool(picture)) or everything.models[0]
    slots = picture_fields(chosen.ai_model.schema)
    data = query.copy()
    if picture and slots:
        data[slots[0]] = picture
    if purpose and (words := purposes.words_for(purpose, query.get(PROMPT, ""))):
        data[PROMPT] = words
    draft = Draft(chosen, JobRequest(inputs=read_inputs(spec=chosen.ai_model.spec(), data=data)))
    return _with_words(draft, data)


def changed(source: Draft, everything: Assortment, *, wanted: str, given: QueryDict) -> Draft:
    """Move a draft to another model: a stage's, a purpose's or the wanted one, with the inputs that are given.

    What was typed for the model before comes along as far as the new one takes it; words always stay.
    """
    purpose = purposes.find(given.get("purpose", ""))
    target = (purposes.model_for(everything, purpose) if purpose else None) or _target(
        everything, source, stage=given.get("stage", ""), wanted=wanted
    )
    spec = target.ai_model.spec()
    inputs, dropped = carry_over(source=source.chosen.ai_model.spec(), target=spec, inputs=source.request.inputs)
    prompt = given.get(PROMPT, "") or source.prompt
    if purpose:
        prompt = purposes.words_for(purpose, prompt)
    inputs |= read_inputs(spec=spec, data=given)
    if prompt and PROMPT in spec.properties:
        inputs[PROMPT] = prompt
    return replace(
        source,
        chosen=target,
        request=JobRequest(inputs=inputs, is_mock=source.request.is_mock),
        prompt=prompt,
        purpose=purpose.id if purpose else "" if given.get("stage") else source.purpose,
        dropped=dropped,
    )


def place_of(draft: Draft) -> list[tuple[str, str]]:
    """Where in the studio a draft is, as an address says it."""
    return [("stage", draft.chosen.ai_model.stage), ("model", draft.chosen.ai_model.pk)]


def fields_of(draft: Draft) -> list[tuple[str, str]]:
    """A whole draft as an address or hidden fields hold it: what ``from_address`` begins again with."""
    inputs = {name: value for name, value in draft.request.inputs.items() if name != PROMPT}
    said = [
        (PROMPT, draft.prompt),
        (keep_unchanged.FIELD, draft.keep),
        ("purpose", draft.purpose),
        ("sort", draft.sort),
    ]
    said += [(BLURRED, one) for one in sorted(draft.blurred)]
    said += [(MOCK, "on")] if draft.request.is_mock else []
    return [*place_of(draft), *write_fields(inputs), *((name, value) for name, value in said if value)]


def _with_words(draft: Draft, data: QueryDict) -> Draft:
    sort, purpose = data.get("sort", ""), purposes.find(data.get("purpose", ""))
    return replace(
        draft,
        request=replace(draft.request, is_mock=data.get(MOCK) == "on"),
        prompt=data.get(PROMPT, "").replace("\r\n", "\n"),
        keep=data.get(keep_unchanged.FIELD, ""),
        purpose=purpose.id if purpose else "",
        sort=sort if sort in SORTS else "",
        blurred=draft.blurred | frozenset(data.getlist(BLURRED)),
    )


def _from_job(everything: Assortment, job: Job) -> Draft:
    """Begin with what a job was asked; its pictures are those that were kept of it."""
    chosen = everything.find(job.ai_model_id)
    if chosen is None:
        raise Http404("Its model is not on sale any more.")
    spec = chosen.ai_model.spec()
    pictures = picture_fields(spec.schema)
    inputs = {name: job.effective_inputs.get(name) if name in pictures else value for name, value in job.inputs.items()}
    kept = {name: value for name, value in inputs.items() if value is not None and name in spec.properties}
    prompt, keep = str(job.inputs.get(PROMPT) or ""), ""
    if keep_unchanged.is_asked(chosen.ai_model) and prompt:
        prompt, keep = keep_unchanged.part(prompt)
        kept[PROMPT] = prompt
    return Draft(chosen, JobRequest(inputs=kept, is_mock=job.is_mock), prompt=prompt, keep=keep)


def _target(everything: Assortment, source: Draft, *, stage: str, wanted: str) -> Offered:
    """The model to change to: a stage's own for the pictures at hand, the one that was picked, or the one there is."""
    has_picture = bool(source.pictures)
    of_stage = catalog.default_of_stage(everything, stage=stage, with_picture=has_picture) if stage else None
    return of_stage or everything.find(wanted) or source.chosen
