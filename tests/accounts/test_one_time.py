"""Links that sign a person in once."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.accounts.one_time import create_token, redeem_token
from pingvas.accounts.refusals import AccountSuspended, InvalidToken, TokenExpired
from pingvas.accounts.tables import OneTimeToken
from pingvas.base.db import Database
from tests.make.accounts import make_user


async def test_a_link_signs_its_person_in_once(session: AsyncSession) -> None:
    user = await make_user(session)
    token = await create_token(session, user.id, "sign_in", minutes=10)

    assert (await redeem_token(session, token, "sign_in"))[0].id == user.id
    with pytest.raises(InvalidToken):
        await redeem_token(session, token, "sign_in")


async def test_a_link_opened_in_several_tabs_at_once_works_in_one(database: Database) -> Any:
    # given
    async with database.transaction() as session:
        user = await make_user(session)
        token = await create_token(session, user.id, "sign_in", minutes=10)

    async def open_link() -> Any:
        async with database.transaction() as session:
            return (await redeem_token(session, token, "sign_in"))[0]

    # when
    outcomes = await asyncio.gather(*(open_link() for _ in range(5)), return_exceptions=True)

    # then
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["InvalidToken"] * 4 + ["User"]


async def test_a_link_whose_time_is_over_is_told_as_that(session: AsyncSession) -> None:
    user = await make_user(session)
    token = await create_token(session, user.id, "sign_in", minutes=10)
    await session.execute(update(OneTimeToken).values(expires_at=func.now() - timedelta(seconds=1)))

    with pytest.raises(TokenExpired):
        await redeem_token(session, token, "sign_in")


@pytest.mark.parametrize("token", ["", "pvo_", "pvo_" + "A" * 43, "강물", "x" * 10_000])
async def test_a_made_up_link_is_refused(session: AsyncSession, token: str) -> None:
    with pytest.raises(InvalidToken):
        await redeem_token(session, token, "sign_in")


async def test_a_token_for_another_purpose_does_not_sign_in(session: AsyncSession) -> None:
    user = await make_user(session)
    token = await create_token(session, user.id, "sign_in", minutes=10)
    await session.execute(update(OneTimeToken).values(purpose="verify_email"))

    with pytest.raises(InvalidToken):
        await redeem_token(session, token, "sign_in")


async def test_a_suspended_person_is_not_signed_in_by_a_link(session: AsyncSession) -> None:
    user = await make_user(session, status="suspended")
    token = await create_token(session, user.id, "sign_in", minutes=10)

    with pytest.raises(AccountSuspended):
        await redeem_token(session, token, "sign_in")


async def test_the_link_itself_is_not_stored(session: AsyncSession) -> None:
    user = await make_user(session)
    token = await create_token(session, user.id, "sign_in", minutes=10)

    stored = await session.scalar(select(OneTimeToken.token_hash))

    assert stored is not None
    assert token not in stored
    assert token[4:] not in stored
    assert len(stored) == 64
