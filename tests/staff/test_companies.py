"""Companies whose models are sold: added and renamed with the person in the log, refused beside the field."""

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from apps.accounts.models import AuditEntry, User
from apps.catalog.models import Provider

pytestmark = pytest.mark.usefixtures("catalog")

PATH = "/staff/providers/"
LONGEST = "x" * 80


def kept() -> dict[str, str]:
    return dict(Provider.objects.values_list("pk", "name"))


def beside(page: str, name: str) -> str:
    """What stands beside a field of the form for one more company."""
    form = page[page.index("Another company") :]
    after = form[form.index(f'name="{name}"') :]
    return after[: after.index("</div></div>")]


@pytest.mark.parametrize("name", ["Paper & Kite", LONGEST])
def test_a_company_is_added_and_noted(name: str, staff_client: Client, sonia: User) -> None:
    before = kept()
    page = staff_client.post(PATH, {"company": "+", "id": " paper-kite ", "name": f" {name} "}, follow=True)
    assert page.redirect_chain == [(PATH, 302)]
    assert kept() == {**before, "paper-kite": name}
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.subject, entry.actor_id) == ("provider.add", "paper-kite", sonia.pk)
    assert (entry.before, entry.after) == ({}, {"name": name})
    assert name.replace("&", "&amp;") in page.content.decode()


def test_a_company_is_renamed_and_noted(staff_client: Client, sonia: User) -> None:
    before = kept()
    for _ in range(2):  # the second time it is called so already
        assert staff_client.post(PATH, {"company": "google", "name": "Alphabet"}).status_code == 302
    assert kept() == {**before, "google": "Alphabet"}
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.subject, entry.actor_id) == ("provider.edit", "google", sonia.pk)
    assert (entry.before, entry.after) == ({"name": before["google"]}, {"name": "Alphabet"})


def test_an_id_that_is_taken_is_refused_beside_it(staff_client: Client) -> None:
    before = kept()
    page = staff_client.post(PATH, {"company": "+", "id": "google", "name": "Another <Google>"})
    text = page.content.decode()
    assert page.status_code == 422
    assert "There is a provider google already." in beside(text, "id")
    assert 'value="google"' in beside(text, "id")
    assert 'value="Another &lt;Google&gt;"' in beside(text, "name")
    assert 'class="err"' not in beside(text, "name")
    assert text.count('class="err"') == 1
    assert (kept(), AuditEntry.objects.count()) == (before, 0)


@pytest.mark.parametrize("wrong", ["", "Paper", "paper kite", "-paper", "pâper", "x" * 41])
def test_an_id_that_cannot_be_one_is_refused_beside_it(wrong: str, staff_client: Client) -> None:
    before = kept()
    page = staff_client.post(PATH, {"company": "+", "id": wrong, "name": "Paper Kite"})
    text = page.content.decode()
    assert page.status_code == 422
    assert 'class="err"' in beside(text, "id")
    assert f'value="{wrong}"' in beside(text, "id")
    assert 'class="err"' not in beside(text, "name")
    assert 'value="Paper Kite"' in beside(text, "name")
    assert (kept(), AuditEntry.objects.count()) == (before, 0)


def test_every_fault_of_a_new_company_is_told_at_once(staff_client: Client) -> None:
    text = staff_client.post(PATH, {"company": "+", "id": "No", "name": "  "}).content.decode()
    assert 'class="err"' in beside(text, "id")
    assert 'class="err"' in beside(text, "name")


@pytest.mark.parametrize("wrong", ["", f"{LONGEST}y"])
def test_a_wrong_name_is_refused_in_its_own_row(wrong: str, staff_client: Client) -> None:
    before = kept()
    page = staff_client.post(PATH, {"company": "google", "name": wrong})
    text = page.content.decode()
    assert page.status_code == 422
    row = text[text.index('name="company" value="google"') :]
    row = row[: row.index("</tr>")]
    assert f'name="name" value="{wrong}"' in row
    assert row.count('class="err"') == text.count('class="err"') == 1
    assert (kept(), AuditEntry.objects.count()) == (before, 0)


def test_a_company_that_is_not_there_is_not_renamed(staff_client: Client) -> None:
    before = kept()
    assert staff_client.post(PATH, {"company": "nobody", "name": "Nobody"}).status_code == 404
    assert (kept(), AuditEntry.objects.count()) == (before, 0)


def test_each_form_takes_its_own_permission(looker: User, looker_client: Client) -> None:
    before = kept()
    looker.user_permissions.add(Permission.objects.get(codename="view_endpoint"))
    adding, renaming = {"company": "+", "id": "kite", "name": "Kite"}, {"company": "google", "name": "Alphabet"}
    shown = looker_client.get(PATH).content.decode()
    assert ("Another company" in shown, "Rename" in shown) == (False, False)
    assert {looker_client.post(PATH, posted).status_code for posted in (adding, renaming)} == {403}
    looker.user_permissions.add(Permission.objects.get(codename="add_provider"))
    assert looker_client.post(PATH, renaming).status_code == 403
    assert looker_client.post(PATH, adding).status_code == 302
    assert kept() == {**before, "kite": "Kite"}
