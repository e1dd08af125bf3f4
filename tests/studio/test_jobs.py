"""Jobs: watched on the wall, listed, shown in full, canceled, tried again."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from apps.accounts.tenancy import Workspace
from apps.jobs.models import Job
from apps.jobs.states import State
from apps.ledger.balances import read_balance
from apps.providers.contract import Accepted, Pending, ProviderRejected
from apps.studio import jobs as jobs_page
from tests.builders import NOW
from tests.jobs.scripted import done, png
from tests.studio.conftest import Studio

if TYPE_CHECKING:  # there for types only: what the test client answers with
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

    Said = Callable[[Answer], str]


def failed(studio: Studio) -> Job:
    studio.provider.submits = [ProviderRejected("The model is overloaded.")]
    job = studio.finish(studio.run())
    studio.provider.submits = [done(png())]
    return job


# The wall


def test_a_poll_brings_open_runs_and_stops_with_the_last(studio: Studio, said: "Said") -> None:
    job = studio.run(inputs={"prompt": "a red kite", "num_images": 2})
    query = f"?run={job.public_id}"
    answer = studio.get("studio_poll", query=query)
    assert answer.status_code == 200
    assert said(answer).count("Next in line") == 2
    assert 'role="status"' not in said(answer)
    studio.finish(job)
    answer = studio.get("studio_poll", query=query)
    assert answer.status_code == 286
    assert f'<article class="run" id="run-{job.public_id}"' in said(answer)
    assert re.search(r"Done in \d+ s: a red kite", said(answer))
    assert 'name="run"' not in said(answer)


def test_a_running_job_shows_how_far_it_is(studio: Studio, said: "Said") -> None:
    job = studio.run("nano_banana_edit", inputs={"prompt": "at night", "image_urls": [studio.picture().public_id]})
    Job.objects.filter(pk=job.pk).update(state=State.RUNNING, started_at=job.created_at, progress=62)
    page = said(studio.get("studio_poll", query=f"?run={job.public_id}"))
    assert 'data-tenth="6"' in page
    assert 'role="progressbar"' in page
    assert 'aria-valuenow="62"' in page
    assert "62%" in page
    assert re.search(r"about \d+ s left|longer than usual", page)


def test_a_poll_leaves_other_workspaces_alone(studio: Studio, elsewhere: Workspace) -> None:
    job = studio.run()
    Job.objects.filter(pk=job.pk).update(workspace=elsewhere)
    answer = studio.get("studio_poll", query=f"?run={job.public_id}&run=nonsense")
    assert answer.status_code == 286
    assert job.public_id not in answer.content.decode()


def test_a_picture_that_was_not_delivered_is_not_hidden(studio: Studio, said: "Said") -> None:
    studio.finish(studio.run(inputs={"prompt": "a red kite", "num_images": 3}))
    page = said(studio.get("studio"))
    assert page.count("Not delivered") == 2
    assert '<span class="cost">1 cr</span><span>2 cr returned</span>' in page


# The list


def test_the_list_goes_on_where_the_page_ended(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs_page, "PAGE_SIZE", 2)
    made = [studio.run(inputs={"prompt": f"kite {number}"}).public_id for number in range(5)]
    shown, link = [], studio.url("jobs")
    while link:
        page = studio.client.get(link).content.decode()
        shown += re.findall(r'id="row-([^"]+)"', page)
        found = re.search(r'rel="next" href="([^"]+)"', page)
        link = found[1].replace("&amp;", "&") if found else ""
    assert shown == made[::-1]


def test_tabs_show_what_runs_and_what_failed(studio: Studio) -> None:
    over, broken, open_one = studio.finish(studio.run()), failed(studio), studio.run()
    for state, there in {
        "": [open_one, broken, over],
        "running": [open_one],
        "failed": [broken],
        "other": [open_one, broken, over],
    }.items():
        page = studio.get("jobs", query=f"?state={state}").content.decode()
        assert re.findall(r'id="row-([^"]+)"', page) == [job.public_id for job in there]


def test_the_list_refreshes_only_while_something_runs(studio: Studio) -> None:
    job = studio.run()
    assert b'hx-trigger="every 2s"' in studio.get("jobs").content
    studio.finish(job)
    assert b'hx-trigger="every 2s"' not in studio.get("jobs").content
    fragment = studio.get("jobs", **{"HX-Request": "true"})
    assert fragment.status_code == 286
    assert b"<html" not in fragment.content


# The page


def test_a_result_stands_against_what_it_was_made_from(studio: Studio, said: "Said") -> None:
    picture = studio.picture("kite.png", png(60, 40))
    job = studio.finish(studio.run("local_upscale", inputs={"image_url": picture.public_id}))
    page = said(studio.get("job", job.public_id))
    assert page.count('<div class="ba">') == 1
    assert "--ar: 1.5000;" in page
    assert "Before" in page
    assert "<dt>Shape and size</dt><dd>120 × 80</dd>" in page
    assert '<dt>You paid</dt><dd><span class="cost">1 cr</span></dd>' in page
    download = re.search(r'href="(/files/[^"]+)" aria-label="Download"', page)
    assert download
    answer = studio.client.get(download[1])
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/png")
    assert answer["Content-Disposition"].startswith("attachment")


def test_each_output_has_an_address(studio: Studio, said: "Said") -> None:
    studio.provider.submits = [done(png(color="red"), png(color="blue"))]
    job = studio.finish(studio.run(inputs={"prompt": "two kites", "num_images": 2}))
    assert "1 of 2" in said(studio.get("job", job.public_id))
    assert "2 of 2" in said(studio.get("job", job.public_id, query="?output=2"))
    for wrong in ("0", "3", "x", "-1", "9" * 40):
        assert "1 of 2" in said(studio.get("job", job.public_id, query=f"?output={wrong}"))


def test_what_can_be_built_on_a_picture_leads_to_the_studio_with_it(studio: Studio) -> None:
    job = studio.finish(studio.run())
    page = studio.get("job", job.public_id).content.decode()
    asset = job.outputs.get().asset.public_id
    links = re.findall(rf'href="([^"]*picture={asset}[^"]*)"', page)
    labels = re.findall(r"<span>([A-Z][a-z ]+)<small>", page)
    assert labels == ["Refine", "Upscale", "Change one thing", "Reframe", "Cut out", "Animate"]
    for link in links:
        assert f'value="{asset}"' in studio.client.get(link.replace("&amp;", "&")).content.decode()


def test_an_open_job_refreshes_itself_and_then_the_page(studio: Studio) -> None:
    job = studio.run()
    assert b'hx-trigger="every 2s"' in studio.get("job", job.public_id).content
    fragment = studio.get("job", job.public_id, **{"HX-Request": "true"})
    assert b"<html" not in fragment.content
    studio.finish(job)
    assert studio.get("job", job.public_id, **{"HX-Request": "true"})["HX-Refresh"] == "true"
    assert b'hx-trigger="every 2s"' not in studio.get("job", job.public_id).content


def test_a_failure_says_why_and_that_it_was_free(studio: Studio, said: "Said") -> None:
    page = said(studio.get("job", failed(studio).public_id))
    assert "The model is overloaded." in page
    assert "Failed, not charged" in page
    assert "<dt>Returned</dt><dd>−1 cr</dd>" in page


def test_unknown_jobs_are_not_found(studio: Studio) -> None:
    for job_id in ("job_01hv0000000000000000000001", "nonsense", "asset_01hv0000000000000000000001"):
        assert studio.get("job", job_id).status_code == 404


# Cancel and try again


def test_a_waiting_job_is_canceled_at_once_and_free(studio: Studio, said: "Said") -> None:
    job = studio.run()
    assert studio.post("job_cancel", job.public_id)["Location"] == studio.url("job", job.public_id)
    job.refresh_from_db()
    assert job.state == State.CANCELED
    assert read_balance(workspace=studio.workspace, now=NOW).available_mc == 1_000_000
    assert "nothing charged" in said(studio.get("studio"))


def test_a_running_job_says_that_it_is_being_canceled(studio: Studio, said: "Said") -> None:
    studio.provider.submits, studio.provider.polls = [Accepted("r1")], [Pending(poll_after=60)]
    job = studio.run()
    Job.objects.filter(pk=job.pk).update(state=State.RUNNING, started_at=job.created_at)
    page = said(studio.htmx("job_cancel", job.public_id))
    assert re.search(r"Canceling \d+:\d\d", page)
    assert f'id="cancel-{job.public_id}"' not in page


def test_canceling_what_has_ended_says_so(studio: Studio, said: "Said") -> None:
    job = studio.finish(studio.run())
    answer = studio.post("job_cancel", job.public_id)
    assert "This job has ended already" in said(studio.client.get(answer["Location"]))


def test_trying_again_is_a_new_job_at_the_price_on_the_button(studio: Studio) -> None:
    job = failed(studio)
    page = studio.get("studio").content.decode()
    form = page[page.index(f'action="{studio.url("job_retry", job.public_id)}"') :]
    fields: dict[str, Any] = dict(re.findall(r'name="(key|shown_mc)" value="([^"]*)"', form[:900]))  # what is posted
    first, second = (studio.post("job_retry", job.public_id, data=fields) for _ in range(2))
    again = Job.objects.get(retry_of=job)
    assert first["Location"] == second["Location"] == studio.url("job", again.public_id)
    assert (again.inputs, again.quoted_mc) == (job.inputs, 1000)


def test_trying_again_for_more_than_was_shown_is_refused(studio: Studio, said: "Said") -> None:
    job = failed(studio)
    answer = studio.post("job_retry", job.public_id, data={"key": "k", "shown_mc": "0"})
    assert "This job costs 1 credits; 0 are allowed." in said(studio.client.get(answer["Location"]))
    assert not Job.objects.filter(retry_of=job).exists()
