"""``python -m tests.emulators.stripe`` runs the fake alone, on this machine only, with webhooks in the background."""

import argparse
import signal
import sys
import threading

from tests.emulators.stripe.server import WEBHOOK_SECRET, FakeStripe
from tests.emulators.stripe.webhooks import Mode


def main() -> None:
    """Serve until a signal ends it."""
    parser = argparse.ArgumentParser(prog="python -m tests.emulators.stripe", description="A fake Stripe on 127.0.0.1.")
    parser.add_argument("--port", type=int, default=12111)
    parser.add_argument("--webhook-url", help="where events go; without it they wait")
    parser.add_argument("--webhook-secret", default=WEBHOOK_SECRET)
    parser.add_argument("--webhook-mode", type=Mode, choices=[*Mode], default=Mode.NORMAL)
    options = parser.parse_args()
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    fake = FakeStripe(port=options.port, receiver=options.webhook_url, webhook_secret=options.webhook_secret)
    fake.webhooks.mode = options.webhook_mode
    with fake:
        if options.webhook_url:
            fake.webhooks.start()
        sys.stdout.write(f"Fake Stripe at {fake.url}, dashboard at {fake.url}/_fake/dashboard\n")
        sys.stdout.flush()
        ended.wait()


if __name__ == "__main__":
    main()
