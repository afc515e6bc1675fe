"""Mail, for tests: what lies in the outbox after it was sent."""

import re
from email import message_from_bytes, policy
from email.message import EmailMessage

from pingvas.accounts.mail.sending import send_due_mail
from pingvas.adapters.mail import open_post, outbox_folder
from pingvas.base.db import Database
from pingvas.base.settings import Settings


async def sent_mail(database: Database, settings: Settings) -> list[EmailMessage]:
    """Send what is due, and all letters in the outbox, the oldest first."""
    await send_due_mail(database, settings, open_post(settings))
    paths = sorted(outbox_folder(settings).glob("*.eml"))
    letters = [message_from_bytes(path.read_bytes(), policy=policy.default) for path in paths]
    assert all(isinstance(letter, EmailMessage) for letter in letters)
    return letters


def text_of(letter: EmailMessage) -> str:
    """The letter as a program without HTML shows it."""
    body = letter.get_body(("plain",))
    assert body is not None
    content: str = body.get_content()
    return content


def token_in(letter: EmailMessage) -> str:
    """The token of the letter's link."""
    found = re.search(r"#token=(\S+)", text_of(letter))
    assert found is not None, text_of(letter)
    return found[1]
