"""Sending what was decided: each mail is taken by one process at a time, tried again with growing pauses, and given up after a day.

A link's token is made when the mail is sent and kept hashed only; of several tries all links work, until one was used.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import case, delete, func, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.accounts.mail.compose import Language, compose
from pingvas.accounts.one_time import LIFETIMES, Purpose, create_token
from pingvas.accounts.tables import Mail, User
from pingvas.adapters.mail import Letter, MailRefused, MailUnavailable, Post
from pingvas.base.db import Database
from pingvas.base.read_session import ReadSession
from pingvas.base.settings import Settings

log = logging.getLogger(__name__)

STUDIO = "Pingvas Studio"
# Pauses between tries, seconds; about a day in all.
PAUSES = (10, 60, 300, 1800, 7200, 21600, 43200)
_KEPT = timedelta(days=30)
_KEPT_OF_NOBODY = timedelta(days=1)
_BATCH = 100

# The page a message's button leads to; `token` of those that carry one is of the purpose of the same name.
_PAGES: Mapping[str, str] = {
    "verify_email": "/verify-email#token=",
    "reset_password": "/reset-password#token=",
    "confirm_old_email": "/confirm-email#token=",
    "confirm_new_email": "/confirm-email#token=",
    "password_changed": "/forgot-password",
    "new_device": "/account/devices",
    "second_factor_off": "/account/sign-in",
    "passkey_added": "/account/sign-in",
    "passkey_removed": "/account/sign-in",
    "passkey_copied": "/account/sign-in",
    "recovery_code_used": "/account/sign-in",
    "sign_in_linked": "/account/sign-in",
    "sign_in_unlinked": "/account/sign-in",
    "api_key_created": "/account/keys",
    "account_leaving": "/account",
    "export_ready": "/account/data",
    "credits_expire": "/credits",
    "image_hidden": "/gallery?view={image_id}",
    "image_shown": "/gallery?view={image_id}",
}
_PURPOSES: Mapping[str, Purpose] = {
    "verify_email": "verify_email",
    "reset_password": "reset_password",
    "confirm_old_email": "confirm_old_email",
    "confirm_new_email": "confirm_new_email",
}


@dataclass(frozen=True)
class Sent:
    """What a turn of sending did."""

    sent: int = 0
    postponed: int = 0
    given_up: int = 0


@dataclass(frozen=True)
class _Due:
    id: UUID
    letter: Letter | None
    attempts: int


async def send_due_mail(database: Database, settings: Settings, post: Post) -> Sent:
    """Send all mail that is due, oldest first. While the server is away, the first failure ends the turn."""
    sent = postponed = given_up = 0
    for _ in range(_BATCH):
        async with database.transaction() as session:
            due = await _take(session, settings)
        if due is None:
            break
        error: str | None = None
        lasting = False
        if due.letter is not None:
            try:
                await post.send(due.letter)
            except MailRefused as refused:
                error, lasting = refused.detail, True
            except MailUnavailable as away:
                error = away.detail
        async with database.transaction() as session:
            if error is None:
                await session.execute(
                    update(Mail).where(Mail.id == due.id).values(sent_at=func.now(), error=None)
                )
                sent += due.letter is not None
                continue
            lasting = lasting or due.attempts >= len(PAUSES)
            gave_up = func.now() if lasting else None
            await session.execute(
                update(Mail).where(Mail.id == due.id).values(error=error, failed_at=gave_up)
            )
        if lasting:
            given_up += 1
            log.warning("mail %s was given up: %s", due.id, error)
        else:
            postponed += 1
            break
    return Sent(sent, postponed, given_up)


@dataclass(frozen=True)
class MailState:
    """Where mail stands: how many wait, since when the oldest, and what was given up within a day and why."""

    waiting: int
    oldest_seconds: float
    given_up: int
    error: str | None


async def mail_state(session: ReadSession) -> MailState:
    """For `pingvas doctor`."""
    waits = Mail.sent_at.is_(None) & Mail.failed_at.is_(None)
    lately = Mail.failed_at > func.now() - literal(timedelta(days=1))
    query = select(
        func.count().filter(waits),
        func.coalesce(func.extract("epoch", func.now() - func.min(Mail.created_at).filter(waits)), 0),
        func.count().filter(lately),
        func.max(Mail.error).filter(or_(waits, lately)),
    )
    row = (await session.execute(query)).one()
    return MailState(row[0], float(row[1]), row[2], row[3])


async def forget_old_mail(session: AsyncSession) -> None:
    """Remove what was sent, or given up, a while ago; what went to people who are gone, soon."""
    ended = func.coalesce(Mail.sent_at, Mail.failed_at)
    kept = case((Mail.user_id.is_(None), literal(_KEPT_OF_NOBODY)), else_=literal(_KEPT))
    await session.execute(delete(Mail).where(ended < func.now() - kept))


async def _take(session: AsyncSession, settings: Settings) -> _Due | None:
    """The next mail that is due, for this process to send: nobody else takes it before its next try would come."""
    due = (
        select(Mail)
        .where(Mail.sent_at.is_(None), Mail.failed_at.is_(None), Mail.next_attempt_at <= func.now())
        .order_by(Mail.next_attempt_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    mail = await session.scalar(due)
    if mail is None:
        return None
    pause = PAUSES[min(mail.attempts, len(PAUSES) - 1)]
    mail.attempts += 1
    mail.next_attempt_at = cast("datetime", func.now() + timedelta(seconds=pause))
    user = await _recipient(session, mail)
    if user is None and mail.template in _PURPOSES:
        # Nobody has this address: there is nothing to send, and whoever asked learns nothing.
        return _Due(mail.id, None, mail.attempts)
    return _Due(mail.id, await _letter(session, settings, mail, user), mail.attempts)


async def _recipient(session: AsyncSession, mail: Mail) -> User | None:
    if mail.user_id is not None:
        return await session.get(User, mail.user_id)
    may = or_(User.status == "active", User.leaves_at.is_not(None))
    return cast(
        "User | None",
        await session.scalar(select(User).where(func.lower(User.email) == func.lower(mail.to_address), may)),
    )


async def _letter(session: AsyncSession, settings: Settings, mail: Mail, user: User | None) -> Letter:
    values: dict[str, Any] = {"studio": STUDIO, "name": None if user is None else user.display_name}
    values |= mail.parameters
    page = _PAGES.get(mail.template)
    if page is not None:
        values["url"] = settings.base_url + page.format_map(mail.parameters)
    purpose = _PURPOSES.get(mail.template)
    if purpose is not None and user is not None:
        values["url"] += await create_token(session, user.id, purpose)
        minutes = LIFETIMES[purpose]
        values |= {"minutes": round(minutes), "hours": round(minutes / 60)}
    composed = compose(mail.template, cast("Language", mail.language), values)
    return Letter(
        to=mail.to_address,
        subject=composed.subject,
        text=composed.text,
        html=composed.html,
        message_id=mail.id.hex,
    )
