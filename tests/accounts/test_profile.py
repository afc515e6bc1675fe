"""What people say about themselves."""

import asyncio
from typing import Any, cast

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.accounts.people.handles import HandleTaken
from pingvas.accounts.people.preferences import LONGEST_TEXT
from pingvas.accounts.people.profile import MAX_BIO, change_account, get_account
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


async def test_preferences_are_merged_field_by_field_and_null_removes_one(session: AsyncSession) -> None:
    # given
    user = await make_user(session)
    first = {
        "theme": "dark",
        "language": "ko",
        "defaults": {"width": 512, "steps": 20},
        "notices": {"sound": True},
    }
    await change_account(session, user.id, {"preferences": first})

    # when
    second = {"theme": None, "defaults": {"steps": None, "height": 256}, "notices": {"sound": None}}
    account = await change_account(session, user.id, {"preferences": second})

    # then
    assert account.profile.preferences == {"language": "ko", "defaults": {"width": 512, "height": 256}}
    gone = await change_account(session, user.id, {"preferences": None})
    assert gone.profile.preferences == {}


async def test_two_devices_that_change_fields_of_one_group_at_once_both_count(database: Database) -> None:
    # given
    async with database.transaction() as session:
        user = await make_user(session)
    values: dict[str, Any] = {
        "width": 512,
        "height": 256,
        "steps": 9,
        "count": 2,
        "cfg_scale": 4.5,
        "model": "mini",
    }

    async def change(key: str) -> None:
        async with database.transaction() as session:
            await change_account(session, user.id, {"preferences": {"defaults": {key: values[key]}}})

    # when
    await asyncio.gather(*(change(key) for key in values))

    # then
    async with database.transaction() as session:
        account = await get_account(session, user.id)
    assert account.profile.preferences == {"defaults": values}


async def test_what_an_earlier_version_kept_and_means_nothing_now_is_dropped_at_the_next_change(
    session: AsyncSession,
) -> None:
    user = await make_user(session)
    account = await get_account(session, user.id)
    account.profile.preferences = {"grid": {"size": 3}, "theme": "dark", "language": "tlh"}

    changed = await change_account(session, user.id, {"preferences": {"notices": {"sound": False}}})

    assert changed.profile.preferences == {"theme": "dark", "notices": {"sound": False}}


async def test_a_handle_is_kept_in_lower_case_and_is_one_persons_alone(database: Database) -> None:
    # given
    async with database.transaction() as session:
        ada, bob = await make_user(session), await make_user(session)

    # when
    async with database.transaction() as session:
        account = await change_account(session, ada.id, {"handle": " @Ada_L "})

    # then
    assert account.user.handle == "ada_l"
    with pytest.raises(HandleTaken):
        async with database.transaction() as session:
            await change_account(session, bob.id, {"handle": "ADA_L"})
    async with database.transaction() as session:
        await change_account(session, ada.id, {"handle": ""})
        free = await change_account(session, bob.id, {"handle": "ada_l"})
    assert free.user.handle == "ada_l"


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
        {"handle": "ab"},
        {"handle": "admin"},
        {"handle": "강물"},
        {"handle": "_ada"},
        {"preferences": {"a": 1}},
        {"preferences": {"language": "fr"}},
        {"preferences": {"defaults": {"width": "512"}}},
        {"preferences": {"defaults": {"cfg_scale": float("nan")}}},
        {"preferences": {"defaults": {"model": "a\x00b"}}},
        {"preferences": {"defaults": {"negative_prompt": "x" * (LONGEST_TEXT + 1)}}},
        {"preferences": {"defaults": {"negative_prompt": "\ud800"}}},
        {"preferences": {"notices": {"sound": 1}}},
        {"preferences": {"theme": ["dark"]}},
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
    assert refused.value.errors[0].name.partition(".")[0] == field
    async with database.transaction() as session:
        account = await get_account(session, user.id)
    assert (account.user.display_name, account.profile.bio) == ("Somebody", "Paints rivers.")
    assert account.profile.preferences == {"theme": "dark"}


async def test_a_person_who_never_was_has_no_account(session: AsyncSession) -> None:
    with pytest.raises(NotFound):
        await get_account(session, new_id())
