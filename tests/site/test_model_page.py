"""A model's page says what the API says: facts, fields, prices; and what became of models that are gone."""

import json
import re
from datetime import date
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from apps.accounts.models import User
from apps.accounts.tenancy import Workspace
from apps.catalog.models import AIModel, Lifecycle, ModelStatistics
from apps.catalog.pricing import in_words
from apps.catalog.shelf import OnShelf
from apps.catalog.spec import ordered_properties
from apps.ledger.amounts import format_credits
from tests.builders import build_api_key
from tests.site.conftest import LONG_AGO, Reader


def test_every_models_page_has_its_fields_prices_and_samples(visitor: Client, catalog: list[OnShelf]) -> None:
    for one in catalog:
        page = unescape(visitor.get(f"/models/{one.ai_model.pk}").content.decode())
        assert re.findall(r'<th scope="row"><code>([^<]+)</code>', page) == list(
            ordered_properties(one.ai_model.schema)
        ), one.ai_model.pk
        for row in in_words(rule=one.rule, spec=one.spec):
            assert f'{row.what}</th><td class="num"><span class="cost">{format_credits(row.amount_mc)} cr' in page
        for sample in one.ai_model.sample_prompts:
            assert sample["prompt"] in page
        for name in one.ai_model.external_ids.values():
            assert f"<code>{name}</code>" in page


def test_the_page_and_the_api_agree(visitor: Client, acme: Workspace, alice: User, said: Reader) -> None:
    _, secret = build_api_key(acme, alice)
    headers = {"Authorization": f"Bearer {secret}"}
    for model_id in ("nano_banana_edit", "gpt_image_2", "flux_schnell"):
        data = visitor.get(f"/v1/models/{model_id}", headers=headers).json()
        schema = visitor.get(f"/v1/models/{model_id}/schema", headers=headers).json()
        answer = visitor.get(f"/models/{model_id}")
        page, text = answer.content.decode(), said(answer)
        assert data["name"] in text
        assert f"{format_credits(round(data['price']['from'] * 1000))} cr" in text
        for row in data["price"]["rows"]:
            assert f"{row['what']} {row['credits']:,} cr" in text
        if data["rating"]:
            assert f"{data['rating']} out of 5 stars" in page
        for name, field in schema["properties"].items():
            cells = page.partition(f"<code>{name}</code>")[2].partition("</tr>")[0]
            assert ("required" in cells) == (name in schema["required"])
            if isinstance(field.get("default"), int | str) and not isinstance(field["default"], bool):
                assert f"<code>{field['default'] if field['default'] != '' else 'empty'}</code>" in cells, name


def test_a_default_and_a_range_are_read_from_the_schema(visitor: Client, said: Reader) -> None:
    text = said(visitor.get("/models/nano_banana_edit"))
    assert "num_images integer 1 1 to 4" in text
    assert "image_urls required list of address none 1 to 14 items" in text
    assert "sync_mode boolean false any" in text
    assert "SynthID watermark" in text


def test_a_sample_prompt_opens_the_studio_after_signing_in(
    visitor: Client, alice_client: Client, acme: Workspace, catalog: list[OnShelf]
) -> None:
    page = visitor.get("/models/flux_schnell").content.decode()
    links = [unescape(link) for link in re.findall(r'href="(/try\?[^"]+)"', page)]
    prompts = [sample["prompt"] for sample in AIModel.objects.get(pk="flux_schnell").sample_prompts]
    assert [parse_qs(urlsplit(link).query)["prompt"][0] for link in links[1:]] == prompts
    stranger = visitor.get(links[1])
    assert stranger.status_code == 302
    assert urlsplit(stranger["Location"]).path == "/sign-in"
    assert parse_qs(urlsplit(stranger["Location"]).query)["next"] == [links[1]]
    known = alice_client.get(links[1])
    assert urlsplit(known["Location"]).path == f"/w/{acme.pk}/studio"
    asked = parse_qs(urlsplit(known["Location"]).query)
    assert (asked["model"], asked["prompt"]) == (["flux_schnell"], [prompts[0]])
    studio = alice_client.get(known["Location"])
    assert studio.status_code == 200
    assert prompts[0] in unescape(studio.content.decode())


def test_a_person_without_a_workspace_makes_one_first(mallory: User, client: Client) -> None:
    client.force_login(mallory)
    assert client.get("/try?model=flux_schnell")["Location"] == "/w/new"


