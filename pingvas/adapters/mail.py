"""Mail out of the house: to an SMTP server, or into a folder where no server is configured.

A message is sent at least once: a server that took it and then fell silent is asked again, and the Message-ID, which is the
same each time, lets mail programs show it once.
"""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from pathlib import Path
from typing import Protocol
from urllib.parse import parse_qs, unquote, urlsplit

import aiosmtplib

from pingvas.base.errors import Invalid, Unavailable
from pingvas.base.ids import new_id
from pingvas.base.settings import Settings

SECONDS = 20.0
FOLDER = "mail"


class MailUnavailable(Unavailable):
    """The server cannot be reached or wants to be asked later."""

    default_detail = "The mail server cannot be reached."


class MailRefused(Invalid):
    """The server will not take this message, now or later: no such mailbox, say."""


@dataclass(frozen=True)
class Letter:
    """A message to one address. `message_id` is the part before the @, the same at every try."""

    to: str
    subject: str
    text: str
    html: str
    message_id: str


class Post(Protocol):
    """Takes letters."""

    async def send(self, letter: Letter) -> None:
        """Raises MailUnavailable or MailRefused."""
        ...


def open_post(settings: Settings) -> Post:
    """What the settings ask for. Raises Invalid when they make no sense."""
    if settings.smtp_url is None:
        return OutboxFolder(outbox_folder(settings), sender(settings))
    return SmtpServer(settings.smtp_url, sender(settings))


def outbox_folder(settings: Settings) -> Path:
    """Where mail lies that no server takes."""
    return settings.data_dir.resolve() / FOLDER


def sender(settings: Settings) -> str:
    """The From address: what the settings say, or one at the studio's own host."""
    if settings.mail_from is not None:
        return settings.mail_from
    host = urlsplit(settings.base_url).hostname or "localhost"
    return (
        f"Pingvas Studio <studio@{'localhost' if host.replace('.', '').isdigit() or ':' in host else host}>"
    )


class OutboxFolder:
    """Writes each letter into a folder as an `.eml` file, which every mail program opens."""

    def __init__(self, folder: Path, sender: str) -> None:
        self.folder = folder
        self._sender = sender

    async def send(self, letter: Letter) -> None:
        await asyncio.to_thread(self._write, letter)

    def _write(self, letter: Letter) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        now = datetime.now(UTC)
        path = self.folder / f"{now:%Y%m%dT%H%M%S.%f}-{new_id().hex[-8:]}.eml"
        temporary = path.with_suffix(".part")
        temporary.write_bytes(message(letter, self._sender).as_bytes(policy=SMTP))
        temporary.rename(path)


class SmtpServer:
    """Sends through `smtp://user:password@host:port`, upgraded to TLS where the server offers it and always before a password
    is told, or `smtps://`, encrypted from the start. `?tls=off` for a relay on a trusted network."""

    def __init__(self, url: str, sender: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise Invalid("PINGVAS_SMTP_URL must be smtp://host or smtps://host.")
        self._sender = sender
        self._host = parts.hostname
        self._implicit = parts.scheme == "smtps"
        self._port = parts.port or (465 if self._implicit else 587 if parts.username else 25)
        self._user = unquote(parts.username) if parts.username else None
        self._password = unquote(parts.password) if parts.password else None
        off = parse_qs(parts.query).get("tls") == ["off"]
        # True: must be there. None: where it is offered.
        self._start_tls = False if off or self._implicit else True if self._user else None

    async def send(self, letter: Letter) -> None:
        try:
            await aiosmtplib.send(
                message(letter, self._sender),
                hostname=self._host,
                port=self._port,
                username=self._user,
                password=self._password,
                use_tls=self._implicit,
                start_tls=self._start_tls,
                timeout=SECONDS,
            )
        except aiosmtplib.SMTPRecipientsRefused as error:
            if all(500 <= refusal.code < 600 for refusal in error.recipients):
                raise MailRefused(f"The mail server refuses {letter.to}.") from error
            raise MailUnavailable(str(error)) from error
        except aiosmtplib.SMTPDataError as error:
            if 500 <= error.code < 600:
                raise MailRefused(f"The mail server refuses the message: {error.message}") from error
            raise MailUnavailable(str(error)) from error
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            raise MailUnavailable(f"{type(error).__name__}: {error}") from error


def message(letter: Letter, sender: str) -> EmailMessage:
    """The letter as it is sent: text, and HTML for those who prefer it."""
    made = EmailMessage()
    made["From"] = sender
    made["To"] = letter.to
    made["Subject"] = letter.subject
    made["Date"] = format_datetime(datetime.now(UTC))
    made["Message-ID"] = f"<{letter.message_id}@{parseaddr(sender)[1].rpartition('@')[2] or 'localhost'}>"
    # Nobody answers, and absence notes are not wanted (RFC 3834).
    made["Auto-Submitted"] = "auto-generated"
    made.set_content(letter.text)
    made.add_alternative(letter.html, subtype="html")
    return made
