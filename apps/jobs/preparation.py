"""What a caller asks for, checked and priced before anything is held or written."""

import hashlib
import json
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from apps.accounts.actor import Actor
from apps.accounts.roles import Capability
from apps.catalog import inputs as catalog_inputs
from apps.catalog import prices, pricing
from apps.catalog.access import read_access
from apps.catalog.faults import Fault, refusal
from apps.catalog.models import AIModel, Endpoint, PriceVersion
from apps.catalog.price_rules import kept_rule
from apps.catalog.spec import path_of
from apps.errors import DomainError, NotFound
from apps.jobs import handover
from apps.ledger.amounts import ZERO
from apps.library import fetching
from apps.library.names import InvalidName, clean_name
from apps.providers import registry
from apps.providers.contract import ProviderUnavailable

_PROJECT_LENGTH: Final = 80
_METADATA_BYTES: Final = 4096


class NotAllowed(DomainError):
    """The role or the key may not do this."""

    code = "forbidden"


class ModelNotFound(NotFound):
    """No model of this id is sold here."""


class ModelDisabled(DomainError):
    """The model is switched off: ``details.by`` says by whom, and ``details.tool`` with which whole family, if so."""

    code = "model_disabled"


class ProviderNotConfigured(DomainError):
    """This installation has no access to the provider; ``details.setting`` names what is missing."""

    code = "provider_not_configured"


@dataclass(frozen=True, slots=True)
class JobRequest:
    """A request as its caller sent it: the model's inputs, and beside them what belongs to Easel."""

    inputs: Mapping[str, Any]  # JSON, not checked yet
    out: str = ""
    is_mock: bool = False
    format: str | None = None
    project: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)  # JSON, the caller's own

    def fingerprint(self, ai_model_id: str) -> str:
        """A digest of everything that makes this request what it is; equal for equal requests."""
        content = [ai_model_id, self.inputs, self.out, self.is_mock, self.format, self.project, self.metadata]
        return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Prepared:
    """A request that may run: its model, who serves it, and everything that does not depend on its pictures."""

    request: JobRequest
    ai_model: AIModel
    endpoint: Endpoint | None  # None: a mock
    price_version: PriceVersion
    is_mock: bool

    def clean(self, pictures: Mapping[str, catalog_inputs.Measured] | None) -> catalog_inputs.CleanInputs:
        """Check the inputs and what stands beside them, with as much as is known of the pictures.

        :raises InvalidInputs: with every fault.
        """
        request, faults = self.request, [fault.to_json() for fault in _wrapper_faults(self.request)]
        try:
            cleaned = catalog_inputs.clean(
                spec=self.ai_model.spec(), inputs=request.inputs, wrapper_format=request.format, pictures=pictures
            )
        except catalog_inputs.InvalidInputs as refused:
            raise catalog_inputs.InvalidInputs(str(refused), fields=[*faults, *refused.details["fields"]]) from refused
        if faults:
            raise catalog_inputs.InvalidInputs(faults[0]["message"], fields=faults)
        return cleaned


@dataclass(frozen=True, slots=True)
class Priced:
    """What a request would cost, and what would run."""

    amount_mc: int
    lines: tuple[pricing.Line, ...]
    warnings: tuple[str, ...]
    effective_inputs: Mapping[str, Any]  # JSON
    price_version: PriceVersion
    planned: catalog_inputs.PlannedOutputs


def prepare(
    *, actor: Actor, ai_model_id: str, request: JobRequest, now: datetime, price_version: PriceVersion | None = None
) -> Prepared:
    """Check who may run what, and everything of a request but its inputs. Five queries at most, nothing written.

    :raises NotAllowed: the role may not run jobs. :raises ModelNotFound: no such model.
    :raises ModelDisabled: somebody switched the model off for this caller.
    :raises ProviderNotConfigured: nobody here can run it; mock jobs need nobody.
    :raises InvalidInputs: nobody could run it anywhere.
    """
    if not actor.can(Capability.MAKE):
        raise NotAllowed("Your role in this workspace may look, but not run jobs. Ask an owner for the maker role.")
    ai_model = AIModel.objects.filter(pk=ai_model_id).first()
    if ai_model is None:
        raise ModelNotFound("There is no such model. GET /v1/models lists them.")
    if off := read_access(actor).off(ai_model):
        family = {"tool": off.tool} if off.tool else {}
        raise ModelDisabled(f"{ai_model.name} is not available. {off.sentence}", by=off.by.value, **family)
    prepared = Prepared(
        request=request,
        ai_model=ai_model,
        endpoint=None,
        price_version=price_version or prices.current_price(ai_model=ai_model, now=now),
        is_mock=request.is_mock or actor.is_test,
    )
    if prepared.is_mock:
        return prepared
    try:
        return replace(prepared, endpoint=_endpoint_of(ai_model, request.inputs))
    except ProviderNotConfigured:
        prepared.clean(pictures=None)  # what the caller can mend is told before what only the operator can
        raise


