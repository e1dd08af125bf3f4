"""The ledger's filters and its file: what they find, what they say, whose it is."""

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from apps.ids import to_public
from apps.ledger import posting
from apps.ledger.amounts import Millicredits
from apps.ledger.kinds import LotKind
from apps.library.models import Project
from apps.studio import ledger_page
from tests import builders
from tests.jobs.test_usage import charged_job
from tests.studio.conftest import Studio
from tests.studio.test_usage_page import rows_of

if TYPE_CHECKING:  # there for types only: what the test client answers with
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

    Said = Callable[[Answer], str]


def shown(studio: Studio, said: "Said", **asked: str) -> list[str]:
    """The titles of the lines that a filter leaves."""
    page = said(studio.client.get(studio.url("credits"), asked))
    rows = page[page.index('id="ledger"') :].split("<tbody>")[1:2]
    return [row.split("</a>")[0].rpartition(">")[2] for row in "".join(rows).split("</tr>")[:-1] if "</a>" in row]


def test_a_filter_leaves_what_it_says(studio: Studio, said: "Said") -> None:
    now = timezone.now()
    key, _ = builders.build_api_key(studio.workspace, studio.user, now=now)
    project = Project.objects.create(workspace=studio.workspace, name="Launch", created_at=now)
    kite = charged_job(studio.workspace, 1_000, at=now, inputs={"prompt": "a red kite"}, user_id=studio.user.pk)
    charged_job(studio.workspace, 2_000, at=now - timedelta(days=9), ai_model_id="flux_pro", inputs={"prompt": "Möwe"})
    charged_job(studio.workspace, 3_000, at=now, inputs={"prompt": "boat"}, project=project)
    assert shown(studio, said) == ["boat", "boat", "Möwe", "Möwe", "a red kite", "a red kite"]
    assert shown(studio, said, kind="settle") == ["boat", "Möwe", "a red kite"]
    assert shown(studio, said, model="flux_pro", kind="hold") == ["Möwe"]
    assert shown(studio, said, q="KITE") == ["a red kite"] * 2
    assert shown(studio, said, q=kite.public_id) == ["a red kite"] * 2
    assert shown(studio, said, until=f"{now - timedelta(days=5):%Y-%m-%d}", kind="hold") == ["Möwe"]
    assert shown(studio, said, since=f"{now:%Y-%m-%d}", kind="hold") == ["boat", "a red kite"]
    assert shown(studio, said, q=to_public("purchase", uuid4())) == []
    assert shown(studio, said, key=str(key.pk)) == []


@pytest.mark.parametrize(
    "asked",
    [
        {"kind": "line", "person": "x", "key": "%", "project": "''", "since": "yesterday", "until": "9999-99-99"},
        {"model": "x" * 5000, "q": "y" * 5000, "before": "z" * 5000, "since": "0001-01-01", "until": "9999-12-31"},
        {
            "before": str(uuid4()),
            "q": "job_nonsense",
            "covers": "9" * 5000,
            "explore": "nope",
            "by": "x",
            "period": "x",
        },
    ],
)
def test_an_address_of_nonsense_is_a_page(studio: Studio, asked: dict[str, str]) -> None:
    assert studio.client.get(studio.url("credits"), asked).status_code == 200
    assert studio.client.get(studio.url("ledger_csv"), asked).status_code == 200
    assert studio.client.get(studio.url("usage_csv"), asked).status_code == 200


def test_the_filter_stays_in_the_address(studio: Studio, said: "Said", monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_page, "PAGE_SIZE", 1)
    charged_job(studio.workspace, 1_000, at=timezone.now(), inputs={"prompt": "a&b"})
    charged_job(studio.workspace, 1_000, at=timezone.now(), inputs={"prompt": "a&b"})
    page = said(studio.client.get(studio.url("credits"), {"q": "a&b", "kind": "hold", "nothing": "x"}))
    assert f'href="{studio.url("ledger_csv")}?kind=hold&amp;q=a%26b"' in page
    assert f'rel="next" href="{studio.url("credits")}?kind=hold&amp;q=a%26b&amp;before=' in page
    assert 'name="q" maxlength="120" value="a&amp;b"' in page
    assert '<option value="hold" selected>Held for a run</option>' in page
    assert "2 in use" in page


def test_the_file_has_every_line_and_exact_numbers(studio: Studio) -> None:
    now = timezone.now()
    project = Project.objects.create(workspace=studio.workspace, name="Launch", created_at=now)
    job = charged_job(
        studio.workspace, 1_005, at=now, inputs={"prompt": "=kite"}, user_id=studio.user.pk, project=project
    )
    posting.adjust(
        workspace=studio.workspace,
        amount_mc=Millicredits(-500),
        reason="+mistake",
        actor_id=studio.user.pk,
        key="a",
        now=now,
    )
    adjusted, settled, held, given = rows_of(studio.get("ledger_csv"))
    stamp = now.isoformat().replace("+00:00", "Z")
    assert (adjusted["kind"], adjusted["credits"], adjusted["reason"]) == ("Corrected", "-0.5", "'+mistake")
    assert adjusted["person"] == "Alice Archer"
    line = settled.pop("line")
    assert line.startswith("line_")
    assert settled == {
        "time": stamp,
        "kind": "Settled",
        "credits": "0.005",
        "held": "-1.01",
        "amount": "1.005",
        "balance": "998.995",
        "what": "'=kite",
        "model": "FLUX.1 Schnell",
        "person": "Alice Archer",
        "api_key": "",
        "project": "Launch",
        "reason": "",
        "job": job.public_id,
        "purchase": "",
    }
    assert (held["balance"], given["balance"], given["credits"]) == ("998.99", "1000", "1000")
    assert rows_of(studio.get("ledger_csv", query="?kind=hold")) == [held]


def test_nothing_of_anothers_is_in_it(studio: Studio, mallory_client: Client) -> None:
    elsewhere = builders.build_workspace(studio.user, "Elsewhere")
    posting.grant(
        workspace=elsewhere,
        kind=LotKind.PROMO,
        amount_mc=Millicredits(7_000),
        key="x",
        now=timezone.now(),
    )
    assert [row["credits"] for row in rows_of(studio.get("ledger_csv"))] == ["1000"]
    for route in ("ledger_csv", "usage_csv"):
        assert mallory_client.get(studio.url(route)).status_code == 404
