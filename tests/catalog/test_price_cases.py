"""The worked prices: they are all there, they hold, and a wrong one is found and named."""

import hashlib
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from apps.catalog.files.faults import InvalidCatalog
from apps.catalog.files.reading import DATA, read_catalog
from apps.catalog.price_cases import PriceCase, check_case, failing, worked
from apps.catalog.price_rules import PerCall
from apps.ledger.amounts import ZERO, Millicredits, from_credits
from tests.catalog.conftest import Edit
from tests.catalog.shelf import URL, models

pytestmark = pytest.mark.once

CASES = [
    pytest.param(model_id, number, id=f"{model_id}-{number}")
    for model_id, model in sorted(models().items())
    for number in range(len(model.cases))
]


@pytest.mark.parametrize(("model_id", "number"), CASES)
def test_each_worked_case_costs_what_it_should(model_id: str, number: int) -> None:
    model = models()[model_id]
    assert check_case(model.cases[number], spec=model.spec, rule=model.rule) == ""


def test_no_case_is_lost() -> None:
    counted = Counter({model_id: len(model.cases) for model_id, model in models().items()})
    assert counted.total() == len((DATA / "price_cases.csv").read_text().splitlines()) - 1 == 154
    assert min(counted.values()) >= 2
    assert all(any(case.outcome == "charged" for case in model.cases) for model in models().values())
    first = "\n".join((DATA / "price_cases.csv").read_text().splitlines()[1:106])  # what the price list was agreed by
    assert hashlib.sha256(first.encode()).hexdigest() == (
        "693fd6c49624ed98763a59ebb77ee3691d5d09eca06d99ef53af50c1764933f3"
    )


@pytest.mark.parametrize("model_id", sorted(models()))
def test_a_case_survives_the_way_through_the_database(model_id: str) -> None:
    cases = models()[model_id].cases
    assert tuple(PriceCase.from_json(json.loads(json.dumps(case.to_json()))) for case in cases) == cases


def test_what_differs_is_told() -> None:
    model = models()["nano_banana_edit"]
    inputs = {"prompt": "a red kite", "image_urls": [URL], "num_images": 2}
    right = PriceCase(inputs, delivered=1, hold_mc=from_credits(60), charge_mc=from_credits(30))
    free = PriceCase(inputs, is_mock=True, outcome="mock")
    too_large = PriceCase(inputs, pictures=((9460, 9460),), outcome="refused", error="image_too_large")

    def check(case: PriceCase) -> str:
        return check_case(case, spec=model.spec, rule=model.rule)

    assert [check(case) for case in (right, free, too_large)] == ["", "", ""]
    assert check(replace(right, charge_mc=from_credits("30.5"))) == (
        "Should be 60 held and 30.5 charged, but is 60 held and 30 charged."
    )
    assert check(replace(right, inputs={"prompt": "a red kite"})) == (
        "Should be 60 held and 30 charged, but is refused (schema)."
    )
    assert check(replace(free, hold_mc=from_credits(60))) == (
        "Should be a mock, 60 held and 0 charged, but is a mock, 0 held and 0 charged."
    )
    assert check(replace(too_large, pictures=((946, 946),))) == (
        "Should be refused (image_too_large), but is 60 held and 60 charged."
    )
    assert failing([right, replace(right, delivered=2), free], spec=model.spec, rule=model.rule) == [
        (2, "Should be 60 held and 30 charged, but is 60 held and 60 charged.")
    ]


def test_another_rule_gives_the_same_requests_other_amounts() -> None:
    model = models()["flux_pro"]
    dearer = replace(model.rule, base=PerCall(Millicredits(13_500)))
    cases = worked(model.cases, spec=model.spec, rule=dearer)
    assert [case.hold_mc for case in cases] == [13_500, 54_000, 13_500, 0, 0]
    assert [replace(case, hold_mc=ZERO, charge_mc=ZERO) for case in cases] == [
        replace(case, hold_mc=ZERO, charge_mc=ZERO) for case in model.cases
    ]
    assert failing(cases, spec=model.spec, rule=dearer) == []
    assert [number for number, _ in failing(model.cases, spec=model.spec, rule=dearer)] == [1, 2, 3]


