"""What people say about themselves."""

import asyncio
from typing import Any, cast

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.accounts.people.profile import MAX_BIO, MAX_PREFERENCES_BYTES, change_account, get_account
from pingvas.base.db import Database
from pingvas.base.errors import Invalid, NotFound
from pingvas.base.ids import new_id
from tests.make.accounts import make_user


async def test_only_what_is_sent_changes(session: AsyncSession) -> None:
    user = await make_user(session, display_name="Somebody")
    await change_account(
        session, user.id, {"bio": "Paints rivers.", "avatar_url": "https://example.com/me.png"}
    )

    account = await change_account(session, user.id, {"display_name": "  A  river  "})

    assert account.user.display_name == "A river"
    assert (account.profile.bio, account.profile.avatar_url) == (
        "Paints rivers.",
        "https://example.com/me.png",
    )


@pytest.mark.parametrize("nothing", [None, "", "   "])
async def test_words_and_picture_can_be_taken_away(session: AsyncSession, nothing: Any) -> None:
    user = await make_user(session)
    await change_account(
        session, user.id, {"bio": "Paints rivers.", "avatar_url": "https://example.com/me.png"}
    )

    account = await change_account(
        session, user.id, {"bio": nothing, "avatar_url": nothing and nothing.strip()}
    )

    assert (account.profile.bio, account.profile.avatar_url) == (None, None)


async def test_preferences_are_merged_by_key_and_null_removes_one(session: AsyncSession) -> None:
    user = await make_user(session)
    await change_account(
        session, user.id, {"preferences": {"theme": "dark", "language": "ko", "grid": {"size": 3}}}
    )

    account = await change_account(session, user.id, {"preferences": {"theme": None, "grid": {"gap": 1}}})

    assert account.profile.preferences == {"language": "ko", "grid": {"gap": 1}}


async def test_two_devices_that_change_preferences_at_once_both_count(database: Database) -> None:
    # given
    async with database.transaction() as session:
        user = await make_user(session)

    async def change(key: str) -> None:
        async with database.transaction() as session:
            await change_account(session, user.id, {"preferences": {key: True}})

    # when
    await asyncio.gather(*(change(f"setting {number}") for number in range(8)))

    # then
    async with database.transaction() as session:
        account = await get_account(session, user.id)
    assert len(account.profile.preferences) == 8


def _nested(depth: int) -> object:
    value: object = 1
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    "changes",
    [
        {"display_name": None},
        {"display_name": " "},
        {"display_name": "\u3164"},
        {"display_name": "\u202eymmot"},
        {"bio": "x" * (MAX_BIO + 1)},
        {"bio": "a\x00b"},
        {"avatar_url": "javascript:alert(1)"},
        {"avatar_url": "data:image/png;base64,AAAA"},
        {"avatar_url": "//example.com/me.png"},
        {"avatar_url": "https://"},
        {"avatar_url": "https://[::1"},
        {"avatar_url": "https://example.com/a\nb"},
        {"avatar_url": "https://example.com/" + "x" * 2000},
        {"preferences": {"a": "x" * MAX_PREFERENCES_BYTES}},
        {"preferences": {"a": "\x00"}},
        {"preferences": {"\x00": 1}},
        {"preferences": {"a": [{"b": "\x00"}]}},
        {"preferences": {"a": float("nan")}},
        {"preferences": {"a": float("inf")}},
        {"preferences": {"a": "\ud800"}},
        {"preferences": {"a": _nested(20)}},
        {"preferences": {"a": _nested(900)}},
    ],
    ids=lambda changes: str(changes)[:50].encode("ascii", "replace").decode(),
)
async def test_what_cannot_be_kept_or_shown_is_refused_and_changes_nothing(
    database: Database, changes: Any
) -> None:
    # given
    async with database.transaction() as session:
        user = await make_user(session)
        await change_account(session, user.id, {"bio": "Paints rivers.", "preferences": {"theme": "dark"}})

    # when
    with pytest.raises(Invalid) as refused:
        async with database.transaction() as session:
            await change_account(session, user.id, cast(Any, {"bio": "Another.", **changes}))

    # then
    [field] = changes
    assert refused.value.errors[0].name == field
    async with database.transaction() as session:
        account = await get_account(session, user.id)
    assert (account.user.display_name, account.profile.bio) == ("Somebody", "Paints rivers.")
    assert account.profile.preferences == {"theme": "dark"}


async def test_a_person_who_never_was_has_no_account(session: AsyncSession) -> None:
    with pytest.raises(NotFound):
        await get_account(session, new_id())
