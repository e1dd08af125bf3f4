"""What must hold among the facts that are told of one model: its maker, its life, its ranks, its examples. Pure."""

from collections.abc import Container, Iterator, Mapping
from datetime import date
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from apps.catalog.checks.problems import Problem
from apps.catalog.kinds import Lifecycle
from apps.catalog.spec import picture_fields
from apps.catalog.use_cases import UseCase


def fact_problems(data: Mapping[str, Any], *, providers: Container[str]) -> list[Problem]:
    """List what does not hold among the facts of a model.

    :param data: by data/model_file.schema.yaml. :param providers: ids of those that there are.
    """
    checks = (_own_problems(data, providers), _life_problems(data), _sample_problems(data))
    return [problem for check in checks for problem in check]


def _own_problems(data: Mapping[str, Any], providers: Container[str]) -> Iterator[Problem]:
    if data["id"].startswith("job_"):
        yield "id", "Ids that start with job_ belong to jobs."
    if data["provider"] not in providers:
        yield "provider", f"There is no provider {data['provider']}."
    if data["kind"] in data["also_kinds"]:
        yield "also_kinds", f"{data['kind']} is its kind already."
    for use_case in data["use_cases"]:
        if use_case not in UseCase.values:
            yield f"use_cases.{use_case}", f"There is no use case {use_case}."


def _life_problems(data: Mapping[str, Any]) -> Iterator[Problem]:
    lifecycle, day = data["lifecycle"], data["retires_on"]
    if lifecycle == Lifecycle.ACTIVE:
        if day is not None:
            yield "retires_on", "An active model has no such day; call it deprecated."
        if data["successor"] is not None:
            yield "successor", "An active model has no successor; call it deprecated."
    elif day is None:
        yield "retires_on", f"A {lifecycle} model needs the day it is sold no more."
    if day is not None and not _is_day(day):
        yield "retires_on", f"{day} is not a day."


def _sample_problems(data: Mapping[str, Any]) -> Iterator[Problem]:
    """A sample is everything but the pictures, which only the customer has."""
    try:
        Draft202012Validator.check_schema(data["schema"])
    except SchemaError:
        return  # fit_problems speaks about it
    fields = data["schema"].get("properties", {})
    pictures = picture_fields(data["schema"])
    for index, sample in enumerate(data["sample_prompts"]):
        where = f"sample_prompts.{index}"
        if ("prompt" in fields) < bool(sample["prompt"]):
            yield f"{where}.prompt", "The model takes no prompt."
        values = sample["inputs"] | ({"prompt": sample["prompt"]} if sample["prompt"] else {})
        for name, value in values.items():
            place = f"{where}.prompt" if name == "prompt" else f"{where}.inputs.{name}"
            if name not in fields or name in pictures:
                yield place, f"The form has no field {name} to fill in."
            elif not Draft202012Validator(fields[name]).is_valid(value):
                yield place, f"{value!r} is not a value of {name}."


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