def price_of(
    prepared: Prepared, cleaned: catalog_inputs.CleanInputs, pictures: Mapping[str, catalog_inputs.Measured]
) -> Priced:
    """Price checked inputs, by the same rule that will charge them; a mock costs nothing."""
    planned = catalog_inputs.planned_outputs(
        spec=prepared.ai_model.spec(), effective=cleaned.effective, pictures=pictures
    )
    rule = kept_rule(prepared.price_version.sell_rule)
    quote = pricing.quote(rule=rule, effective=cleaned.effective, planned=planned)
    free = (pricing.Line(label="Mock run", quantity=planned.count, unit_mc=ZERO, amount_mc=ZERO),)
    return Priced(
        amount_mc=0 if prepared.is_mock else quote.amount_mc,
        lines=free if prepared.is_mock else quote.lines,
        warnings=cleaned.warnings,
        effective_inputs=cleaned.effective,
        price_version=prepared.price_version,
        planned=planned,
    )


@contextmanager
def in_place(references: Sequence[catalog_inputs.Reference]) -> Generator[None]:
    """Turn what is wrong with pictures into faults of the fields that name them.

    :raises InvalidInputs: instead of ``InvalidReferences``, with every fault.
    """
    try:
        yield
    except fetching.InvalidReferences as refused:
        faults = [
            Fault(_path_of(reference), fault.code, fault.message)
            for reference in references
            if (fault := refused.faults.get(reference.source))
        ]
        raise refusal(faults) from refused


def as_measured(pictures: Mapping[str, fetching.Measured]) -> dict[str, catalog_inputs.Measured]:
    """Hand what the library measured to the catalogue; the two do not know each other."""
    return {
        source: catalog_inputs.Measured(facts.width, facts.height, facts.content_type, facts.size_bytes)
        for source, facts in pictures.items()
    }


def with_sources(value: Any, names: Mapping[str, str]) -> Any:  # JSON in, JSON out
    """Write inputs anew, every picture's source replaced by the id it is kept under; other data URIs are left out."""
    if isinstance(value, dict):
        return {name: with_sources(item, names) for name, item in value.items()}
    if isinstance(value, list):
        return [with_sources(item, names) for item in value if not _is_unkept(item, names)]
    return names.get(value, value) if isinstance(value, str) else value


def _path_of(reference: catalog_inputs.Reference) -> str:
    index = reference.path[1] if len(reference.path) > 1 else None
    return path_of(reference.field, index if isinstance(index, int) else None)


def _is_unkept(value: object, names: Mapping[str, str]) -> bool:
    return isinstance(value, str) and value.startswith("data:") and value not in names


def _endpoint_of(ai_model: AIModel, inputs: Mapping[str, Any]) -> Endpoint:  # JSON, not checked yet
    endpoint = handover.endpoint_for(ai_model=ai_model, inputs=inputs)
    if endpoint is None:
        raise ProviderNotConfigured(f"Nobody serves such a run of {ai_model.name} in this installation.", setting=None)
    try:
        registry.check_configured(endpoint.adapter)
    except ProviderUnavailable as fault:
        raise ProviderNotConfigured(
            f"{ai_model.name} needs {fault.setting}, which the operator sets. With mock: true it runs without, free.",
            setting=fault.setting,
        ) from fault
    return endpoint


def _wrapper_faults(request: JobRequest) -> list[Fault]:
    """What is wrong beside the inputs."""
    faults = []
    if request.out:
        try:
            clean_name(request.out)
        except InvalidName as refused:
            faults.append(Fault("out", refused.code, str(refused)))
    if request.project is not None and not 1 <= len(request.project.strip()) <= _PROJECT_LENGTH:
        faults.append(Fault("project", "length", f"A project's name has 1 to {_PROJECT_LENGTH} characters."))
    if len(json.dumps(dict(request.metadata))) > _METADATA_BYTES:
        faults.append(Fault("metadata", "too_long", f"Metadata holds at most {_METADATA_BYTES} bytes of JSON."))
    return faults