def test_a_price_that_fails_its_cases_is_refused(folder: Path, edit: Edit) -> None:
    edit("topaz_upscale_image", lambda data: data["price"]["base"].update(per_call=17))
    faults = _faults(folder)
    lines = (folder / "price_cases.csv").read_text().splitlines()
    assert {fault[:3:2] for fault in faults} == {("price_cases.csv", "topaz_upscale_image")}
    assert all("topaz_upscale_image" in lines[line - 1] for _, line, _, _ in faults)
    assert faults[0][3] == "Should be 16 held and 16 charged, but is 17 held and 17 charged."
    assert len(faults) == 5


def test_a_model_without_a_case_is_refused(folder: Path) -> None:
    path = folder / "price_cases.csv"
    path.write_text("".join(line for line in path.read_text().splitlines(keepends=True) if ",veo_3," not in line))
    (fault,) = _faults(folder)
    assert (fault[0], fault[2]) == ("veo_3.yaml", "price")
    assert fault[3] == "There is no worked price of veo_3 in price_cases.csv."


ROW = '999,reve,"{""prompt"": ""x"", ""image_url"": ""https://example.com/a.png""}",,,charged,,,8,8,000,why'


@pytest.mark.parametrize(
    ("row", "field", "message"),
    [
        (ROW.replace("999", "120"), "case", "There are two cases 120."),
        (ROW.replace("reve", "nobody"), "model", "There is no model nobody."),
        (ROW.replace('""x""', "x"), "params", "Is not JSON"),
        ("999,reve,[],,,charged,,,8,8,000,why", "params", "Must be a JSON object."),
        (ROW.replace(",,,charged", ',"{""size"": 1}",,charged'), "wrapper", "May hold a format and mock"),
        (ROW.replace(",,,charged", ',"{""format"": ""square""}",,charged'), "wrapper", "May hold a format and mock"),
        (ROW.replace(",,,charged", ",,wide,charged"), "input_images", "Must be sizes such as"),
        (ROW.replace("charged", "free"), "outcome", "Must be one of charged, mock, refused."),
        (ROW.replace("charged,,,8,8", "refused,,,0,0"), "error", "Says why a request is refused"),
        (ROW.replace("charged,,,8,8", "charged,schema,,8,8"), "error", "Says why a request is refused"),
        (ROW.replace("charged,,,8,8", "refused,taste,,0,0"), "error", "Says why a request is refused"),
        (ROW.replace(",,8,8", ",one,8,8"), "delivered", "Must be a number of files"),
        (ROW.replace(",8,8,", ",8.0001,8,"), "hold", "is not an amount of credits"),
        (ROW.replace(",8,8,", ",0,0,"), "hold", "Is more than zero where something is charged"),
        (ROW.replace(",8,8,", ",8,-8,"), "credits", "Must not be negative."),
        (ROW.replace(",8,8,", ",8,"), "", "A row has 12 cells."),
        (ROW + ",more", "", "A row has 12 cells."),
        (ROW.replace(",8,8,", ",9,9,"), "reve", "Should be 9 held and 9 charged, but is 8 held and 8 charged."),
        (ROW.replace("999", '"999'), "", "The row cannot be read"),
    ],
)
def test_a_row_that_is_wrong_is_named(folder: Path, row: str, field: str, message: str) -> None:
    path = folder / "price_cases.csv"
    path.write_text(path.read_text() + row + "\n")
    faults = _faults(folder)
    assert [fault[:3] for fault in faults] == [("price_cases.csv", 156, field)]
    assert message in faults[0][3]


@pytest.mark.parametrize("text", ["", "case,model\n1,reve\n", "\x00"])
def test_a_file_that_holds_no_cases_is_named(folder: Path, text: str) -> None:
    (folder / "price_cases.csv").write_text(text)
    assert ("price_cases.csv", 1) in {fault[:2] for fault in _faults(folder)}


def _faults(folder: Path) -> list[tuple[str, int, str, str]]:
    with pytest.raises(InvalidCatalog) as caught:
        read_catalog(folder)
    return [(one["file"], one["line"], one["field"], one["message"]) for one in caught.value.details["faults"]]
