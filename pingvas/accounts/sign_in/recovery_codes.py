"""Recovery codes: each stands in for the app once. They are told when they are made and kept hashed; at eighty bits a plain hash
will do."""

import hashlib
import secrets
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.accounts.tables import RecoveryCode
from pingvas.base.ids import new_id

COUNT = 10
# Without those that are read as others (i, l, o, u): what is typed for them is taken for what they look like.
_SIGNS = "0123456789abcdefghjkmnpqrstvwxyz"
_LOOKS_LIKE = str.maketrans("ilo", "110")
_GROUPS, _GROUP = 4, 4


async def make_recovery_codes(session: AsyncSession, user_id: UUID) -> list[str]:
    """New codes in place of all that a person had."""
    await session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    codes = [_make() for _ in range(COUNT)]
    session.add_all(
        RecoveryCode(id=new_id(), user_id=user_id, code_hash=_stored_form(user_id, code)) for code in codes
    )
    await session.flush()
    return codes


async def use_recovery_code(session: AsyncSession, user_id: UUID, code: str) -> int | None:
    """Use one up; how many are left, or None when it is none of the person's unused ones. Of two who use one at once, one does."""
    mine = (RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))
    this = update(RecoveryCode).where(*mine, RecoveryCode.code_hash == _stored_form(user_id, code))
    used = await session.scalar(this.values(used_at=func.now()).returning(RecoveryCode.id))
    if used is None:
        return None
    return await session.scalar(select(func.count()).select_from(RecoveryCode).where(*mine)) or 0


def _make() -> str:
    groups = ["".join(secrets.choice(_SIGNS) for _ in range(_GROUP)) for _ in range(_GROUPS)]
    return "-".join(groups)


def _stored_form(user_id: UUID, code: str) -> str:
    plain = "".join(sign for sign in code.lower() if sign.isalnum()).translate(_LOOKS_LIKE)
    return hashlib.sha256(user_id.bytes + plain.encode("utf-8", "surrogatepass")).hexdigest()