def test_measured_figures_are_shown_from_twenty_runs_on(visitor: Client, said: Reader) -> None:
    figures = ModelStatistics.objects.create(
        ai_model_id="reve", window_days=30, runs=19, succeeded=18, median_ms=31_000, p95_ms=44_000, measured_at=LONG_AGO
    )
    assert "too few runs here to measure" in said(visitor.get("/models/reve"))
    figures.runs, figures.succeeded = 20, 19
    figures.save(update_fields=["runs", "succeeded"])
    text = said(visitor.get("/models/reve"))
    assert (
        "~27\N{NO-BREAK SPACE}s measured 31\N{NO-BREAK SPACE}s over 30 days".replace("\N{NO-BREAK SPACE}", " ") in text
    )
    assert "Succeeded 95% of 20 runs" in text


@pytest.mark.parametrize(("status", "sentence"), [("assumed", "this is our own"), ("inferred", "closest relative")])
def test_a_price_that_nobody_states_says_so(visitor: Client, said: Reader, status: str, sentence: str) -> None:
    AIModel.objects.filter(pk="reve").update(price_status=status)
    assert sentence in said(visitor.get("/models/reve"))


def test_a_deprecated_model_says_until_when_and_what_follows(visitor: Client, said: Reader) -> None:
    AIModel.objects.filter(pk="reve").update(
        lifecycle=Lifecycle.DEPRECATED, retires_on=date(2027, 2, 1), successor_id="flux_2_pro"
    )
    answer = visitor.get("/models/reve")
    assert "This model is deprecated and sold until 1 February 2027 ." in said(answer)
    assert '<a class="link" href="/models/flux_2_pro">' in answer.content.decode()


def test_a_retired_model_says_so_and_links_what_follows(visitor: Client, said: Reader) -> None:
    AIModel.objects.filter(pk="reve").update(lifecycle=Lifecycle.RETIRED, successor_id="flux_2_pro")
    answer = visitor.get("/models/reve")
    assert answer.status_code == 200
    assert "This model is retired" in said(answer)
    assert 'href="/models/flux_2_pro"' in answer.content.decode()
    assert "Parameters" not in said(answer)


@pytest.mark.parametrize("model_id", ["nano_bananna_edit", "Reve", "zzz", "compare_"])
def test_an_unknown_id_is_not_found_with_what_it_may_have_meant(visitor: Client, said: Reader, model_id: str) -> None:
    answer = visitor.get(f"/models/{model_id}")
    assert answer.status_code == 404
    assert "There is no such model" in said(answer)
    if model_id != "zzz":
        assert 'href="/models/' in answer.content.decode()
    if model_id == "nano_bananna_edit":
        assert 'href="/models/nano_banana_edit"' in answer.content.decode()


def test_what_staff_switched_off_is_not_found(visitor: Client) -> None:
    AIModel.objects.filter(pk="reve").update(is_enabled=False)
    assert visitor.get("/models/reve").status_code == 404
    assert visitor.get("/models/reve/sample.webp").status_code == 404


def test_words_from_the_catalogue_are_text_and_never_markup(visitor: Client) -> None:
    evil = "<img src=x onerror=alert(1)>'$(reboot)"
    AIModel.objects.filter(pk="flux_schnell").update(
        best_for=evil,
        sample_prompts=[{"title": evil, "prompt": evil, "inputs": {"seed": 7}}],
        verdict=evil,
        uses=[evil],
    )
    for address in ("/models/flux_schnell", "/models", "/models/stages", "/guide/choosing"):
        assert b"<img src=x" not in visitor.get(address).content
    page = unescape(visitor.get("/models/flux_schnell").content.decode())
    shell = page.partition("-d '")[2].partition("'</pre>")[0]
    assert json.loads(shell.replace("'\\''", "'"))["prompt"] == evil
    assert "seed=7" in page


def test_snippets_of_every_model_are_whole(visitor: Client, catalog: list[OnShelf]) -> None:
    for one in catalog:
        page = unescape(visitor.get(f"/models/{one.ai_model.pk}").content.decode())
        body = json.loads(page.partition("-d '")[2].partition("'</pre>")[0].replace("'\\''", "'"))
        assert body["mock"] is True
        assert set(body) == {*one.ai_model.schema.get("required", []), "mock"}
        python = page.partition('<pre class="python" tabindex="0">')[2].partition("</pre>")[0]
        compile(python, "snippet", "exec")
