"""What must hold among the models of the whole catalogue, and for its defaults. Pure."""

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from apps.catalog.checks.problems import Problem
from apps.catalog.kinds import Lifecycle
from apps.catalog.tasks import can_do

Content = Mapping[str, Any]  # a model's file, by data/model_file.schema.yaml


@dataclass(frozen=True, slots=True)
class DefaultEntry:
    """The model that a task begins with on a surface, at one stage or, with an empty one, at any."""

    surface: str
    task: str
    stage: str
    model: str


def range_problems(files: Mapping[str, Content], *, ids: Container[str]) -> Iterator[tuple[str, Problem]]:
    """List what does not fit among models: (name of the file, problem).

    :param files: name of the file → its content. :param ids: of all models, those too that could not be read.
    """
    by_id: dict[str, tuple[str, Content]] = {}
    tiers: dict[str, str] = {}
    for name, data in files.items():
        other = by_id.setdefault(data["id"], (name, data))[0]
        if other != name:
            yield name, ("id", f"{other} has this id, too.")
        if preset := data["tier_preset"]:
            first = tiers.setdefault(preset, data["id"])
            if first != data["id"]:
                yield name, ("tier_preset", f"{first} is {preset} already.")
    models = {model_id: data for model_id, (_, data) in by_id.items()}
    for name, data in files.items():
        editor = data["limits"].get("edits_with")
        if editor and editor not in ids:
            yield name, ("limits.edits_with", f"There is no model {editor}.")
        if problem := _successor_problem(data, models, ids):
            yield name, ("successor", problem)
    yield from _rank_problems(files)


def default_problems(entries: Sequence[DefaultEntry], models: Mapping[str, Content] | None) -> Iterator[Problem]:
    """List the defaults that cannot be; None for the models: they are not looked at."""
    taken: set[tuple[str, str, str]] = set()
    for index, entry in enumerate(entries):
        place = entry.surface, entry.task, entry.stage
        if place in taken:
            yield f"{index}", f"There is a default for {' '.join(filter(None, place))} already."
        taken.add(place)
        if models is None:
            continue
        data = models.get(entry.model)
        if data is None:
            yield f"{index}.model", f"There is no model {entry.model}."
        elif data["lifecycle"] == Lifecycle.RETIRED:
            yield f"{index}.model", f"{entry.model} is retired."
        elif not can_do(task=entry.task, kinds=[data["kind"], *data["also_kinds"]], capabilities=data["capabilities"]):
            yield f"{index}.model", f"{entry.model} cannot do {entry.task}."


def _successor_problem(data: Content, models: Mapping[str, Content], ids: Container[str]) -> str:
    successor = data["successor"]
    if successor is None:
        return ""
    if successor == data["id"]:
        return "A model cannot follow itself."
    if successor not in ids:
        return f"There is no model {successor}."
    is_retired = successor in models and models[successor]["lifecycle"] == Lifecycle.RETIRED
    return f"{successor} is retired." if is_retired else ""


def _rank_problems(files: Mapping[str, Content]) -> Iterator[tuple[str, Problem]]:
    taken: dict[tuple[str, int], str] = {}
    for name, data in files.items():
        for use_case, rank in data["use_cases"].items():
            other = taken.setdefault((use_case, rank), data["id"])
            if other != data["id"]:
                yield name, (f"use_cases.{use_case}", f"{other} is number {rank} already.")
