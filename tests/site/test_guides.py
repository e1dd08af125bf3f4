"""The guides, the calculator and the index: figures from the prices in force, dates from rows, links that answer."""

import re
from datetime import UTC, datetime
from io import BytesIO
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.test import Client
from PIL import Image

from apps.catalog.models import AIModel, PriceVersion
from apps.catalog.shelf import OnShelf
from apps.ledger.kinds import burn_order
from apps.site.samples import draw_sample
from tests.billing.shops import selling
from tests.site.conftest import LONG_AGO, Reader


def test_the_comparison_has_its_six_models_with_both_prices(visitor: Client, said: Reader) -> None:
    text = said(visitor.get("/guide/choosing")).partition("Best for")[2].partition("Consistency is")[0]
    for line in (
        "GPT Image 2 OpenAI USD 0.01 to 0.41 10.6 cr 10 Elite",
        "Nano Banana 2 Google USD 0.08 to 0.16 16 cr 14 Excellent",
        "Black Forest Labs USD 0.03 to 0.05 6 cr 1 Strong",
        "ByteDance USD 0.032 7 cr 10 Good",
        "Imagen 4 Ultra Google DeepMind USD 0.06 12 cr text only N/A",
        "Z-Image Turbo Z-AI USD 0.01 2 cr text only N/A",
    ):
        assert line in text


@pytest.mark.parametrize(("level", "count"), [("Elite", 1), ("N/A", 2), ("nonsense", 6), ("%00", 6)])
def test_the_comparison_is_filtered_by_level(visitor: Client, level: str, count: int) -> None:
    page = visitor.get("/guide/choosing", {"consistency": level}).content.decode()
    table = page.partition("Models compared by developer")[2].partition("</table>")[0]
    assert table.count('<tr><th scope="row">') == count


def test_totals_follow_the_prices_in_force(visitor: Client, said: Reader) -> None:
    text = said(visitor.get("/guide/choosing"))
    for line in ("300 cr that is USD 1.50", "1,600 cr that is USD 8.00", "1,060 cr that is USD 5.30", "3,500 cr"):
        assert line in text
    assert "at list price USD 16.00" in text
    price = PriceVersion.objects.get(ai_model_id="seedream_v5_edit")
    price.sell_rule["base"]["per_call_mc"] = 9000
    price.pk, price.number, price.effective_at = None, 2, datetime(2026, 2, 1, tzinfo=UTC)
    price.save(force_insert=True)
    text = said(visitor.get("/guide/choosing"))
    assert "4,500 cr that is USD 22.50" in text
    assert "3,500 cr" not in text


def test_what_the_gift_covers_is_told_at_both_prices(visitor: Client, said: Reader) -> None:
    text = said(visitor.get("/guide/choosing")).partition("How far do the 200 cr")[2].partition("Is what I see")[0]
    for line in ("GPT Image 2 medium 18 18", "Nano Banana 2 1K 12 12", "20–33 33", "31 28"):
        assert line in text


def test_the_first_of_every_use_case_leads_it(visitor: Client) -> None:
    page = visitor.get("/guide/choosing").content.decode()
    firsts = dict(re.findall(r'<div id="use-([a-z_]+)">.*?<a class="link" href="/models/([^"]+)"', page))
    assert firsts == {
        "complex_reasoning_and_text": "gpt_image_2",
        "character_consistency": "nano_banana_2",
        "brand_consistency": "flux_2_pro",
        "high_volume_variants": "seedream_v5_edit",
        "best_quality_without_reference": "imagen_4_ultra",
        "fastest_without_reference": "z_image_turbo",
        "background_removal": "recraft",
        "reframe": "ideogram_reframe",
        "upscale": "topaz_upscale_image",
        "mask_edit": "openai_4o",
        "local_edit": "flux_kontext",
        "image_to_video_with_sound": "veo_3",
        "image_to_video_cinematic": "sora_2",
        "studio_image_edit": "nano_banana_edit",
    }


def test_the_date_moves_with_the_compared_models_alone(visitor: Client) -> None:
    AIModel.objects.update(updated_at=LONG_AGO)
    AIModel.objects.filter(pk="reve").update(updated_at=datetime(2026, 5, 1, tzinfo=UTC))
    assert "1 January 2026" in visitor.get("/guide/choosing").content.decode()
    AIModel.objects.filter(pk="gpt_image_2").update(updated_at=datetime(2026, 4, 29, tzinfo=UTC))
    assert "29 April 2026" in visitor.get("/guide/choosing").content.decode()


def test_other_tools_are_named_where_they_are_the_right_ones(visitor: Client, said: Reader) -> None:
    text = said(visitor.get("/guide/choosing")).partition("When another tool is the right one")[2]
    assert "OpenAI 4o Image" in text.partition("An exact color")[0]
    assert "Recraft Background Removal" in text.partition("Only the background away")[2].partition("What a week")[0]


def test_stages_show_the_six_leaders_with_strength_moment_and_value(visitor: Client, said: Reader) -> None:
    text = said(visitor.get("/guide/stages"))
    for model_id in ("bytedance_seedream", "nano_banana_v1", "nano_banana_2", "flux_kontext", "veo_3", "sora_2"):
        ai_model = AIModel.objects.get(pk=model_id)
        assert ai_model.summary is not None
        for name in ("strength", "moment", "value"):
            assert ai_model.summary[name] in text, model_id


