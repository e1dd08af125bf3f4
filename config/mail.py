"""How this installation signs its letters: handed to mail when a process starts."""

from apps.mail import letterhead
from apps.mail.letterhead import Letterhead
from config.env import Env


def configure_mail(env: Env) -> None:
    """Tell mail who sends its letters and where they lead. A test asks that every page is one."""
    workspace = f"{env.base_url}/w/{{workspace}}"
    letterhead.configure(
        Letterhead(
            sender=env.mail_from,
            base_url=env.base_url,
            alarm_to=tuple(env.alarm_to),
            pages={
                "credits": f"{workspace}/credits",
                "limits": f"{workspace}/credits/limits",
                "purchase": f"{workspace}/credits?purchase={{purchase}}",
                "receipts": f"{workspace}/credits/receipts",
                "approvals": f"{env.base_url}/staff/approvals/",
                "top_up": f"{workspace}/credits/top-up",
                "books": f"{env.base_url}/staff/books/",
            },
        )
    )
