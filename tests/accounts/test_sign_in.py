"""Signing in with e-mail and password."""

import asyncio
import time
from typing import Any

import pytest
from sqlalchemy import select, update

from pingvas.accounts.passwords.rules import MAX_LENGTH
from pingvas.accounts.refusals import AccountSuspended
from pingvas.accounts.sign_in.with_password import InvalidCredentials, sign_in
from pingvas.accounts.tables import User, UserSession
from pingvas.base.budgets import Budgets
from pingvas.base.db import Database
from pingvas.base.errors import Invalid
from pingvas.base.settings import Settings
from tests.make.accounts import PASSWORD, address_of, fresh_email, make_user


async def _make(database: Database, settings: Settings, **wishes: Any) -> User:
    async with database.transaction() as session:
        return await make_user(session, **{"settings": settings, "password": PASSWORD, **wishes})


async def _sign_in(database: Database, settings: Settings, email: str, password: str = PASSWORD) -> Any:
    return await sign_in(
        database, settings, Budgets(), email=email, password=password, ip="127.0.0.1", user_agent="a browser"
    )


async def test_the_right_password_starts_a_device_of_its_own_each_time(
    database: Database, settings: Settings
) -> None:
    # given
    user = await _make(database, settings)

    # when
    first = await _sign_in(database, settings, address_of(user))
    second = await _sign_in(database, settings, address_of(user).upper())

    # then
    assert first.user.id == second.user.id == user.id
    assert first.tokens.refresh_token != second.tokens.refresh_token
    async with database.transaction() as session:
        devices = list(await session.scalars(select(UserSession)))
    assert {device.user_id for device in devices} == {user.id}
    assert len(devices) == 2
    assert {(device.ip_address, device.user_agent, device.rotation) for device in devices} == {
        ("127.0.0.1", "a browser", 0)
    }


@pytest.mark.parametrize(
    "password", ["a long and quiet rive", PASSWORD + " ", PASSWORD.upper(), "", "x" * 10_000]
)
async def test_a_wrong_password_is_refused_and_starts_nothing(
    database: Database, settings: Settings, password: str
) -> None:
    user = await _make(database, settings)

    with pytest.raises(InvalidCredentials):
        await _sign_in(database, settings, address_of(user), password)

    async with database.read() as session:
        assert list(await session.scalars(select(UserSession))) == []


async def test_an_unknown_address_is_refused_in_the_same_words(
    database: Database, settings: Settings
) -> None:
    user = await _make(database, settings)

    with pytest.raises(InvalidCredentials) as unknown:
        await _sign_in(database, settings, fresh_email())
    with pytest.raises(InvalidCredentials) as wrong:
        await _sign_in(database, settings, address_of(user), "another password")

    assert (unknown.value.code, unknown.value.detail) == (wrong.value.code, wrong.value.detail)


async def test_what_is_no_address_is_told_as_that(database: Database, settings: Settings) -> None:
    with pytest.raises(Invalid):
        await _sign_in(database, settings, "river")


@pytest.mark.parametrize(
    "wishes", [{"password": None}, {"status": "deleted"}], ids=["no password", "deleted"]
)
async def test_accounts_that_cannot_sign_in_look_unknown(
    database: Database, settings: Settings, wishes: Any
) -> None:
    user = await _make(database, settings, **wishes)

    with pytest.raises(InvalidCredentials):
        await _sign_in(database, settings, address_of(user))


async def test_only_the_owner_is_told_that_an_account_is_suspended(
    database: Database, settings: Settings
) -> None:
    user = await _make(database, settings, status="suspended")

    with pytest.raises(AccountSuspended):
        await _sign_in(database, settings, address_of(user))
    with pytest.raises(InvalidCredentials):
        await _sign_in(database, settings, address_of(user), "another password")


async def test_an_unknown_address_takes_as_long_as_a_wrong_password(
    database: Database, make_settings: Any, settings: Settings
) -> Any:
    # given: hashes so dear that the rest of the work does not count (measured in work done, not by the clock,
    # because other programs run beside the tests)
    slow = make_settings(database_url=settings.database_url, argon2_memory_kib=32_768, argon2_time_cost=4)
    with_password = await _make(database, slow)
    without_password = await _make(database, slow, password=None)
    deleted = await _make(database, slow, status="deleted")

    # when
    async def seconds(email: str) -> float:
        times = []
        for _ in range(3):
            before = time.process_time()
            with pytest.raises(InvalidCredentials):
                await _sign_in(database, slow, email, "another password")
            times.append(time.process_time() - before)
        return min(times)

    wrong_password = await seconds(address_of(with_password))
    others = [
        await seconds(email) for email in (fresh_email(), address_of(without_password), address_of(deleted))
    ]

    # then
    assert all(wrong_password / 2 < other < wrong_password * 2 for other in others), (wrong_password, others)


async def test_a_password_longer_than_any_is_refused_without_hashing_it(
    database: Database, make_settings: Any, settings: Settings
) -> None:
    # given
    slow = make_settings(database_url=settings.database_url, argon2_memory_kib=65_536, argon2_time_cost=20)
    before = time.process_time()

    # when
    with pytest.raises(InvalidCredentials):
        await _sign_in(database, slow, fresh_email(), "x" * (MAX_LENGTH + 1))

    # then
    assert time.process_time() - before < 0.5


async def test_signing_in_remakes_a_hash_whose_costs_are_out_of_date(
    database: Database, make_settings: Any, settings: Settings
) -> None:
    # given
    user = await _make(database, settings)
    dearer = make_settings(database_url=settings.database_url, argon2_time_cost=2)

    # when
    await _sign_in(database, dearer, address_of(user))

    # then
    async with database.read() as session:
        stored = await session.scalar(select(User.password_hash).where(User.id == user.id))
    assert stored != user.password_hash
    assert stored is not None
    assert "t=2" in stored
    await _sign_in(database, dearer, address_of(user))


async def test_a_password_changed_while_it_was_checked_does_not_sign_in(
    database: Database, make_settings: Any, settings: Settings
) -> None:
    # given: a check that takes long enough to change something under it
    slow = make_settings(database_url=settings.database_url, argon2_memory_kib=65_536, argon2_time_cost=8)
    user = await _make(database, slow)
    other_hash = (await _make(database, slow, password="another password")).password_hash

    # when
    signing_in = asyncio.create_task(_sign_in(database, slow, address_of(user)))
    await asyncio.sleep(0.05)
    async with database.transaction() as session:
        await session.execute(update(User).where(User.id == user.id).values(password_hash=other_hash))

    # then
    with pytest.raises(InvalidCredentials):
        await signing_in
