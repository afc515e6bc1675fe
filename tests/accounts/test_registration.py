"""Making accounts."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.accounts.people.registration import EmailExists, RegistrationClosed, refuse_if_closed, register
from pingvas.accounts.tables import User, UserProfile
from pingvas.base.db import Database
from pingvas.base.errors import Invalid
from pingvas.base.settings import Settings
from tests.make.accounts import PASSWORD, fresh_email, make_user


async def _register(session: AsyncSession, settings: Settings, **changes: Any) -> User:
    wish = {"email": fresh_email(), "password": PASSWORD, "display_name": "Somebody"}
    return await register(session, settings, **{**wish, **changes})


async def test_a_new_account_is_active_has_a_profile_and_keeps_no_password(
    session: AsyncSession, make_settings: Any
) -> None:
    user = await _register(
        session, make_settings(), email="Quiet.River@EXAMPLE.com", display_name="  A   river "
    )

    assert (user.email, user.display_name) == ("Quiet.River@example.com", "A river")
    assert (user.role, user.status, user.email_verified_at) == ("user", "active", None)
    assert user.password_hash is not None
    assert user.password_hash.startswith("$argon2id$")
    assert user.created_at.tzinfo is not None
    profile = await session.scalar(select(UserProfile).where(UserProfile.user_id == user.id))
    assert profile is not None
    assert (profile.avatar_url, profile.bio, profile.preferences) == (None, None, {})


@pytest.mark.parametrize(
    "again", ["quiet.river@example.com", "QUIET.RIVER@Example.COM", " quiet.river@example.com "]
)
async def test_an_address_is_taken_in_every_spelling_of_its_case(
    session: AsyncSession, make_settings: Any, again: Any
) -> None:
    await _register(session, make_settings(), email="Quiet.River@example.com")

    with pytest.raises(EmailExists):
        await _register(session, make_settings(), email=again)


@pytest.mark.parametrize(
    "again", ["ÄRGER@BÜCHER.example.com", "ärger@bücher.example.com", "a\u0308rger@bücher.example.com"]
)
async def test_case_and_composition_do_not_matter_in_other_scripts_either(
    session: AsyncSession, make_settings: Any, again: Any
) -> None:
    await _register(session, make_settings(), email="Ärger@Bücher.example.com")

    with pytest.raises(EmailExists):
        await _register(session, make_settings(), email=again)


@pytest.mark.parametrize(
    "email", ["강물@예시.한국", "owner@studio.local", "a+tag@example.com", "o'hara@example.com"]
)
async def test_unusual_addresses_are_addresses(session: AsyncSession, make_settings: Any, email: str) -> None:
    assert (await _register(session, make_settings(), email=email)).email == email


@pytest.mark.parametrize(
    "email",
    [
        "",
        "river",
        "@",
        "a@b",
        "a@@example.com",
        "a b@example.com",
        "a@example.com\x00",
        "a@-x.com",
        "a@[127.0.0.1]",
        "<a@example.com>",
        "a@example.com, b@example.com",
        "x" * 300 + "@example.com",
        "a@localhost",
        "\ud800@example.com",
    ],
)
async def test_what_is_no_address_is_refused(session: AsyncSession, make_settings: Any, email: str) -> None:
    with pytest.raises(Invalid) as refused:
        await _register(session, make_settings(), email=email)

    assert refused.value.errors[0].name == "email"


@pytest.mark.parametrize(
    "name",
    ["", "   ", "x" * 81, "a\x00b", "a\x1b[31mb", "\u0085", "\u200b", "\u3164", "\ufeff", "\u202eymmot"],
)
async def test_a_name_is_one_line_that_can_be_shown(
    session: AsyncSession, make_settings: Any, name: str
) -> None:
    with pytest.raises(Invalid) as refused:
        await _register(session, make_settings(), display_name=name)

    assert refused.value.errors[0].name == "display_name"


async def test_an_account_without_a_password_has_no_hash(session: AsyncSession, make_settings: Any) -> None:
    user = await _register(session, make_settings(), password=None, role="admin")

    assert (user.password_hash, user.role) == (None, "admin")


async def test_a_refused_registration_leaves_nothing(session: AsyncSession, make_settings: Any) -> None:
    before = await session.scalar(select(func.count()).select_from(User))

    with pytest.raises(Invalid):
        await _register(session, make_settings(), password="short")

    assert await session.scalar(select(func.count()).select_from(User)) == before


async def test_of_two_registrations_at_once_one_waits_and_is_told_that_the_address_is_taken(
    database: Database, settings: Settings
) -> None:
    # given
    async def sign_up(email: str) -> User:
        async with database.transaction() as session:
            return await _register(session, settings, email=email)

    # when
    spellings = ["river@example.com", "River@example.com", "RIVER@example.com", "river@EXAMPLE.com"]
    outcomes = await asyncio.gather(*map(sign_up, spellings), return_exceptions=True)

    # then
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["EmailExists"] * 3 + ["User"]
    async with database.read() as session:
        assert await session.scalar(select(func.count()).select_from(User)) == 1
        assert await session.scalar(select(func.count()).select_from(UserProfile)) == 1


async def test_a_deleted_account_keeps_its_address(session: AsyncSession, make_settings: Any) -> None:
    gone = await make_user(session, status="deleted")

    with pytest.raises(EmailExists):
        await _register(session, make_settings(), email=gone.email)


def test_a_closed_studio_takes_nobody(make_settings: Any) -> None:
    refuse_if_closed(make_settings())
    with pytest.raises(RegistrationClosed):
        refuse_if_closed(make_settings(open_registration=False))
