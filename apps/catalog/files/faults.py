"""What is wrong in the catalogue's files, each with its file and line; and the reading of YAML that knows its lines."""

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from apps.errors import DomainError


class InvalidCatalog(DomainError):
    """The catalogue's files are wrong. ``details["faults"]`` lists every fault: {file, line, field, message}."""

    code = "invalid_catalog"


@dataclass(frozen=True, slots=True)
class FileFault:
    file: str  # its name, without folders
    line: int  # from 1
    field: str  # where in the file: «price.base.per_call»
    message: str

    def __str__(self) -> str:
        return ": ".join(part for part in (f"{self.file}:{self.line}", self.field, self.message) if part)


@dataclass(frozen=True, slots=True)
class Document:
    """A YAML file and where its parts stand."""

    name: str
    content: Any  # whatever the YAML holds
    lines: Mapping[str, int]  # «price.base.per_call» → line; the file itself is ""

    def line_of(self, where: str) -> int:
        """Find the line of a part, or of what it would be a part of."""
        while where and where not in self.lines:
            where = where.rpartition(".")[0]
        return self.lines.get(where, 1)


@dataclass(slots=True)
class Faults:
    """The faults of all files, as they are found."""

    found: list[FileFault] = field(default_factory=list)

    def add(self, document: Document, where: str, message: str) -> None:
        """Note a fault of a part of a YAML file."""
        self.found.append(FileFault(document.name, document.line_of(where), where, message))

    def add_line(self, name: str, line: int, where: str, message: str) -> None:
        """Note a fault of a line of a file."""
        self.found.append(FileFault(name, line, where, message))

    def refuse(self) -> None:
        """End the reading where anything is wrong.

        :raises InvalidCatalog: with every fault.
        """
        if self.found:
            lines = "\n".join(map(str, self.found))
            faults = [
                {"file": one.file, "line": one.line, "field": one.field, "message": one.message} for one in self.found
            ]
            raise InvalidCatalog(f"The catalogue was not changed.\n{lines}", faults=faults)


def read_yaml(path: Path, faults: Faults) -> Document | None:
    """Read a YAML file; None, and a fault noted, where it cannot be read."""
    try:
        loader = _Loader(path.read_text())
        node = loader.get_single_node()
        content = None if node is None else loader.construct_document(node)
    except yaml.MarkedYAMLError as fault:
        mark = fault.problem_mark or fault.context_mark
        faults.add_line(path.name, mark.line + 1 if mark else 1, "", f"The file cannot be read: {fault.problem}.")
        return None
    except (yaml.YAMLError, OSError, UnicodeDecodeError) as unreadable:
        faults.add_line(path.name, 1, "", f"The file cannot be read: {unreadable}")
        return None
    return Document(path.name, content, dict(_lines(node, "", set())) if node else {})


class _Loader(yaml.CSafeLoader):
    """Safe YAML that refuses a key given twice, and leaves dates as text."""

    yaml_implicit_resolvers = {  # noqa: RUF012  # the library's own form
        letter: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for letter, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        mapping = super().construct_mapping(node, deep)
        if len(mapping) < len(node.value):
            seen: set[object] = set()
            for key, _ in node.value:
                if key.value in seen:
                    problem = f"the key {key.value} is given twice"
                    raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
                seen.add(key.value)
        return mapping


def _lines(node: yaml.Node, where: str, seen: set[int]) -> Iterator[tuple[str, int]]:
    """Walk the parts of a file; what an alias repeats is walked once."""
    if id(node) in seen:
        return
    seen.add(id(node))
    if not where:
        yield where, node.start_mark.line + 1
    parts: list[tuple[str, yaml.Node, yaml.Node]] = []
    if isinstance(node, yaml.MappingNode):
        parts = [(str(key.value), key, value) for key, value in node.value]
    elif isinstance(node, yaml.SequenceNode):
        parts = [(str(index), item, item) for index, item in enumerate(node.value)]
    for name, place, value in parts:
        below = f"{where}.{name}" if where else name
        yield below, place.start_mark.line + 1
        yield from _lines(value, below, seen)
