"""The environment: defaults that need nothing, faults reported together, and never a value in the report."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.env import ROOT, Env, read_env

pytestmark = pytest.mark.once


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment in which nothing of ours is set."""
    for field in Env.model_fields.values():
        monkeypatch.delenv(str(field.alias), raising=False)
    return monkeypatch


def test_nothing_has_to_be_set(environment: pytest.MonkeyPatch) -> None:
    env = read_env()

    assert env.home == ROOT / ".easel"
    assert env.base_url == "http://127.0.0.1:8000"
    assert (env.database_url, env.redis_url, env.secret_key.get_secret_value()) == ("", "", "")


def test_the_address_follows_the_port(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("PORT", "9123")
    assert read_env().base_url == "http://127.0.0.1:9123"

    environment.setenv("EASEL_BASE_URL", "https://easel.example/")
    assert read_env().base_url == "https://easel.example"


def test_lists_are_split(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("EASEL_ALLOWED_HOSTS", "a.example, b.example,")
    assert read_env().allowed_hosts == ["a.example", "b.example"]


def test_machines_that_share_a_database_share_the_rest(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("DATABASE_URL", "postgresql://easel@db/easel")

    with pytest.raises(ImproperlyConfigured, match="EASEL_SECRET_KEY and REDIS_URL must be set too"):
        read_env()


def test_all_faults_are_reported_and_no_value(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("EASEL_DEBUG", "maybe-secret")
    environment.setenv("PORT", "0")

    with pytest.raises(ImproperlyConfigured) as refusal:
        read_env()

    text = str(refusal.value)
    assert "EASEL_DEBUG: " in text
    assert "PORT: " in text
    assert "maybe-secret" not in text


def test_the_fake_stripe_brings_its_own_keys(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("EASEL_FAKE_STRIPE", "1")
    environment.setenv("EASEL_FAKE_STRIPE_PORT", "4242")
    env = read_env()
    assert env.stripe_secret_key.get_secret_value() == "sk_test_fake"
    assert env.stripe_webhook_secret.get_secret_value() == "whsec_fake"
    assert env.stripe_api_base == "http://127.0.0.1:4242"


@pytest.mark.parametrize("name", ["STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET", "EASEL_STRIPE_API_BASE"])
def test_the_fake_stripe_goes_with_nothing_of_the_real_one(environment: pytest.MonkeyPatch, name: str) -> None:
    environment.setenv("EASEL_FAKE_STRIPE", "1")
    environment.setenv(name, "sk_live_secret")
    with pytest.raises(ImproperlyConfigured) as refused:
        read_env()
    assert f"with EASEL_FAKE_STRIPE=1, {name} must not be set" in str(refused.value)
    assert "sk_live_secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({"EASEL_SMTP_USER": "u", "EASEL_SMTP_PASSWORD": "secret"}, "EASEL_SMTP_HOST must be set too"),
        ({"EASEL_SMTP_HOST": "mail.example", "EASEL_SMTP_USER": "u"}, "EASEL_SMTP_PASSWORD go together"),
        ({"EASEL_SMTP_HOST": "mail.example"}, "EASEL_MAIL_FROM must be set too"),
        ({"EASEL_MAIL_FROM": "secret"}, "EASEL_MAIL_FROM: Value error, not an address"),
        ({"EASEL_ALARM_TO": "ops@easel.example, secret"}, "EASEL_ALARM_TO: Value error, not addresses"),
        ({"EASEL_SMTP_TLS": "secret"}, "EASEL_SMTP_TLS: Input should be 'starttls', 'ssl' or 'none'"),
    ],
)
def test_half_a_mail_server_stops_the_start(
    environment: pytest.MonkeyPatch, values: dict[str, str], fault: str
) -> None:
    for name, value in values.items():
        environment.setenv(name, value)
    with pytest.raises(ImproperlyConfigured) as refused:
        read_env()
    assert fault in str(refused.value)
    assert "secret" not in str(refused.value)


def test_a_whole_mail_server_is_taken(environment: pytest.MonkeyPatch) -> None:
    for name, value in {
        "EASEL_SMTP_HOST": "mail.example",
        "EASEL_SMTP_USER": "easel",
        "EASEL_SMTP_PASSWORD": "password",
        "EASEL_MAIL_FROM": "Our Easel <easel@example.org>",
        "EASEL_ALARM_TO": "ops@example.org,root@localhost",
    }.items():
        environment.setenv(name, value)
    env = read_env()
    assert (env.smtp_port, env.smtp_tls, env.mail_from) == (587, "starttls", "Our Easel <easel@example.org>")
    assert env.alarm_to == ["ops@example.org", "root@localhost"]
