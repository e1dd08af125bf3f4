"""Every environment variable Easel reads: its type, default and meaning. A test compares .env.example."""

from decimal import Decimal
from email.utils import parseaddr
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from django.core.exceptions import ImproperlyConfigured
from django.core.exceptions import ValidationError as InvalidAddress
from django.core.validators import validate_email
from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

ROOT: Final = Path(__file__).resolve().parent.parent
NOBODY: Final = "Easel <easel@localhost>"  # signs letters that go to the console


class Env(BaseSettings):
    """The environment, typed. Without DATABASE_URL the installation is embedded: all it needs lies in EASEL_HOME."""

    model_config = SettingsConfigDict(
        env_file=None, extra="ignore", case_sensitive=True, populate_by_name=True, hide_input_in_errors=True
    )

    home: Path = Field(
        Path(".easel"),
        alias="EASEL_HOME",
        description="Where an embedded installation keeps all its state; relative to the source tree.",
    )
    port: int = Field(8000, alias="PORT", ge=1, le=65535, description="Where `make run` listens, on 127.0.0.1.")
    secret_key: SecretStr = Field(
        SecretStr(""),
        alias="EASEL_SECRET_KEY",
        description="Signs sessions and links; empty: one is made in EASEL_HOME.",
    )
    debug: bool = Field(False, alias="EASEL_DEBUG", description="Django's debug pages. Never in production.")
    base_url: str = Field(
        "",
        alias="EASEL_BASE_URL",
        description="The address people reach this installation at; empty: http://127.0.0.1 and PORT.",
    )
    issuer: str = Field(
        "Easel",
        alias="EASEL_ISSUER",
        description="Whose name and address stand on statements, line by line, separated by |.",
    )
    allowed_hosts: Annotated[list[str], NoDecode] = Field(
        default=[],
        alias="EASEL_ALLOWED_HOSTS",
        description="Further host names to answer to, separated by commas; that of EASEL_BASE_URL is one already.",
    )
    trusted_proxies: int = Field(
        0,
        alias="EASEL_TRUSTED_PROXIES",
        ge=0,
        le=5,
        description="Proxies in front that set X-Forwarded-For and X-Forwarded-Proto.",
    )
    static_root: str = Field(
        "",
        alias="EASEL_STATIC_ROOT",
        description="A folder that `collectstatic` filled; empty: style sheets are served from the source tree.",
    )
    database_url: str = Field(
        "", alias="DATABASE_URL", description="postgresql://user:password@host/name; empty: SQLite in EASEL_HOME."
    )
    database_pool: int = Field(
        8, alias="EASEL_DATABASE_POOL", ge=1, le=200, description="PostgreSQL connections a process may hold."
    )
    redis_url: str = Field(
        "",
        alias="REDIS_URL",
        description="Redis or Valkey for the broker, wake-ups and rate limits; empty: the one `make run` starts.",
    )
    redis_bin: str = Field(
        "",
        alias="REDIS_BIN",
        description="The server `make run` starts; empty: valkey-server or redis-server on PATH, else the bundled one.",
    )
    log_level: str = Field("INFO", alias="EASEL_LOG_LEVEL", description="DEBUG, INFO, WARNING or ERROR.")
    log_json: bool = Field(False, alias="EASEL_LOG_JSON", description="One JSON object a line, for collectors.")

    s3_bucket: str = Field(
        "", alias="EASEL_S3_BUCKET", description="Store pictures in this bucket; empty: on disk in EASEL_HOME."
    )
    s3_endpoint_url: str = Field("", alias="EASEL_S3_ENDPOINT_URL", description="An S3 server that is not Amazon's.")
    s3_region: str = Field("us-east-1", alias="EASEL_S3_REGION", description="The bucket's region.")
    s3_access_key: SecretStr = Field(
        SecretStr(""), alias="EASEL_S3_ACCESS_KEY", description="Empty: the machine's own role."
    )
    s3_secret_key: SecretStr = Field(
        SecretStr(""), alias="EASEL_S3_SECRET_KEY", description="Goes with the access key."
    )

    fal_key: SecretStr = Field(
        SecretStr(""), alias="FAL_KEY", description="key_id:key_secret of fal.ai; empty: its models run as mock only."
    )
    fal_queue_url: str = Field(
        "https://queue.fal.run", alias="EASEL_FAL_QUEUE_URL", description="fal's queue; changed in tests."
    )
    fal_rest_url: str = Field(
        "https://rest.fal.ai", alias="EASEL_FAL_REST_URL", description="fal's storage API; changed in tests."
    )
    fal_cdn_url: str = Field(
        "https://v3.fal.media", alias="EASEL_FAL_CDN_URL", description="Where fal takes uploads; changed in tests."
    )

    usd_per_credit: Decimal = Field(
        Decimal("0.005"), alias="EASEL_USD_PER_CREDIT", gt=0, description="What one credit is worth, in US dollars."
    )
    margin_floor_percent: Decimal = Field(
        Decimal(10),
        alias="EASEL_MARGIN_FLOOR_PERCENT",
        ge=-100,
        le=100,
        description="Models that earn less of their price than this are pointed out to staff.",
    )
    stripe_secret_key: SecretStr = Field(
        SecretStr(""), alias="STRIPE_SECRET_KEY", description="sk_… or rk_… of Stripe; empty: credits cannot be bought."
    )
    stripe_webhook_secret: SecretStr = Field(
        SecretStr(""),
        alias="STRIPE_WEBHOOK_SECRET",
        description="whsec_… of the endpoint /stripe/webhook in Stripe's Dashboard.",
    )
    stripe_environment: str = Field(
        "main",
        alias="EASEL_STRIPE_ENVIRONMENT",
        min_length=1,
        max_length=40,
        description="Tells this installation from others that share its Stripe account.",
    )
    stripe_api_base: str = Field(
        "", alias="EASEL_STRIPE_API_BASE", description="Where Stripe answers; empty: at Stripe. Changed in tests."
    )
    stripe_tax: bool = Field(
        True,
        alias="EASEL_STRIPE_TAX",
        description="Stripe works out tax on the pages people pay on; automatic top-up is sold only where it does not.",
    )
    fake_stripe: bool = Field(
        False,
        alias="EASEL_FAKE_STRIPE",
        description="`make run` starts a fake Stripe to try buying with; every page says TEST. Never in production.",
    )
    fake_stripe_port: int = Field(
        12111,
        alias="EASEL_FAKE_STRIPE_PORT",
        ge=1,
        le=65535,
        description="Where the fake Stripe listens, on 127.0.0.1.",
    )
    packs_file: str = Field(
        "",
        alias="EASEL_PACKS_FILE",
        description="What is for sale, in a file like apps/billing/data/packs.yaml; empty: that one.",
    )

    two_person_credits: int = Field(
        10_000,
        alias="EASEL_TWO_PERSON_CREDITS",
        ge=0,
        description="What one person of staff gives a workspace alone within 24 hours; more needs a second person.",
    )
    smtp_host: str = Field(
        "", alias="EASEL_SMTP_HOST", description="The server that letters leave by; empty: they go to the console."
    )
    smtp_port: int = Field(587, alias="EASEL_SMTP_PORT", ge=1, le=65535, description="Its port.")
    smtp_user: str = Field("", alias="EASEL_SMTP_USER", description="Who we are to it; empty: it asks nobody.")
    smtp_password: SecretStr = Field(SecretStr(""), alias="EASEL_SMTP_PASSWORD", description="Goes with the user.")
    smtp_tls: Literal["starttls", "ssl", "none"] = Field(
        "starttls",
        alias="EASEL_SMTP_TLS",
        description="starttls (port 587), ssl (port 465), or none, for a server on this machine.",
    )
    mail_from: str = Field(
        NOBODY,
        alias="EASEL_MAIL_FROM",
        description="Who letters are from, as Name <address>; must be set where EASEL_SMTP_HOST is.",
    )
    alarm_to: Annotated[list[str], NoDecode] = Field(
        default=[],
        alias="EASEL_ALARM_TO",
        description="Addresses that hear alarms, separated by commas; empty: those of all superusers.",
    )

    max_upload_bytes: int = Field(
        50_000_000, alias="EASEL_MAX_UPLOAD_BYTES", gt=0, description="The largest picture taken in."
    )
    max_output_bytes: int = Field(
        200_000_000, alias="EASEL_MAX_OUTPUT_BYTES", gt=0, description="The largest result taken from a provider."
    )
    max_open_jobs: int = Field(
        500, alias="EASEL_MAX_OPEN_JOBS", gt=0, description="Jobs of one workspace that may wait or run at once."
    )
    requests_per_minute: int = Field(
        600, alias="EASEL_REQUESTS_PER_MINUTE", gt=0, description="API requests of one key."
    )
    sign_ins_per_minute: int = Field(
        10, alias="EASEL_SIGN_INS_PER_MINUTE", gt=0, description="Tries to sign in to one account."
    )
    allow_private_urls: bool = Field(
        False, alias="EASEL_ALLOW_PRIVATE_URLS", description="Fetch pictures from private addresses. For tests."
    )

    community_url: str = Field(
        "",
        alias="EASEL_COMMUNITY_URL",
        pattern=r"^(https?://\S+)?$",
        description="Where people who use this installation meet; the public pages link to it. Empty: no link.",
    )

    @field_validator("allowed_hosts", "alarm_to", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value

    @field_validator("home")
    @classmethod
    def _resolve(cls, value: Path) -> Path:
        return (ROOT / value.expanduser()).resolve()

    @field_validator("mail_from")
    @classmethod
    def _has_address(cls, value: str) -> str:
        if not _is_address(parseaddr(value)[1]):
            raise ValueError("not an address: write Name <address>")
        return value

    @field_validator("alarm_to")
    @classmethod
    def _are_addresses(cls, value: list[str]) -> list[str]:
        if not all(_is_address(one) for one in value):
            raise ValueError("not addresses, separated by commas")
        return value

    @model_validator(mode="after")
    def _complete(self) -> Self:
        """Ask for what machines that share a database must share too, and derive the address from the port."""
        shared = {"EASEL_SECRET_KEY": self.secret_key.get_secret_value(), "REDIS_URL": self.redis_url}
        missing = [name for name, value in shared.items() if self.database_url and not value]
        if missing:
            raise ValueError(f"with DATABASE_URL set, {' and '.join(missing)} must be set too")
        self._check_mail()
        if self.fake_stripe:
            self._pay_at_the_fake()
        self.base_url = (self.base_url or f"http://127.0.0.1:{self.port}").rstrip("/")
        return self

    def _check_mail(self) -> None:
        """Refuse half a mail server: letters would go to the console, or come from nowhere."""
        password = self.smtp_password.get_secret_value()
        if not self.smtp_host and (self.smtp_user or password):
            raise ValueError("with EASEL_SMTP_USER or EASEL_SMTP_PASSWORD set, EASEL_SMTP_HOST must be set too")
        if bool(self.smtp_user) != bool(password):
            raise ValueError("EASEL_SMTP_USER and EASEL_SMTP_PASSWORD go together")
        if self.smtp_host and self.mail_from == NOBODY:
            raise ValueError("with EASEL_SMTP_HOST set, EASEL_MAIL_FROM must be set too")

    def _pay_at_the_fake(self) -> None:
        """Every process derives the same; nothing that is meant for Stripe is ever sent to the fake."""
        real = {
            "STRIPE_SECRET_KEY": self.stripe_secret_key.get_secret_value(),
            "STRIPE_WEBHOOK_SECRET": self.stripe_webhook_secret.get_secret_value(),
            "EASEL_STRIPE_API_BASE": self.stripe_api_base,
        }
        if given := [name for name, value in real.items() if value]:
            raise ValueError(f"with EASEL_FAKE_STRIPE=1, {' and '.join(given)} must not be set")
        if "stripe_tax" not in self.model_fields_set:
            self.stripe_tax = False  # the fake knows no tax; so automatic top-up can be tried
        self.stripe_secret_key = SecretStr("sk_test_fake")
        self.stripe_webhook_secret = SecretStr("whsec_fake")
        self.stripe_api_base = f"http://127.0.0.1:{self.fake_stripe_port}"


def _is_address(text: str) -> bool:
    try:
        validate_email(text)
    except InvalidAddress:
        return False
    return True


def read_env() -> Env:
    """Read the environment.

    :raises ImproperlyConfigured: every fault at once, a line each, without the values.
    """
    try:
        return Env()  # type: ignore[call-arg]  # the values come from the environment
    except ValidationError as fault:
        lines = [
            f"  {' '.join(str(part) for part in error['loc']) or 'Easel'}: {error['msg']}" for error in fault.errors()
        ]
        raise ImproperlyConfigured("The environment cannot be used:\n" + "\n".join(lines)) from None
