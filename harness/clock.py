"""A clock of the database that can be moved, for tests and benchmarks: in `sim`, which is looked in before PostgreSQL's own functions.

`now()` and `clock_timestamp()` of every statement then say the real time and what was added to it. Defaults of columns are bound
to PostgreSQL's own, so those that matter are made anew.
"""

from datetime import datetime

from sqlalchemy import text

from pingvas.base.db import Database

_MAKE = (
    "CREATE SCHEMA sim",
    "CREATE TABLE sim.added (seconds double precision NOT NULL)",
    "INSERT INTO sim.added VALUES (0)",
    """
    CREATE FUNCTION sim.added() RETURNS interval LANGUAGE sql STABLE AS $$
        SELECT make_interval(secs => COALESCE(
            NULLIF(current_setting('sim.added', true), '')::double precision, (SELECT seconds FROM sim.added)))
    $$
    """,
    "CREATE FUNCTION sim.now() RETURNS timestamptz LANGUAGE sql STABLE AS $$ SELECT pg_catalog.now() + sim.added() $$",
    """
    CREATE FUNCTION sim.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE AS
    $$ SELECT pg_catalog.clock_timestamp() + sim.added() $$
    """,
    "ALTER TABLE credit_grants ALTER starts_at SET DEFAULT sim.clock_timestamp(), ALTER created_at SET DEFAULT sim.clock_timestamp()",
    "ALTER TABLE subscriptions ALTER created_at SET DEFAULT sim.now()",
    "ALTER TABLE billing_events ALTER next_try_at SET DEFAULT sim.now(), ALTER received_at SET DEFAULT sim.now()",
    """
    DO $$ BEGIN
        EXECUTE format('ALTER DATABASE %I SET search_path = sim, pg_catalog, public', current_database());
    END $$
    """,
)
# Of one transaction alone, for many histories side by side in one database.
ADD_HERE = "SELECT set_config('sim.added', $1, true)"


async def make_clock_movable(database: Database) -> None:
    """From here on: its connections are made anew."""
    async with database.transaction() as session:
        for statement in _MAKE:
            await session.execute(text(statement))
    await database.engine.dispose()


async def set_clock(database: Database, moment: datetime) -> None:
    """For all transactions that begin from now on. It never goes back."""
    async with database.transaction() as session:
        added = text(
            "UPDATE sim.added SET seconds = GREATEST(seconds, extract(epoch FROM CAST(:moment AS timestamptz) - pg_catalog.now()))"
        )
        await session.execute(added, {"moment": moment})
