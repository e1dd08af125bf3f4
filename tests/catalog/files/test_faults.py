"""Where a fault of the catalogue's files stands: the file, the line, the field, and why."""

from pathlib import Path

import pytest

from apps.catalog.files.faults import Faults, InvalidCatalog, read_yaml
from apps.catalog.files.reading import read_catalog
from tests.catalog.conftest import Drop, Edit

pytestmark = pytest.mark.once


def _faults(folder: Path) -> list[tuple[str, int, str, str]]:
    with pytest.raises(InvalidCatalog) as caught:
        read_catalog(folder)
    return [(one["file"], one["line"], one["field"], one["message"]) for one in caught.value.details["faults"]]


def _swap(path: Path, old: str, new: str) -> int:
    """Replace a text that stands in a file once; its line is the answer."""
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))
    return text[: text.index(old)].count("\n") + 1


@pytest.mark.parametrize(
    ("old", "new", "field", "message"),
    [
        ("\nrating: null", "\nrating: 6", "rating", "6 is greater than the maximum of 5"),
        ("\nprovider: fal", "\nprovider: nobody", "provider", "There is no provider nobody."),
        ("  base: {per_call: 12}", "  base: {per_call: -12}", "price.base.per_call", ""),
        ("  field: aspect_ratio", "  field: shape", "format.field", "The schema has no field shape."),
        ("  type: object", "  type: thing", "schema.type", ""),
    ],
)
def test_a_fault_names_its_line(folder: Path, old: str, new: str, field: str, message: str) -> None:
    line = _swap(folder / "models" / "flux_pro.yaml", old, new) + old.startswith("\n")
    found = [fault for fault in _faults(folder) if fault[2] == field]
    assert [fault[:3] for fault in found] == [("flux_pro.yaml", line, field)]
    assert message in found[0][3]


def test_what_is_missing_is_named_where_it_should_be(folder: Path) -> None:
    path = folder / "models" / "flux_pro.yaml"
    _swap(path, "\nrating: null", "")
    line = _swap(path, "  status: stated\n", "")
    assert _faults(folder) == [
        ("flux_pro.yaml", 1, "", "'rating' is a required property"),
        ("flux_pro.yaml", line - 1, "price", "'status' is a required property"),
    ]


def test_a_fault_is_told_as_file_line_field_and_reason(folder: Path) -> None:
    line = _swap(folder / "models" / "flux_pro.yaml", "rating: null", "rating: 6")
    with pytest.raises(InvalidCatalog) as caught:
        read_catalog(folder)
    assert str(caught.value) == (
        f"The catalogue was not changed.\nflux_pro.yaml:{line}: rating: 6 is greater than the maximum of 5"
    )


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("a: 1\nb: [\n", 3, "did not find expected node content"),
        ("a: 1\nb:\n  c: 1\n  c: 2\n", 4, "the key c is given twice"),
        ("a: 1\n---\nb: 2\n", 2, "but found another document"),
        ("a: !!python/object:os.system {}\n", 1, "could not determine a constructor"),
        ("\x00", 1, "The file cannot be read"),
    ],
)
def test_what_is_no_yaml_is_named_with_its_line(tmp_path: Path, text: str, line: int, message: str) -> None:
    faults = Faults()
    (tmp_path / "a.yaml").write_text(text)
    assert read_yaml(tmp_path / "a.yaml", faults) is None
    assert [(fault.file, fault.line) for fault in faults.found] == [("a.yaml", line)]
    assert message in faults.found[0].message


def test_days_are_texts_and_repeated_parts_are_walked_once(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("day: 2026-12-01\none: &one\n  two: 2\nthree: *one\nlist: [4,\n  5]\n")
    document = read_yaml(tmp_path / "a.yaml", Faults())
    assert document
    assert document.content["day"] == "2026-12-01"
    assert [document.line_of(where) for where in ("day", "one.two", "three.two", "list.1", "list.9", "none", "")] == [
        *(1, 3, 4, 6, 5, 1, 1),
    ]


def test_one_id_in_two_files(folder: Path, edit: Edit, drop: Drop) -> None:
    drop(*(path.stem for path in (folder / "models").iterdir() if path.stem not in {"flux_pro", "flux_realism"}))
    edit("flux_realism", lambda data: data.update(id="flux_pro", tier_preset=None, lifecycle="active"))
    assert ("flux_realism.yaml", 1, "id", "The file is called flux_realism.") in _faults(folder)


def test_two_providers_of_one_id(folder: Path) -> None:
    path = folder / "providers.yaml"
    path.write_text(path.read_text() + "- {id: fal, name: Another}\n")
    last = len(path.read_text().splitlines())
    assert _faults(folder) == [("providers.yaml", last, "7.id", "There are two providers fal.")]


@pytest.mark.parametrize(
    ("row", "field", "message"),
    [
        ("{surface: studio, task: create, model: flux_pro}", "33", "There is a default for studio create already."),
        ("{surface: mcp, stage: refine, task: create, model: nobody}", "33.model", "There is no model nobody."),
        (
            "{surface: mcp, stage: refine, task: upscale, model: flux_pro}",
            "33.model",
            "flux_pro cannot do upscale.",
        ),
        (
            "{surface: mcp, stage: refine, task: mask_edit, model: nano_banana_edit}",
            "33.model",
            "nano_banana_edit cannot do mask_edit.",
        ),
        ("{surface: mcp, task: painting, model: flux_pro}", "33.task", "'painting' is not one of"),
        ("{surface: fax, task: create, model: flux_pro}", "33.surface", "'fax' is not one of"),
        ("{surface: mcp, task: create}", "33", "'model' is a required property"),
    ],
)
def test_a_default_that_cannot_be(folder: Path, row: str, field: str, message: str) -> None:
    path = folder / "defaults.yaml"
    path.write_text(path.read_text() + f"- {row}\n")
    last = len(path.read_text().splitlines())
    (fault,) = _faults(folder)
    assert fault[:3] == ("defaults.yaml", last, field)
    assert message in fault[3]


def test_no_default_is_retired(folder: Path, edit: Edit) -> None:
    edit("flux_schnell", lambda data: data.update(lifecycle="retired", retires_on="2027-01-01"))
    faults = _faults(folder)
    assert {(fault[0], fault[3]) for fault in faults} == {("defaults.yaml", "flux_schnell is retired.")}
    assert len(faults) == 3  # studio, api and mcp


def test_no_successor_is_retired(folder: Path, edit: Edit) -> None:
    edit("gpt_image_2", lambda data: data.update(lifecycle="retired", retires_on="2027-01-01"))
    assert [(one[0], one[2], one[3]) for one in _faults(folder)] == [
        ("gpt_image_1_5.yaml", "successor", "gpt_image_2 is retired.")
    ]
