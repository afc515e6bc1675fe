"""Where rate limits are counted: a table of the database, or Valkey where `redis_url` names one. Neither forgets at a restart.

The library `limits` says what is counted: a window that slides, of which the one before counts by the part that still lies in it.
"""

from typing import Any, NoReturn, cast

from limits.aio.storage import RedisStorage, SlidingWindowCounterSupport, Storage
from sqlalchemy import text

from pingvas.base.db import Database
from pingvas.base.errors import Unavailable
from pingvas.base.settings import Settings
from pingvas.base.statements import MAY_BE_FORGOTTEN, Row, fetch_one

# A Valkey that does not answer holds up no request for longer.
_PATIENCE_SECONDS = 1.0

# By the database's clock, which is everybody's. Of two that count at once, one may have a later clock and come first.
_ASKED = """
    now AS MATERIALIZED (
        SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) AS float8) AS at
    ), asked AS MATERIALIZED (
        SELECT at, CAST(floor(at / CAST(:expiry AS float8)) AS bigint) AS number FROM now
    )
"""
_COUNTED = "CASE WHEN held.window_number < EXCLUDED.window_number THEN 0 ELSE held.counted END"
_PREVIOUS = """CASE WHEN held.window_number >= EXCLUDED.window_number THEN held.previous
                    WHEN held.window_number = EXCLUDED.window_number - 1 THEN held.counted ELSE 0 END"""
_NUMBER = "GREATEST(held.window_number, EXCLUDED.window_number)"
_TAKE = text(f"""
    WITH {_ASKED}
    INSERT INTO rate_limits AS held (key, window_number, counted, expires_at)
    SELECT CAST(:key AS text), number, CAST(:amount AS integer), to_timestamp((number + 2) * :expiry)
      FROM asked WHERE CAST(:amount AS integer) <= :most
    ON CONFLICT (key) DO UPDATE
       SET window_number = {_NUMBER}, counted = {_COUNTED} + EXCLUDED.counted, previous = {_PREVIOUS},
           expires_at = to_timestamp(({_NUMBER} + 2) * :expiry)
     WHERE floor(({_PREVIOUS}) * GREATEST(0, (({_NUMBER} + 1) * :expiry - (SELECT at FROM now)) / :expiry))
           + {_COUNTED} + EXCLUDED.counted <= :most
    RETURNING previous, counted, (window_number + 1) * :expiry - (SELECT at FROM now) AS left_seconds, {MAY_BE_FORGOTTEN}
""")  # noqa: S608 - our own constants
_LOOK = text(f"""
    WITH {_ASKED}
    SELECT CASE number - held.window_number WHEN 0 THEN held.previous WHEN 1 THEN held.counted ELSE 0 END AS previous,
           CASE number - held.window_number WHEN 0 THEN held.counted ELSE 0 END AS counted,
           (number + 1) * :expiry - at AS left_seconds
      FROM asked LEFT JOIN rate_limits AS held ON held.key = :key
""")  # noqa: S608 - our own constants
_CLEAR = text("DELETE FROM rate_limits WHERE key = :key")
_RESET = text("DELETE FROM rate_limits")
FORGET = text("DELETE FROM rate_limits WHERE expires_at < now()")

Window = tuple[int, float, int, float]
"""What was counted in the window before, for how many seconds that still weighs, what in this one, and the seconds until that
weighs no more."""


class PostgresStorage(Storage, SlidingWindowCounterSupport):
    """Counts in the table `rate_limits`, one statement a count, of which a crash of the database may forget the last ones.

    It slides windows and nothing else: the methods for other ways of counting raise NotImplementedError.
    """

    STORAGE_SCHEME = ["async+pingvas"]  # noqa: RUF012 - the library reads it from the class

    def __init__(self, database: Database) -> None:
        super().__init__()
        self._database = database

    @property
    def base_exceptions(self) -> type[Exception]:
        return Unavailable

    async def count(self, key: str, limit: int, expiry: int, amount: int = 1) -> Window | None:
        """Count so many; how the window stands then. None: that would be beyond the limit. Raises DatabaseUnavailable."""
        values = {"key": key, "expiry": float(expiry), "amount": amount, "most": limit}
        async with self._database.autocommit() as session:
            row = await fetch_one(session, _TAKE, values)
        return None if row is None else _window_of(row, expiry)

    async def acquire_sliding_window_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        return await self.count(key, limit, expiry, amount) is not None

    async def get_sliding_window(self, key: str, expiry: int) -> Window:
        async with self._database.autocommit() as session:
            row = await fetch_one(session, _LOOK, {"key": key, "expiry": float(expiry)})
        assert row is not None  # noqa: S101 - a row for every clock
        return _window_of(row, expiry)

    async def clear_sliding_window(self, key: str, expiry: int) -> None:
        await self.clear(key)

    async def clear(self, key: str) -> None:
        async with self._database.transaction() as session:
            await session.execute(_CLEAR, {"key": key})

    async def reset(self) -> int | None:
        async with self._database.transaction() as session:
            gone = cast("Any", await session.execute(_RESET))
            return int(gone.rowcount)

    async def check(self) -> bool:
        try:
            async with self._database.read() as session:
                await session.execute(text("SELECT 1"))
        except Unavailable:
            return False
        return True

    async def incr(self, key: str, expiry: int, amount: int = 1) -> NoReturn:
        raise NotImplementedError

    async def get(self, key: str) -> NoReturn:
        raise NotImplementedError

    async def get_expiry(self, key: str) -> NoReturn:
        raise NotImplementedError


SlidingWindowStore = PostgresStorage | RedisStorage


def open_store(settings: Settings, database: Database) -> SlidingWindowStore:
    """Where the settings have limits counted; touches nothing yet."""
    if settings.redis_url is None:
        return PostgresStorage(database)
    return RedisStorage(
        f"async+{settings.redis_url}",
        wrap_exceptions=True,
        implementation="redispy",
        key_prefix="pingvas_limits",
        socket_timeout=_PATIENCE_SECONDS,
        socket_connect_timeout=_PATIENCE_SECONDS,
    )


async def close_store(storage: SlidingWindowStore) -> None:
    """Give back its connections."""
    if isinstance(storage, RedisStorage):
        bridge: Any = storage.bridge
        await bridge.get_connection().aclose()


def _window_of(row: Row, expiry: int) -> Window:
    left = max(0.0, float(row.left_seconds))
    previous, counted = row.previous or 0, row.counted or 0
    return previous, left if previous else 0.0, counted, left + expiry if counted else 0.0
