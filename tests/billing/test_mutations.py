"""The tests would notice: each safeguard of payments that is taken out of a copy turns at least one of them red."""

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
KERNEL = (
    *("apps/__init__.py", "apps/errors.py", "apps/ids.py", "apps/mail", "apps/accounts", "apps/ledger"),
    *("apps/billing", "apps/studio/templatetags", "templates/email"),  # letters write amounts as pages do
    *("tests/__init__.py", "tests/builders.py", "tests/billing", "tests/ledger", "tests/emulators"),
)
SETTINGS = """
SECRET_KEY = "signs nothing"
USE_TZ = True
AUTH_USER_MODEL = "accounts.User"
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes"]
INSTALLED_APPS += ["apps.mail", "apps.accounts", "apps.ledger", "apps.billing"]
FILTERS = {name: f"apps.studio.templatetags.{name}" for name in ("credits", "money")}
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": ["templates"],
        "OPTIONS": {"libraries": FILTERS},
    }
]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
"""

STALE = "test_syncing.py::test_an_old_answer_never_overwrites_a_fresh_one"
REMEMBERED = "test_syncing.py::test_the_ledger_remembers_what_the_purchase_forgot"
DIFFERENT = "test_syncing.py::test_what_differs_from_the_purchase_earns_nothing"
UNPAID = "test_syncing.py::test_money_that_takes_days_is_not_there_before_it_is"
REFUNDED = "test_refunds.py::test_a_third_three_times_and_then_the_rest[unused]"
STRAY = "test_strangers.py::test_a_payment_that_only_says_that_it_is_for_a_purchase_earns_nothing"
FUTURE = "test_gateway.py::test_a_time_in_the_future_is_refused_as_one_in_the_past_is"
LATER = "test_trouble.py::test_a_message_that_cannot_be_looked_into_now_is_looked_into_later[/v1/refunds]"
CEILING = "test_top_up.py::test_no_more_than_agreed_in_a_month"
OFTEN = "test_top_up.py::test_ten_minutes_lie_between_two_charges"
CLAIMED = "test_top_up_trouble.py::test_a_payment_that_only_says_that_it_is_the_charge_earns_nothing[customer]"
TWICE = "test_top_up_trouble.py::test_after_a_day_it_is_looked_for_and_no_key_is_used_again"
TOP_UPS = (CEILING, OFTEN, CLAIMED, TWICE)

# What is taken out: from which file, the text that does it, what stands there instead, and the test that must notice.
MUTATIONS = {
    "nothing": (
        "ledger/operations.py",
        "",
        "",
        (STALE, REMEMBERED, DIFFERENT, UNPAID, REFUNDED, STRAY, FUTURE, LATER, *TOP_UPS),
    ),
    "the look for an earlier operation": ("ledger/operations.py", "if done is not None:", "if False:", (REMEMBERED,)),
    "normalising": (
        "ledger/journal.py",
        "        after = buckets.normalise(",
        "        return\n        after = buckets.normalise(",
        (REFUNDED,),
    ),
    "the number of a sync": ("billing/syncing.py", "if number <= purchase.sync_no_applied:", "if False:", (STALE,)),
    "the amount": (
        "billing/payment_state.py",
        "if payment.received_minor != sale.amount_minor:",
        "if False:",
        (DIFFERENT,),
    ),
    "whether it was paid": (
        "billing/payment_state.py",
        'if payment is not None and payment.status == "succeeded" and (',
        "if payment is not None and (True or ",
        (UNPAID,),
    ),
    "the page a payment was made on": (
        "billing/syncing.py",
        "if session.payment_intent != payment.id:",
        "if False:",
        (STRAY,),
    ),
    "the most in a month": ("billing/top_up.py", "if charged_minor(plan=plan, now=now) + ", "if 0 * ", (CEILING,)),
    "the pause between charges": (
        "billing/top_up.py",
        "INTERVAL: Final = timedelta(minutes=10)",
        "INTERVAL: Final = timedelta()",
        (OFTEN,),
    ),
    "whose card was charged": (
        "billing/syncing.py",
        "if payment.customer != attempt.customer_id:",
        "if False:",
        (CLAIMED,),
    ),
    "the look for a charge of yesterday": (
        "billing/top_up_charges.py",
        "    found = _find(attempt)\n    if found",
        "    found = None\n    if found",
        (TWICE,),
    ),
    "the age of a signature": ("billing/gateway.py", "if abs(now.timestamp() - signed_at) >", "if 0 >", (FUTURE,)),
    "done only after the effect": (
        "billing/inbox.py",
        "    is_done = False\n",
        "    is_done = False\n    rows.update(processed_at=now)\n",
        (LATER,),
    ),
}


@pytest.mark.once
def test_each_safeguard_is_tested(tmp_path: Path) -> None:
    folders = [tmp_path / str(number) for number in range(len(MUTATIONS))]
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        runs = dict(zip(MUTATIONS, pool.map(_run, folders, MUTATIONS.values()), strict=True))
    control = runs.pop("nothing")
    assert control.returncode == 0, control.stdout
    survivors = {what: run.stdout for what, run in runs.items() if run.returncode != 1 or " failed" not in run.stdout}
    assert survivors == {}


def _run(folder: Path, mutation: tuple[str, str, str, tuple[str, ...]]) -> subprocess.CompletedProcess[str]:
    """Run the tests on a copy without a safeguard, under settings that know nothing else."""
    for name in KERNEL:
        source, target = ROOT / name, folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    (folder / "kernel.py").write_text(SETTINGS)
    file, safeguard, instead, tests = mutation
    changed = folder / "apps" / file
    text = changed.read_text()
    assert safeguard in text, f"{file} has changed: say anew what is to be taken out"
    changed.write_text(text.replace(safeguard, instead, 1) if safeguard else text)
    return subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "--ds=kernel", "-c", "/dev/null"),
            *(f"--rootdir={folder}", "--no-migrations", *(f"tests/billing/{test}" for test in tests)),
        ],
        cwd=folder,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