def test_billing_says_what_a_credit_is_and_lists_every_price(
    visitor: Client, said: Reader, catalog: list[OnShelf]
) -> None:
    text = said(visitor.get("/guide/billing"))
    assert "A credit USD 0.005" in text
    assert "200 credits are one dollar" in text
    assert "To begin with 200 cr USD 1.00" in text
    page = visitor.get("/guide/billing").content.decode()
    assert re.findall(r'rowspan="\d+"><a class="link" href="/models/([^"]+)"', page) == [
        one.ai_model.pk for one in catalog
    ]


def test_billing_tells_the_order_that_credits_are_spent_in(visitor: Client, said: Reader) -> None:
    """Word for word as the ledger's table has it; tests/studio/test_burn_order.py compares that with spending."""
    text = said(visitor.get("/guide/billing"))
    assert [[kind.value for kind in kinds] for kinds in burn_order()] == [
        *(["promo"], ["signup"], ["compensation"], ["adjustment"]),
        ["purchase", "reinstated"],
    ]
    assert "Gift Welcome credits Compensation Correction Bought, Given back More credits" in text


def test_billing_lists_the_packs_where_any_are_sold(visitor: Client, said: Reader) -> None:
    assert "This installation sells no credits." in said(visitor.get("/guide/billing"))
    with selling():
        text = said(visitor.get("/guide/billing"))
    assert "Small 1,000 cr $10.00 · €9.00 Large 10,500 cr 500 cr of it a gift $50.00" in text
    assert "sells no credits" not in text


@pytest.mark.parametrize(
    ("query", "lines"),
    [
        ("", ("200 cr, worth USD 1.00", "GPT Image 2 medium USD 0.053 18 10.6 cr 18", "USD 0.032 31 7 cr 28")),
        ("?amount=25&unit=usd&model=reve", ("5,000 cr, worth USD 25.00", "Reve – – 8 cr 625")),
        ("?amount=60&unit=credits&model=nano_banana", ("60 cr, worth USD 0.30", "30 cr 2", "60 cr 1")),
        ("?pictures=100&model=nano_banana_2", ("100 pictures cost", "USD 0.08 USD 8.00 1,600 cr USD 8.00")),
        ("?pictures=500&model=seedream_v5_edit", ("USD 0.032 USD 16.00 3,500 cr USD 17.50",)),
        ("?pictures=50&model=flux_2_pro", ("USD 0.03–0.05 USD 1.50–2.50 300 cr USD 1.50",)),
        ("?pictures=1&model=reve", ("1 picture costs",)),
    ],
)
def test_the_calculator_works_both_ways(visitor: Client, said: Reader, query: str, lines: tuple[str, ...]) -> None:
    answer = visitor.get(f"/calculator{query}")
    assert answer.status_code == 200
    for line in lines:
        assert line in said(answer)


def test_the_calculator_takes_every_model(visitor: Client, catalog: list[OnShelf]) -> None:
    page = visitor.get("/calculator?pictures=3&model=all").content.decode().partition('id="answer"')[2]
    for one in catalog:
        assert f'href="/models/{one.ai_model.pk}"' in page


@pytest.mark.parametrize(
    "query",
    [
        "?amount=-1",
        "?amount=NaN",
        "?amount=1e5",
        "?amount=0",
        "?amount=1.0000001",
        "?amount=1.0001&unit=credits",
        "?amount=" + "9" * 300,
        "?amount=1&unit=euro",
        "?pictures=0",
        "?pictures=-3",
        "?pictures=1.5",
        "?pictures=1000001",
        "?pictures=%D9%A3",
        "?pictures=" + "9" * 300,
        "?amount=1&model=nope",
        "?amount=1&model=%3Cscript%3E",
    ],
)
def test_the_calculator_refuses_in_words(visitor: Client, query: str) -> None:
    answer = visitor.get(f"/calculator{query}")
    assert answer.status_code == 422
    assert b"told bad" in answer.content
    assert b"<script>" not in answer.content


def test_the_index_lists_every_page_once_and_every_link_answers(visitor: Client, catalog: list[OnShelf]) -> None:
    answer = visitor.get("/llms.txt")
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    links = re.findall(r"^- \[[^]]+\]\((\S+)\): .+$", answer.content.decode(), re.MULTILINE)
    assert len(links) == len(set(links)) == 9 + len(catalog)
    for link in links:
        assert link.startswith(f"{settings.EASEL_BASE_URL}/")
        assert visitor.get(urlsplit(link).path).status_code == 200, link


def test_a_sample_picture_is_the_mocks_and_the_same_every_time(visitor: Client) -> None:
    first = visitor.get("/models/reve/sample.webp")
    assert first.status_code == 200
    assert first["Content-Type"] == "image/webp"
    assert set(first["Cache-Control"].split(", ")) == {"public", "max-age=86400"}
    assert not first.cookies
    with Image.open(BytesIO(first.content)) as picture:
        assert picture.size == (480, 320)
        picture.load()
    assert draw_sample(ai_model_id="reve", words="a kite") == draw_sample(ai_model_id="reve", words="a kite")
    assert draw_sample(ai_model_id="reve", words="a kite") != draw_sample(ai_model_id="qwen", words="a kite")
    again = visitor.get("/models/reve/sample.webp?anything=else", headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert visitor.get("/models/nope/sample.webp").status_code == 404


def test_a_sample_picture_changes_with_its_prompt(visitor: Client) -> None:
    before = visitor.get("/models/reve/sample.webp")
    AIModel.objects.filter(pk="reve").update(sample_prompts=[{"title": "A", "prompt": "a red kite", "inputs": {}}])
    after = visitor.get("/models/reve/sample.webp", headers={"If-None-Match": before["ETag"]})
    assert after.status_code == 200
    assert after.content == draw_sample(ai_model_id="reve", words="a red kite")
