"""Devices and their refresh tokens: rotation, reuse, two tabs, and what a thief gets."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text, update

from pingvas.accounts.current import authenticate, authenticate_for_a_while
from pingvas.accounts.refusals import AccountSuspended, InvalidToken, TokenExpired
from pingvas.accounts.sessions import access_tokens, refresh_tokens
from pingvas.accounts.sessions.lifecycle import (
    LONGEST_SESSION,
    ReusedToken,
    Tokens,
    end_session,
    end_session_of_token,
    refresh,
    start_session,
)
from pingvas.accounts.tables import User, UserSession
from pingvas.base import clock
from pingvas.base.budgets import Budgets
from pingvas.base.db import Database
from pingvas.base.errors import NotFound
from pingvas.base.ids import new_id
from pingvas.base.settings import Settings
from tests.make.accounts import USER_AGENT, make_device, make_user


@pytest.fixture
async def user(database: Database) -> User:
    async with database.transaction() as session:
        return await make_user(session)


@pytest.fixture
async def device(database: Database, settings: Settings, user: Any) -> Tokens:
    async with database.transaction() as session:
        return await make_device(session, settings, user)


async def _refresh(
    database: Database, settings: Settings, token: str, *, user_agent: Any = USER_AGENT
) -> Any:
    return (await refresh(database, settings, Budgets(), token, ip="127.0.0.1", user_agent=user_agent)).tokens


async def _acts(database: Database, settings: Settings, tokens: Any) -> bool:
    try:
        async with database.read() as session:
            await authenticate(session, settings, tokens.access_token)
    except InvalidToken:
        return False
    return True


async def _change(database: Database, **values: Any) -> None:
    async with database.transaction() as session:
        await session.execute(update(UserSession).values(values))


async def _only_device(database: Database) -> UserSession:
    async with database.transaction() as session:
        return (await session.scalars(select(UserSession))).one()


async def test_refreshing_gives_new_tokens_for_the_same_person_and_device(
    database: Database, settings: Settings, user: Any, device: Any
) -> None:
    # when
    refreshed = await refresh(
        database, settings, Budgets(), device.refresh_token, ip="10.0.0.1", user_agent="a newer browser"
    )

    # then
    assert refreshed.user.id == user.id
    assert refreshed.tokens.session_id == device.session_id
    assert refreshed.tokens.refresh_token != device.refresh_token
    async with database.read() as session:
        actor = await authenticate(session, settings, refreshed.tokens.access_token)
    assert (actor.user_id, actor.session_id, actor.role) == (user.id, device.session_id, "user")
    row = await _only_device(database)
    assert (row.rotation, row.ip_address, row.user_agent) == (1, "10.0.0.1", "a newer browser")


async def test_a_chain_of_refreshes_goes_on(database: Database, settings: Settings, device: Any) -> None:
    tokens = device
    for generation in range(1, 6):
        tokens = await _refresh(database, settings, tokens.refresh_token)
        assert refresh_tokens.read(settings, tokens.refresh_token).rotation == generation

    assert await _acts(database, settings, tokens)


async def test_a_reused_refresh_token_ends_the_session(
    database: Database, settings: Settings, device: Any
) -> None:
    # given: the owner has refreshed, some time ago
    current = await _refresh(database, settings, device.refresh_token)
    await _change(database, rotated_at=func.now() - timedelta(seconds=settings.refresh_grace_seconds + 1))

    # when: somebody comes with the old one
    with pytest.raises(ReusedToken) as refused:
        await _refresh(database, settings, device.refresh_token)

    # then: the device is signed out for both
    assert refused.value.code == "invalid_token"
    assert not await _acts(database, settings, current)
    with pytest.raises(InvalidToken):
        await _refresh(database, settings, current.refresh_token)


async def test_a_token_two_generations_old_ends_the_session_even_at_once(
    database: Database, settings: Settings, device: Any
) -> None:
    second = await _refresh(database, settings, device.refresh_token)
    third = await _refresh(database, settings, second.refresh_token)

    with pytest.raises(ReusedToken):
        await _refresh(database, settings, device.refresh_token)

    assert not await _acts(database, settings, third)


async def test_another_browser_gets_no_grace(database: Database, settings: Settings, device: Any) -> None:
    current = await _refresh(database, settings, device.refresh_token)

    with pytest.raises(ReusedToken):
        await _refresh(database, settings, device.refresh_token, user_agent="a thief's browser")

    assert not await _acts(database, settings, current)


async def test_a_lost_answer_is_given_again(database: Database, settings: Settings, device: Any) -> None:
    first = await _refresh(database, settings, device.refresh_token)

    again = await _refresh(database, settings, device.refresh_token)

    assert again.refresh_token == first.refresh_token
    assert await _acts(database, settings, again)
    assert (await _only_device(database)).rotation == 1


async def test_without_grace_the_second_use_ends_the_session(
    database: Database, make_settings: Any, settings: Settings, device: Any
) -> None:
    strict = make_settings(database_url=settings.database_url, refresh_grace_seconds=0)
    await _refresh(database, strict, device.refresh_token)

    with pytest.raises(ReusedToken):
        await _refresh(database, strict, device.refresh_token)


async def test_two_tabs_that_refresh_at_once_both_stay_signed_in(
    database: Database, settings: Settings, device: Any
) -> None:
    # when
    tabs = await asyncio.gather(*(_refresh(database, settings, device.refresh_token) for _ in range(8)))

    # then: one rotation happened, and all of them hold its token
    assert len({tab.refresh_token for tab in tabs}) == 1
    assert all([await _acts(database, settings, tab) for tab in tabs])
    assert (await _only_device(database)).rotation == 1
    assert await _refresh(database, settings, tabs[0].refresh_token)


async def test_a_thief_and_the_owner_cannot_both_go_on(
    database: Database, settings: Settings, device: Any
) -> None:
    # given: both hold the same token, and the thief copies the browser's name too
    thief = await _refresh(database, settings, device.refresh_token)
    owner = await _refresh(database, settings, device.refresh_token)

    # when: one goes on, and the other a while later
    thief = await _refresh(database, settings, thief.refresh_token)
    await _change(database, rotated_at=func.now() - timedelta(seconds=settings.refresh_grace_seconds + 1))
    with pytest.raises(ReusedToken):
        await _refresh(database, settings, owner.refresh_token)

    # then
    assert not await _acts(database, settings, thief)


async def test_a_forged_token_with_a_known_session_id_changes_nothing(
    database: Database, settings: Settings, make_settings: Any, device: Any
) -> None:
    # given
    before = await _only_device(database)
    elsewhere = make_settings(secret_key="the secret of the studio next door, as long")

    # when
    for generation in (0, 1, 7):
        forged = refresh_tokens.make(elsewhere, device.session_id, generation)
        with pytest.raises(InvalidToken):
            await _refresh(database, settings, forged)
        async with database.transaction() as session:
            with pytest.raises(InvalidToken):
                await end_session_of_token(session, settings, forged)

    # then
    after = await _only_device(database)
    assert (after.rotation, after.refresh_token) == (before.rotation, before.refresh_token)
    assert await _refresh(database, settings, device.refresh_token)


async def test_a_device_unused_for_too_long_is_signed_out(
    database: Database, settings: Settings, device: Any
) -> None:
    await _change(database, expires_at=func.now() - timedelta(seconds=1))

    with pytest.raises(TokenExpired):
        await _refresh(database, settings, device.refresh_token)
    assert not await _acts(database, settings, device)


async def test_each_use_lengthens_the_life_of_a_device_up_to_a_year(
    database: Database, settings: Settings, device: Any
) -> None:
    # given: a device in daily use that was signed in long ago
    await _change(database, created_at=func.now() - LONGEST_SESSION + timedelta(days=3))

    # when
    await _refresh(database, settings, device.refresh_token)

    # then
    left = (await _only_device(database)).expires_at - clock.now()
    assert timedelta(days=2) < left <= timedelta(days=3)


@pytest.mark.parametrize(("status", "error"), [("suspended", AccountSuspended), ("deleted", InvalidToken)])
async def test_a_person_who_may_not_act_can_neither_refresh_nor_act(
    database: Database, settings: Settings, device: Any, status: Any, error: Any
) -> None:
    async with database.transaction() as session:
        await session.execute(update(User).values(status=status))

    with pytest.raises(error):
        await _refresh(database, settings, device.refresh_token)
    with pytest.raises(error):
        async with database.read() as session:
            await authenticate(session, settings, device.access_token)
    assert (await _only_device(database)).rotation == 0


async def test_signing_out_stops_both_tokens_at_once(
    database: Database, settings: Settings, user: Any, device: Any
) -> None:
    async with database.transaction() as session:
        await end_session(session, user.id, device.session_id)

    assert not await _acts(database, settings, device)
    with pytest.raises(InvalidToken):
        await _refresh(database, settings, device.refresh_token)


async def test_signing_out_by_an_older_token_works_and_twice_is_no_error(
    database: Database, settings: Settings, device: Any
) -> None:
    await _refresh(database, settings, device.refresh_token)

    for _ in range(2):
        async with database.transaction() as session:
            await end_session_of_token(session, settings, device.refresh_token)

    assert not await _acts(database, settings, device)


async def test_nobody_signs_out_somebody_elses_device(
    database: Database, settings: Settings, device: Any
) -> None:
    async with database.transaction() as session:
        stranger = await make_user(session)

    async with database.transaction() as session:
        with pytest.raises(NotFound):
            await end_session(session, stranger.id, device.session_id)
    assert await _acts(database, settings, device)


async def test_an_access_token_that_names_another_persons_device_is_refused(
    database: Database, settings: Settings, device: Any
) -> None:
    from pingvas.accounts.sessions import access_tokens

    async with database.transaction() as session:
        stranger = await make_user(session)
    mixed = access_tokens.issue(settings, user_id=stranger.id, session_id=device.session_id)

    async with database.read() as session:
        with pytest.raises(InvalidToken):
            await authenticate(session, settings, mixed)


async def test_no_token_is_stored_in_any_column_of_any_table(
    database: Database, settings: Settings, device: Any
) -> None:
    # given
    current = await _refresh(database, settings, device.refresh_token)
    secrets = [device.refresh_token, current.refresh_token, current.access_token]

    # when
    async with database.read() as session:
        tables = await session.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))
        everything = [
            row
            for table in tables.all()
            for row in (await session.scalars(text(f'SELECT t::text FROM "{table}" t'))).all()
        ]

    # then
    assert any(str(device.session_id) in row for row in everything)
    for secret in secrets:
        assert not any(secret in row or secret[4:] in row for row in everything)


async def test_signing_in_forgets_devices_whose_time_is_over(
    database: Database, settings: Settings, user: Any, device: Any
) -> None:
    await _change(database, expires_at=func.now() - timedelta(days=1))

    async with database.transaction() as session:
        fresh = await make_device(session, settings, user)

    assert (await _only_device(database)).id == fresh.session_id


async def test_a_browser_with_an_absurd_name_is_remembered_in_part(
    database: Database, settings: Settings, user: Any
) -> None:
    async with database.transaction() as session:
        tokens = await start_session(
            session, settings, user, ip=None, user_agent="a\x00b" * 10_000, method="password"
        )

    row = await _only_device(database)
    assert row.user_agent is not None
    assert len(row.user_agent) <= 400
    assert await _refresh(database, settings, tokens.refresh_token, user_agent=None)


async def test_a_genuine_token_of_a_device_that_never_was_is_refused(
    database: Database, settings: Settings
) -> None:
    with pytest.raises(InvalidToken):
        await _refresh(database, settings, refresh_tokens.make(settings, new_id(), 0))


# Whose clock: the database's, on every host.


@pytest.mark.parametrize("off_by", [-7200, -30, 30, 7200])
async def test_tokens_go_by_the_databases_clock_whatever_the_hosts_says(
    database: Database, settings: Settings, user: Any, monkeypatch: pytest.MonkeyPatch, off_by: Any
) -> None:
    # given a host whose clock is off
    right = clock.now
    with monkeypatch.context() as its_clock:
        its_clock.setattr(clock, "now", lambda: right() + timedelta(seconds=off_by))
        async with database.transaction() as session:
            signed_in = await make_device(session, settings, user)
        refreshed = await _refresh(database, settings, signed_in.refresh_token)

    # then
    for tokens in (signed_in, refreshed):
        async with database.read() as session:
            actor, left = await authenticate_for_a_while(session, settings, tokens.access_token)
        assert actor.user_id == user.id
        assert left is not None
        assert timedelta(seconds=settings.access_token_seconds - 60) < left
        assert left <= timedelta(seconds=settings.access_token_seconds)


async def test_a_token_that_has_ended_by_the_databases_clock_is_refused_without_grace(
    database: Database, settings: Settings, user: Any, device: Any
) -> None:
    issued_at = clock.now() - timedelta(seconds=settings.access_token_seconds + 30)
    ended = access_tokens.issue(settings, user_id=user.id, session_id=device.session_id, issued_at=issued_at)

    with pytest.raises(TokenExpired):
        async with database.read() as session:
            await authenticate(session, settings, ended)
