"""Which passwords are taken, and how they are kept."""

import asyncio
import time
import unicodedata
from typing import Any

import pytest

from pingvas.accounts.passwords import hashing as passwords
from pingvas.accounts.passwords.common_passwords import COMMON_PASSWORDS
from pingvas.accounts.passwords.hashing import hash_password, needs_rehash, verify_password
from pingvas.accounts.passwords.rules import MAX_LENGTH, MIN_LENGTH, accept_password
from pingvas.base.budget_figures import FIGURES, Queue
from pingvas.base.budgets import StudioBusy
from pingvas.base.errors import Invalid
from pingvas.base.fair_queue import cores
from pingvas.base.settings import Settings

EMAIL = "quiet.river@example.com"


@pytest.mark.parametrize(
    "password",
    [
        "a quiet river 1",
        "          .  - ,",
        "흐르는 강물처럼 고요하고 깊게",
        "🦊🐻🐼🦁🐮🐷🐸🐵🐔🐧🐙🦉🐝🐢🐳",
        "x1" * (MAX_LENGTH // 2 - 1) + "yz",
        "tab\tand\nline\x00break",
    ],
)
def test_any_long_enough_text_is_a_password(password: str) -> None:
    assert accept_password(password, email=EMAIL) == password


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("", "at least"),
        ("short", "at least"),
        ("a quiet river.", "at least"),
        ("x1y2z3" * 100, "more than"),
        ("passwordpassword", "first that anybody"),
        ("PassWord12345678", "first that anybody"),
        ("Correct Horse Battery Staple", "first that anybody"),
        ("1Qaz2Wsx3Edc4Rfv", "first that anybody"),
        ("qwertyuiopasdfgh", "first that anybody"),
        ("34567890123456789", "first that anybody"),
        ("zyxwvutsrqponmlk", "first that anybody"),
        ("abc1!abc1!abc1!abc", "first that anybody"),
        ("비밀번호비밀번호비밀번호"[:8] + "1234567890"[:0], "at least"),
        ("aaaaaaaaaaaaaaaa", "first that anybody"),
        ("abababababababab", "first that anybody"),
        ("Quiet.River@example.com", "e-mail"),
        ("QUIET.RIVER.OF.MINE", "e-mail"),
    ],
)
def test_a_bad_password_is_refused_with_the_reason(password: str, reason: str) -> None:
    with pytest.raises(Invalid) as refused:
        accept_password(password, email="quiet.river.of.mine@example.com" if "MINE" in password else EMAIL)

    [error] = refused.value.errors
    assert error.name == "password"
    assert reason in error.message
    assert not password or password not in refused.value.detail


def test_the_list_of_common_passwords_holds_only_what_the_other_rules_let_through() -> None:
    for password in COMMON_PASSWORDS:
        assert len(password) >= MIN_LENGTH, password
        assert password == unicodedata.normalize("NFC", password).casefold(), password


async def test_a_password_typed_as_separate_jamo_is_the_same_password(settings: Settings) -> None:
    # given: composed where it was chosen, decomposed as some systems type it
    chosen = accept_password("흐르는 강물처럼 고요하고 깊게", email=EMAIL)
    typed = unicodedata.normalize("NFD", chosen)
    password_hash = await hash_password(settings, chosen)

    # when
    accepted = await verify_password(settings, password_hash, accept_password(typed, email=EMAIL), who="me")

    # then
    assert typed != chosen
    assert accepted


async def test_a_hash_is_argon2id_with_the_costs_of_the_settings(make_settings: Any) -> None:
    settings = make_settings(argon2_memory_kib=128, argon2_time_cost=3)

    password_hash = await hash_password(settings, "a quiet river")

    assert password_hash.startswith("$argon2id$v=19$m=128,t=3,p=1$")
    assert await verify_password(settings, password_hash, "a quiet river", who="me")
    assert not await verify_password(settings, password_hash, "A quiet river", who="me")


async def test_a_hash_made_with_other_costs_still_counts_and_asks_to_be_made_anew(make_settings: Any) -> None:
    before, after = make_settings(argon2_time_cost=1), make_settings(argon2_time_cost=2)
    password_hash = await hash_password(before, "a quiet river")

    assert await verify_password(after, password_hash, "a quiet river", who="me")
    assert needs_rehash(after, password_hash)
    assert not needs_rehash(before, password_hash)


async def test_something_that_is_no_hash_matches_no_password(make_settings: Any) -> None:
    assert not await verify_password(make_settings(), "not a hash", "a quiet river", who="me")


async def test_hashing_leaves_the_event_loop_free(make_settings: Any) -> None:
    # given
    settings = make_settings(argon2_memory_kib=32_768, argon2_time_cost=4)
    longest_pause = 0.0

    async def tick() -> None:
        nonlocal longest_pause
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0.001)
            longest_pause = max(longest_pause, time.perf_counter() - before)

    # when
    ticking = asyncio.create_task(tick())
    before = time.perf_counter()
    await asyncio.gather(*(hash_password(settings, "a quiet river") for _ in range(4)))
    took = time.perf_counter() - before
    ticking.cancel()

    # then
    assert longest_pause < took / 2


async def test_more_sign_ins_than_can_wait_are_told_to_come_back(make_settings: Any) -> None:
    # given
    settings, line = make_settings(argon2_memory_kib=1024, argon2_time_cost=1), FIGURES["hashes"]
    assert isinstance(line, Queue)
    places = passwords._THREADS + line.total

    # when
    flood = [hash_password(settings, "a quiet river", who=f"{number}") for number in range(places + 20)]
    outcomes = await asyncio.gather(*flood, return_exceptions=True)

    # then: the surplus is refused at once, the others are served, and afterwards all is as before
    assert sum(isinstance(outcome, StudioBusy) for outcome in outcomes) == 20
    assert sum(isinstance(outcome, str) for outcome in outcomes) == places
    assert await hash_password(settings, "a quiet river")


def test_hashing_leaves_a_core_to_everything_else() -> None:
    assert max(2, cores()) > passwords._THREADS


def test_half_a_surrogate_pair_is_no_password() -> None:
    with pytest.raises(Invalid) as refused:
        accept_password("a quiet river \ud800", email=EMAIL)

    assert refused.value.errors[0].message == "is not valid Unicode"
