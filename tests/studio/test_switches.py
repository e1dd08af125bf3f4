"""The Models page: who sees which switches, what pressing one does, and where tasks begin."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client

from apps.accounts.models import AuditEntry, User
from apps.accounts.roles import Role
from apps.catalog.access import Place, read_switchboard
from apps.catalog.models import AIModel, DefaultModel, Surface, Switch, SwitchedOff, Task
from apps.catalog.switching import switch
from apps.catalog.tools import tool_of
from apps.jobs.models import Job
from tests import builders
from tests.studio.conftest import LONG_AGO, Studio

if TYPE_CHECKING:  # there for types only: what the test client answers with
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer
    from pytest_django import DjangoAssertNumQueries

    Said = Callable[[Answer], str]

ASKED = {"model": "flux_schnell", "prompt": "a red kite", "shown_mc": "1000", "key": "one"}


def turn(studio: Studio, by: Switch = Switch.WORKSPACE, subject: str = "", **target: str) -> None:
    """Switch off, as somebody did before."""
    workspace = None if by is Switch.INSTALLATION else studio.workspace
    switch(by=by, workspace=workspace, subject=subject, is_on=False, actor_id=None, now=LONG_AGO, **target)


def switches_on(page: str) -> dict[str, bool]:
    """What each switch on a page would send, but for the position: does it stand at on?"""
    found = re.findall(r'name="turn" value="([^"]+)\.(?:on|off)" aria-checked="(true|false)"', page)
    return {name: state == "true" for name, state in found}


def client_of(studio: Studio, role: Role) -> Client:
    """A session of somebody else in the workspace."""
    client = Client()
    client.force_login(builders.build_member(studio.workspace, f"{role}@acme.example", role))
    return client


def off_places(studio: Studio) -> frozenset[Place]:
    return read_switchboard(workspace=studio.workspace).switched_off


def test_an_owner_has_every_partys_switches(studio: Studio, said: "Said") -> None:
    turn(studio, tool="nano_banana")
    turn(studio, Switch.ROLE, "maker", ai_model_id="flux_pro")
    page = said(studio.get("models"))
    found = switches_on(page)
    on_sale = set(AIModel.objects.enabled().values_list("pk", flat=True))
    parties = ("me", "workspace", "owner", "admin", "maker")
    assert {name for name in found if ".model." in name} == {f"{who}.model.{one}" for who in parties for one in on_sale}
    assert {name for name in found if name.endswith(".tool.nano_banana")} == {
        f"{who}.tool.nano_banana" for who in parties
    }
    off = {name for name, is_on in found.items() if not is_on}
    family = set(AIModel.objects.filter(tool="nano_banana").values_list("pk", flat=True)) & on_sale
    covered = {f"workspace.model.{one}" for one in family}
    assert off == {"workspace.tool.nano_banana", "maker.model.flux_pro"} | covered
    assert page.count('class="turn" role="switch" id="turn-workspace-model-nano_banana"') == 1
    assert page.count("disabled></button>") == len(covered)
    assert "All of Nano Banana is switched off by your workspace." in page
    assert f"{len(on_sale) - len(family)} of {len(on_sale)} models are on for you" in page


@pytest.mark.parametrize("role", [Role.MAKER, Role.VIEWER])
def test_a_member_has_ones_own_and_reads_who_switched_off_the_rest(studio: Studio, said: "Said", role: Role) -> None:
    turn(studio, Switch.ROLE, role.value, ai_model_id="flux_pro")
    client = client_of(studio, role)
    page = said(client.get(studio.url("models")))
    assert {name.split(".")[0] for name in switches_on(page)} == {"me"}
    assert (
        f'<small id="who-model-flux_pro" class="off">Switched off for {role.value}s by your workspace.</small>' in page
    )
    assert "for makers by your workspace" not in said(studio.get("models"))


def test_pressing_a_switch_turns_it_and_comes_back(studio: Studio) -> None:
    noted = AuditEntry.objects.count()
    answer = studio.post("model_switch", data={"turn": "maker.tool.nano_banana.off"})
    assert answer["Location"] == f"{studio.url('models')}#tool-nano_banana"
    assert off_places(studio) == {Place(Switch.ROLE, "maker", "nano_banana", None)}
    studio.post("model_switch", data={"turn": "maker.tool.nano_banana.off"})
    assert (SwitchedOff.objects.count(), AuditEntry.objects.count()) == (1, noted + 1)
    studio.post("model_switch", data={"turn": "maker.tool.nano_banana.on"})
    assert (off_places(studio), AuditEntry.objects.count()) == (frozenset(), noted + 2)


def test_with_a_script_the_switch_that_was_pressed_comes_back_alone(studio: Studio, said: "Said") -> None:
    """All the others stay on the page, where one that waits for its turn must be; asked again, it says the same."""
    on_sale = AIModel.objects.enabled().count()
    pressed = [said(studio.htmx("model_switch", data={"turn": "me.model.flux_pro.off"})) for _ in range(2)]
    answer = pressed[0]
    assert pressed[1] == answer
    assert switches_on(answer) == {"me.model.flux_pro": False}
    assert re.findall(r'id="([^"]+)"', answer) == ["turn-me-model-flux_pro", "who-model-flux_pro", "switched"]
    assert 'hx-swap-oob="true" class="off">You switched it off for yourself.</small>' in answer
    assert f"{on_sale - 1} of {on_sale} models are on for you" in answer
    assert off_places(studio) == {Place(Switch.MEMBER, str(studio.user.pk), "", "flux_pro")}
    page = said(studio.get("models"))
    assert all(page.count(f'id="{one}"') == 1 for one in re.findall(r'id="([^"]+)"', answer))


def test_with_a_script_a_family_brings_its_models_of_the_same_party(studio: Studio, said: "Said") -> None:
    answer = said(studio.htmx("model_switch", data={"turn": "maker.tool.nano_banana.off"}))
    family = AIModel.objects.enabled().filter(tool="nano_banana").values_list("pk", flat=True)
    assert switches_on(answer) == {"maker.tool.nano_banana": False} | {f"maker.model.{one}": False for one in family}
    assert answer.count("disabled></button>") == len(family) > 1
    assert off_places(studio) == {Place(Switch.ROLE, "maker", "nano_banana", None)}


def test_with_a_script_a_refused_press_brings_the_page_with_the_reason(studio: Studio) -> None:
    client = client_of(studio, Role.MAKER)
    data, headers = {"turn": "workspace.model.flux_pro.off"}, {"HX-Request": "true"}
    answer = client.post(studio.url("model_switch"), data, headers=headers)
    assert (answer["HX-Redirect"], answer.content) == (studio.url("models"), b"")
    assert b"Only owners and admins switch models for others." in client.get(studio.url("models")).content


@pytest.mark.parametrize("role", [Role.MAKER, Role.VIEWER])
def test_a_member_cannot_switch_for_others(studio: Studio, role: Role) -> None:
    client = client_of(studio, role)
    for whose in ("workspace", "owner", "admin", "maker", "key_x"):
        answer = client.post(studio.url("model_switch"), {"turn": f"{whose}.model.flux_pro.off"}, follow=True)
        assert b"Only owners and admins switch models for others." in answer.content
    assert off_places(studio) == frozenset()
    assert client.post(studio.url("model_switch"), {"turn": "me.model.flux_pro.off"}).status_code == 302
    assert [place.by for place in off_places(studio)] == [Switch.MEMBER]


@pytest.mark.parametrize(
    "value",
    ["", "me", "me.model.flux_pro", "me.model.flux_pro.up", "me.model..on", "me.job.flux_pro.on", "me.model.x.y.on",
     "me.model.no_such_model.off", "workspace.tool.no_such_tool.off"],
)  # fmt: skip
def test_a_switch_that_is_not_there_is_not_found(studio: Studio, value: str) -> None:
    assert studio.post("model_switch", data={"turn": value}).status_code == 404
    assert SwitchedOff.objects.count() == 0


def test_what_one_switches_off_for_oneself_stays_off_and_is_nobody_elses(studio: Studio, said: "Said") -> None:
    studio.post("model_switch", data={"turn": "me.model.flux_schnell.off"})
    studio.client.logout()
    studio.client.force_login(studio.user)
    assert 'id="model-flux_schnell"' not in said(studio.get("studio", query="?stage=explore"))
    maker = client_of(studio, Role.MAKER)
    assert 'id="model-flux_schnell"' in said(maker.get(f"{studio.url('studio')}?stage=explore"))


def test_a_key_has_switches_of_its_own(studio: Studio, said: "Said") -> None:
    api_key, _ = builders.build_api_key(studio.workspace, studio.user)
    page = said(studio.get("models", query=f"?key={api_key.public_id}"))
    assert {name.split(".")[0] for name in switches_on(page)} == {api_key.public_id}
    data = {"turn": f"{api_key.public_id}.model.flux_pro.off", "key": api_key.public_id}
    answer = studio.post("model_switch", data=data)
    assert answer["Location"] == f"{studio.url('models')}?key={api_key.public_id}#model-flux_pro"
    assert off_places(studio) == {Place(Switch.API_KEY, str(api_key.pk), "", "flux_pro")}
    assert "Switched off for this API key." in said(studio.get("models", query=f"?key={api_key.public_id}"))
    assert "Switched off for this API key." not in said(studio.get("models"))
    assert f'href="{studio.url("models")}?key={api_key.public_id}"' in said(studio.get("api_keys"))


def test_another_workspaces_key_is_not_found(studio: Studio, mallory: User, elsewhere: Any) -> None:
    theirs, _ = builders.build_api_key(elsewhere, mallory)
    assert studio.get("models", query=f"?key={theirs.public_id}").status_code == 404
    data = {"turn": f"{theirs.public_id}.model.flux_pro.off", "key": theirs.public_id}
    assert studio.post("model_switch", data=data).status_code == 404
    assert SwitchedOff.objects.count() == 0
    own, _ = builders.build_api_key(studio.workspace, studio.user)
    assert client_of(studio, Role.MAKER).get(f"{studio.url('models')}?key={own.public_id}").status_code == 404


def test_the_page_takes_so_many_queries_whatever_is_off(
    studio: Studio, django_assert_max_num_queries: "DjangoAssertNumQueries"
) -> None:
    for one in AIModel.objects.all()[:8]:
        turn(studio, ai_model_id=one.pk)
    for route in ("models", "model_defaults"):
        with django_assert_max_num_queries(12):
            assert studio.get(route).status_code == 200


# What the studio makes of it


@pytest.mark.parametrize("by", [Switch.WORKSPACE, Switch.ROLE, Switch.MEMBER, Switch.INSTALLATION])
def test_a_stage_begins_with_another_than_what_is_off(studio: Studio, said: "Said", by: Switch) -> None:
    """The picker still lists what the workspace withholds, last and with who did it; the rest has left it."""
    before = said(studio.get("studio"))
    chosen = re.search(r'name="model" value="([^"]+)"[^>]* checked', before)
    assert chosen
    subjects = {Switch.ROLE: "owner", Switch.MEMBER: str(studio.user.pk)}
    family = tool_of(AIModel.objects.get(pk=chosen[1])).id  # staff switch families
    target = {"tool": family} if by is Switch.INSTALLATION else {"ai_model_id": chosen[1]}
    turn(studio, by, subjects.get(by, ""), **target)
    after = said(studio.get("studio"))
    said_of = {Switch.WORKSPACE: "Switched off by your", Switch.ROLE: "Switched off for owners by your"}
    option = re.search(rf'<label class="opt unfit"><input[^>]* value="{chosen[1]}"[^>]*>.*?</label>', after)
    assert (f'id="model-{chosen[1]}"' in after) is (option is not None) is (by in said_of)
    if option:
        assert " disabled><span" in option[0]
        assert f'<span class="meta"><span>{said_of[by]} workspace.</span></span>' in option[0]
        assert '<label class="opt' not in after[after.index(option[0]) + len(option[0]) :].partition("</div>")[0]
    again = re.search(r'name="model" value="([^"]+)"[^>]* checked', after)
    assert again
    assert AIModel.objects.get(pk=again[1]).stage == "explore"


def test_a_model_that_went_off_meanwhile_is_refused_with_the_reason(studio: Studio, said: "Said") -> None:
    turn(studio, Switch.MEMBER, str(studio.user.pk), ai_model_id="flux_schnell")
    for route in ("studio_quote", "studio_create"):
        assert "You switched it off for yourself." in said(studio.htmx(route, data=ASKED))
    page = said(studio.get("studio", query="?model=flux_schnell"))
    assert "FLUX.1 schnell is not available." in page or "is not available. You switched it off" in page
    assert Job.objects.count() == 0


def test_a_stage_that_is_off_says_so(studio: Studio, said: "Said") -> None:
    for one in AIModel.objects.filter(stage="explore"):
        turn(studio, ai_model_id=one.pk)
    assert '<span class="from">all off</span>' in said(studio.get("studio", query="?stage=refine"))


def test_when_everything_is_off_the_studio_says_who_did_it(studio: Studio, said: "Said") -> None:
    for number, one in enumerate(AIModel.objects.enabled()):
        turn(studio, *((Switch.MEMBER, str(studio.user.pk)) if number % 2 else ()), ai_model_id=one.pk)
    page = said(studio.get("studio"))
    assert "Every model is switched off" in page
    assert "<p>Switched off by your workspace.</p>" in page
    assert "<p>You switched it off for yourself.</p>" in page
    assert f'href="{studio.url("models")}"' in page
    assert 'id="spend"' not in page


def test_when_nothing_is_sold_here_the_studio_says_so(studio: Studio, said: "Said") -> None:
    AIModel.objects.update(is_enabled=False)
    page = said(studio.get("studio"))
    assert "No model is on sale" in page
    assert "Look at the switches" not in page


# Where tasks begin


def test_a_picture_without_a_stage_is_there_to_be_edited(studio: Studio, said: "Said") -> None:
    """By Nano Banana Pro, unless the workspace has another default; a stage that is named has its own."""
    page = said(studio.get("studio", query=f"?picture={studio.picture().public_id}"))
    assert re.search(r'name="model" value="nano_banana_edit"[^>]* checked', page)
    DefaultModel.objects.create(
        workspace=studio.workspace, surface=Surface.STUDIO, task=Task.IMAGE_EDIT, ai_model_id="seedream_v5_edit"
    )
    page = said(studio.get("studio", query=f"?picture={studio.picture().public_id}"))
    assert re.search(r'name="model" value="seedream_v5_edit"[^>]* checked', page)


def test_a_stage_begins_with_its_default_of_the_workspace(studio: Studio, said: "Said") -> None:
    data = {"surface": "studio", "create.explore": "flux_schnell", "create.deliver": "flux_pro"}
    assert studio.post("model_defaults_save", data=data)["Location"] == f"{studio.url('model_defaults')}?surface=studio"
    rows = DefaultModel.objects.filter(workspace=studio.workspace)
    assert set(rows.values_list("surface", "task", "stage", "ai_model_id")) == {
        ("studio", "create", "explore", "flux_schnell"),
        ("studio", "create", "deliver", "flux_pro"),
    }
    for stage, model in (("explore", "flux_schnell"), ("deliver", "flux_pro")):
        page = said(studio.get("studio", query=f"?stage={stage}"))
        assert re.search(rf'name="model" value="{model}"[^>]* checked', page)
    page = said(studio.get("model_defaults"))
    assert page.count(" selected>") == 2
    studio.post("model_defaults_save", data={"surface": "studio", "create.explore": ""})
    assert list(rows.values_list("stage", flat=True)) == ["deliver"]


def test_defaults_that_cannot_be_are_refused_together(studio: Studio, said: "Said") -> None:
    data = {"surface": "studio", "create.explore": "flux_schnell", "upscale.any": "flux_pro"}
    answer = studio.client.post(studio.url("model_defaults_save"), data, follow=True)
    assert "Nothing was changed." in said(answer)
    assert "cannot do this: enlarge." in said(answer)
    assert not DefaultModel.objects.filter(workspace=studio.workspace).exists()


def test_a_maker_reads_the_defaults_and_changes_none(studio: Studio, said: "Said") -> None:
    client = client_of(studio, Role.MAKER)
    assert "<select" not in said(client.get(studio.url("model_defaults")))
    data = {"surface": "studio", "create.explore": "flux_schnell"}
    assert client.post(studio.url("model_defaults_save"), data).status_code == 403
    assert not DefaultModel.objects.filter(workspace=studio.workspace).exists()
