"""How this installation sells credits: handed to billing when a process starts."""

from pathlib import Path
from typing import Final

from apps.billing import payments
from apps.billing.gateway import Gateway
from apps.billing.packs import PACKS_FILE, read_packs
from apps.billing.payments import PaymentsOff, Terms
from config.env import ROOT, Env

FAKE: Final = "tests.emulators.stripe"


def has_fake() -> bool:
    """Whether the fake Stripe is here: it belongs to the tests, which not every installation has."""
    return (ROOT / FAKE.replace(".", "/") / "__main__.py").is_file()


def configure_payments(env: Env) -> None:
    """Read the packs and tell billing how to reach Stripe, which is not called before it is needed.

    :raises InvalidPacks: the file of packs has a fault; nothing is sold by half a file.
    """
    returning = f"{env.base_url}/w/{{workspace}}/credits?purchase={{purchase}}"
    terms = Terms(
        environment=env.stripe_environment,
        success_url=f"{returning}&session={{CHECKOUT_SESSION_ID}}",
        cancel_url=returning,
        packs=read_packs(Path(env.packs_file) if env.packs_file else PACKS_FILE),
        is_taxed=env.stripe_tax,
    )

    def build() -> Gateway:
        if env.fake_stripe and not has_fake():
            raise PaymentsOff(
                "Buying is switched off here: EASEL_FAKE_STRIPE is set, but only the source tree has the fake Stripe.",
                setting="EASEL_FAKE_STRIPE",
            )
        key = env.stripe_secret_key.get_secret_value().strip()
        if not key:
            raise PaymentsOff("Buying is switched off here: STRIPE_SECRET_KEY is not set.", setting="STRIPE_SECRET_KEY")
        secret = env.stripe_webhook_secret.get_secret_value().strip()
        return Gateway(api_key=key, webhook_secret=secret, api_base=env.stripe_api_base)

    payments.configure(build=build, terms=terms)
