"""Questions that wait for an answer: taken once, by their token, for their purpose, in time."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import func, select, update

from pingvas.accounts.cleanup import forget_expired
from pingvas.accounts.sign_in.challenges import (
    MOST_OF_A_PERSON,
    ChallengeOver,
    as_text,
    ask,
    count_attempt,
    forget_challenges,
    from_text,
    take,
)
from pingvas.accounts.tables import Challenge
from pingvas.base.db import Database
from tests.make.accounts import make_user


async def _ask(database: Database, purpose: Any = "oauth", **more: Any) -> bytes:
    async with database.transaction() as session:
        return await ask(session, purpose, **more)


async def _take(database: Database, token: bytes, *purposes: Any) -> Challenge:
    async with database.transaction() as session:
        return await take(session, token, *(purposes or ("oauth",)))


async def test_a_question_is_answered_once_and_gives_back_what_was_noted(database: Database) -> None:
    token = await _ask(database, data={"next": "/gallery"})

    taken = await _take(database, token)

    assert taken.data["next"] == "/gallery"
    with pytest.raises(ChallengeOver):
        await _take(database, token)


async def test_of_many_answers_at_once_one_is_taken(database: Database) -> None:
    token = await _ask(database)

    told = await asyncio.gather(*(_take(database, token) for _ in range(8)), return_exceptions=True)

    assert sum(isinstance(each, Challenge) for each in told) == 1
    assert sum(isinstance(each, ChallengeOver) for each in told) == 7


async def test_an_answer_that_is_rolled_back_leaves_the_question(database: Database) -> None:
    token = await _ask(database)
    with pytest.raises(ZeroDivisionError):
        await _take_and_fail(database, token)

    assert (await _take(database, token)).data


async def _take_and_fail(database: Database, token: bytes) -> None:
    async with database.transaction() as session:
        await take(session, token, "oauth")
        raise ZeroDivisionError


async def test_only_the_whole_token_will_do(database: Database) -> None:
    token = await _ask(database)
    changed = token[:-1] + bytes([token[-1] ^ 1])

    for other in (changed, token[:-1], token + b"x", b"", token[:16] + bytes(32)):
        with pytest.raises(ChallengeOver):
            await _take(database, other)
    assert (await _take(database, token)).data


async def test_a_question_for_one_purpose_is_none_for_another(database: Database) -> None:
    token = await _ask(database, "passkey_sign_in")

    with pytest.raises(ChallengeOver):
        await _take(database, token, "oauth", "oauth_link", "passkey_registration")


async def test_the_token_is_kept_nowhere(database: Database) -> None:
    token = await _ask(database)

    async with database.read() as session:
        row = await session.scalar(select(Challenge))
    assert row is not None
    assert token[16:].hex() not in str(row.data)
    assert as_text(token) not in str(row.data)


async def test_attempts_are_counted_to_the_last_also_at_once(database: Database) -> None:
    token = await _ask(database, "second_factor")

    async def attempt() -> Challenge:
        async with database.transaction() as session:
            return await count_attempt(session, token, "second_factor", most=5)

    told = await asyncio.gather(*(attempt() for _ in range(9)), return_exceptions=True)

    assert sum(isinstance(each, Challenge) for each in told) == 5


async def test_of_a_person_the_oldest_ends_for_one_more(database: Database) -> None:
    async with database.transaction() as session:
        user, other = await make_user(session), await make_user(session)
    tokens = [await _ask(database, "second_factor", user_id=user.id) for _ in range(MOST_OF_A_PERSON + 1)]
    of_another_kind = await _ask(database, "oauth_link", user_id=user.id)
    of_another = await _ask(database, "second_factor", user_id=other.id)

    with pytest.raises(ChallengeOver):
        await _take(database, tokens[0], "second_factor")
    assert (await _take(database, tokens[1], "second_factor")).data
    assert (await _take(database, of_another_kind, "oauth_link")).data
    assert (await _take(database, of_another, "second_factor")).data


async def test_what_was_asked_of_a_person_can_be_dropped(database: Database) -> None:
    async with database.transaction() as session:
        user = await make_user(session)
    dropped = await _ask(database, "second_factor", user_id=user.id)
    kept = await _ask(database, "passkey_sign_in", user_id=user.id)

    async with database.transaction() as session:
        await forget_challenges(session, user.id, "second_factor")

    with pytest.raises(ChallengeOver):
        await _take(database, dropped, "second_factor")
    assert (await _take(database, kept, "passkey_sign_in")).data


async def test_a_question_whose_time_is_over_is_forgotten(database: Database) -> None:
    token = await _ask(database)
    async with database.transaction() as session:
        await session.execute(update(Challenge).values(expires_at=func.now()))

    with pytest.raises(ChallengeOver):
        await _take(database, token)
    async with database.transaction() as session:
        await forget_expired(session)
    async with database.read() as session:
        assert list(await session.scalars(select(Challenge))) == []


def test_a_token_travels_as_text() -> None:
    token = bytes(range(48))

    assert from_text(as_text(token)) == token


@pytest.mark.parametrize("text", ["=", "a", "a b", "한글", "a+/b", "\ud800"])
def test_what_is_no_such_text_is_refused(text: str) -> None:
    with pytest.raises(ChallengeOver):
        from_text(text)
