"""The door."""

import pytest
from django.test import Client, override_settings

from apps.accounts.members import workspaces_of
from apps.accounts.models import User
from apps.accounts.tenancy import Workspace
from apps.ids import uuid7
from apps.ledger.balances import read_balance
from tests import builders

NEW = {"email": "nora@north.example", "password": builders.PASSWORD, "workspace": "North"}


def test_signing_up_makes_a_person_a_workspace_and_its_credits(client: Client, db: None) -> None:
    answer = client.post("/sign-up", NEW)
    assert (answer.status_code, answer["Location"]) == (302, "/")
    user = User.objects.get(email="nora@north.example")
    (workspace,) = workspaces_of(user)
    assert read_balance(workspace=workspace, now=builders.NOW).available_mc == 200_000
    assert client.get("/")["Location"] == f"/w/{workspace.pk}/studio"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"email": "ALICE@acme.example"}, "There is an account with this e-mail address. Sign in instead."),
        ({"email": "nowhere"}, "Enter a valid email address."),
        ({"password": "short"}, "This password is too short."),
        ({"password": "nora@north.example"}, "The password is too similar to the email."),
        ({"workspace": " "}, "This field is required."),
    ],
)
def test_a_bad_sign_up_says_why_and_makes_nothing(
    client: Client, alice: User, change: dict[str, str], words: str
) -> None:
    answer = client.post("/sign-up", NEW | change)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert list(User.objects.all()) == [alice]


def test_signing_in_goes_on_to_where_one_was_going(client: Client, acme: Workspace) -> None:
    there = f"/w/{acme.pk}/jobs"
    answer = client.post("/sign-in", {"username": "Alice@Acme.example", "password": builders.PASSWORD, "next": there})
    assert answer["Location"] == there


@pytest.mark.parametrize("there", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_signing_in_never_leads_off_the_site(client: Client, alice: User, there: str) -> None:
    answer = client.post("/sign-in", {"username": "alice@acme.example", "password": builders.PASSWORD, "next": there})
    assert answer["Location"] == "/"


def test_a_wrong_password_is_refused_in_the_same_words_as_an_unknown_address(client: Client, alice: User) -> None:
    wrong = client.post("/sign-in", {"username": "alice@acme.example", "password": "wrong"})
    unknown = client.post("/sign-in", {"username": "nobody@acme.example", "password": "wrong"})
    assert wrong.status_code == unknown.status_code == 422
    words = "Please enter a correct email and password."
    assert words in wrong.content.decode()
    assert words in unknown.content.decode()


def test_signing_out_ends_the_session(alice_client: Client) -> None:
    assert alice_client.get("/sign-out").status_code == 405
    assert alice_client.post("/sign-out")["Location"] == "/sign-in"
    assert alice_client.get("/")["Location"] == "/sign-in?next=/"


def test_home_is_the_newest_workspace(alice_client: Client, alice: User, acme: Workspace) -> None:
    newest = builders.build_workspace(alice, "Later")
    assert alice_client.get("/")["Location"] == f"/w/{newest.pk}/studio"


def test_whoever_has_no_workspace_makes_one(client: Client, db: None) -> None:
    client.force_login(builders.build_user())
    assert client.get("/")["Location"] == "/w/new"
    assert client.post("/w/new", {"name": ""}).status_code == 422
    there = client.post("/w/new", {"name": "First"})["Location"]
    assert there.endswith("/studio")


def test_the_gift_comes_once_a_person(client: Client, db: None) -> None:
    client.post("/sign-up", NEW)
    client.post("/w/new", {"name": "Second"})
    first, second = workspaces_of(User.objects.get())
    balances = [read_balance(workspace=one, now=builders.NOW).available_mc for one in (first, second)]
    assert balances == [200_000, 0]


@pytest.mark.parametrize(("has", "gets"), [("", "dark"), ("dark", "light"), ("light", "dark")])
def test_the_theme_is_switched_without_a_script(client: Client, db: None, has: str, gets: str) -> None:
    if has:
        client.cookies["theme"] = has
    answer = client.post("/theme", {"next": "/sign-up"})
    assert (answer["Location"], answer.cookies["theme"].value) == ("/sign-up", gets)
    assert f'data-theme="{gets}"' in client.get("/sign-in").content.decode()


@override_settings(EASEL_SIGN_INS_PER_MINUTE=3)
def test_trying_passwords_is_slowed_down_for_the_account_and_nobody_else(
    client: Client, alice: User, mallory: User
) -> None:
    email = f"{uuid7()}@acme.example"
    User.objects.filter(pk=alice.pk).update(email=email)
    tries = [client.post("/sign-in", {"username": email, "password": "wrong"}) for _ in range(4)]
    assert [answer.status_code for answer in tries] == [422, 422, 422, 429]
    assert "Too many tries. At most 3 a minute." in tries[-1].content.decode()
    assert client.post("/sign-in", {"username": email.upper(), "password": builders.PASSWORD}).status_code == 429
    other = client.post("/sign-in", {"username": "mallory@elsewhere.example", "password": builders.PASSWORD})
    assert other.status_code == 302
