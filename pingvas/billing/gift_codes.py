"""Words that give credits to whoever knows them: once to each person, and no oftener than an admin allows in all."""

import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.accounts.admin.audit import Doer, record
from pingvas.accounts.admin.people import accept_reason
from pingvas.base.errors import Conflict, Invalid, NotFound
from pingvas.base.ids import new_id
from pingvas.base.pages import Page, PageRequest, read_page
from pingvas.base.read_session import ReadSession
from pingvas.base.statements import fetch_one
from pingvas.billing.credits import Grant, give
from pingvas.billing.gifts import MOST_AT_ONCE, MOST_DAYS
from pingvas.billing.subscriptions import lock_current_subscription
from pingvas.billing.tables import GiftCode

MOST_USES = 1_000_000
# Letters and digits that nobody takes for one another; 12 of them are beyond guessing.
_SIGNS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_LENGTH = 12
FORM = "^[A-Za-z0-9][A-Za-z0-9-]{4,38}[A-Za-z0-9]$"
LONGEST_TYPED = 200

# The code counts up before the credits are there, so that of two who take the last one the second finds none.
_USE = text("""
    UPDATE gift_codes SET uses = uses + 1
     WHERE upper(code) = upper(:code) AND (valid_until IS NULL OR valid_until > now())
       AND (max_uses IS NULL OR uses < max_uses)
    RETURNING id, code, credits, keep_days
""")
_GIVEN = text("SELECT 1 FROM credit_grants WHERE source_key = :source_key")
_END = text("""
    UPDATE gift_codes SET valid_until = now()
     WHERE id = :id AND (valid_until IS NULL OR valid_until > now())
    RETURNING code
""")


class CodeUnknown(NotFound):
    """The same for one that never was: nobody learns by trying which there are."""

    code = "code_unknown"
    default_detail = "There is no such code."


class CodeOver(Conflict):
    code = "code_over"
    default_detail = (
        "This code gives nothing any more: its time is over, or it was used as often as it may be."
    )


class CodeUsed(Conflict):
    code = "code_used"
    default_detail = "You have used this code already. Its credits are in your history."


class CodeExists(Conflict):
    code = "code_exists"
    default_detail = "There is a code of this name."


@dataclass(frozen=True)
class Redeemed:
    """What a code gave, the balance then, and until when those credits live."""

    credits: int
    balance: int
    expires_at: datetime | None


@dataclass(frozen=True)
class NewCode:
    """`code=None`: one is made up. `keep_days=None`: its credits do not expire; `max_uses=None`: everybody may use it."""

    credits: int
    code: str | None = None
    keep_days: int | None = None
    max_uses: int | None = None
    valid_until: datetime | None = None


async def redeem(session: AsyncSession, user_id: UUID, typed: str) -> Redeemed:
    """Give somebody the credits of a code. Raises CodeUnknown, CodeOver, CodeUsed and NoSubscription; then the transaction is to be
    rolled back."""
    written = typed.strip()
    if re.fullmatch(FORM, written) is None:
        raise CodeUnknown
    subscription = await lock_current_subscription(session, user_id)
    used = await fetch_one(session, _USE, {"code": written})
    if used is None:
        raise await _why_not(session, user_id, written)
    expires_at = None if used.keep_days is None else datetime.now(UTC) + timedelta(days=used.keep_days)
    gift = Grant(
        user_id,
        subscription.id,
        "gift",
        _source_key(used.id, user_id),
        used.credits,
        f"Code {used.code}",
        expires_at,
    )
    balance = await give(session, gift)
    if balance is None:
        raise CodeUsed
    return Redeemed(used.credits, balance, expires_at)


async def make_code(session: AsyncSession, doer: Doer, new: NewCode, reason: str) -> GiftCode:
    """A code for others to use. Raises Invalid and CodeExists."""
    reason = accept_reason(reason)
    name = new.code.strip() if new.code else "".join(secrets.choice(_SIGNS) for _ in range(_LENGTH))
    if re.fullmatch(FORM, name) is None:
        told = "must have 6 to 40 letters (a to z), digits and -, with none of these at its ends"
        raise Invalid(f"A code {told}.", field="code", reason=told, reason_code="code_form")
    if new.valid_until is not None and new.valid_until <= datetime.now(UTC):
        raise Invalid(
            "It would be over already.",
            field="valid_until",
            reason="is not in the future",
            reason_code="has_passed",
        )
    code = GiftCode(
        id=new_id(),
        code=name,
        credits=_within("credits", new.credits, MOST_AT_ONCE),
        keep_days=None if new.keep_days is None else _within("keep_days", new.keep_days, MOST_DAYS),
        max_uses=None if new.max_uses is None else _within("max_uses", new.max_uses, MOST_USES),
        valid_until=new.valid_until,
        created_by=doer.user_id,
    )
    try:
        async with session.begin_nested():
            session.add(code)
            await session.flush()
    except IntegrityError as error:
        if "uq_gift_codes_code" not in str(error.orig):
            raise
        raise CodeExists from error
    await session.refresh(code)
    after = {"code": name, "credits": code.credits, "keep_days": code.keep_days, "max_uses": code.max_uses}
    await record(session, doer, "code.create", "gift_code", code.id, after=after, reason=reason)
    return code


async def list_codes(session: ReadSession, asked: PageRequest) -> Page[GiftCode]:
    """All of them, newest first. Raises BadCursor."""
    order = (GiftCode.id,)
    page = await read_page(session, select(GiftCode), asked, order=order, belongs_to=("gift codes",))
    return page.of(lambda row: row[0])


async def end_code(session: AsyncSession, doer: Doer, code_id: UUID) -> None:
    """From now on it gives nothing; what it gave stays. One that is over stays so. Raises NotFound."""
    ended = await fetch_one(session, _END, {"id": code_id})
    if ended is None:
        if await session.get(GiftCode, code_id) is None:
            raise NotFound
        return
    await record(session, doer, "code.end", "gift_code", code_id, before={"code": ended.code})


async def _why_not(session: ReadSession, user_id: UUID, written: str) -> NotFound | Conflict:
    """Why a code gives this person nothing."""
    found = await session.scalar(select(GiftCode).where(func.upper(GiftCode.code) == written.upper()))
    if found is None:
        return CodeUnknown()
    if await session.scalar(_GIVEN, {"source_key": _source_key(found.id, user_id)}):
        return CodeUsed()
    return CodeOver()


def _source_key(code_id: UUID, user_id: UUID) -> str:
    return f"code:{code_id}:{user_id}"


def _within(field: str, value: int, most: int) -> int:
    if not 1 <= value <= most:
        reason = f"must lie between 1 and {most}"
        raise Invalid(f"The field {field} {reason}.", field=field, reason=reason)
    return value
