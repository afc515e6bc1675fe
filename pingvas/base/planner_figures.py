"""The planner's figures of tables that have grown: made anew before PostgreSQL itself comes to it, once a minute at best.

Every connection keeps the plans of its statements. One made while a table was young goes by what the table was like, and
reads all of it when it has grown a thousandfold a second later. New figures make every connection plan anew.
"""

from sqlalchemy import text

from pingvas.base.db import Database

# A table of which most rows came, changed or went since somebody looked last.
_OUTGROWN = text("""
    SELECT format('%I.%I', seen.schemaname, seen.relname)
      FROM pg_stat_user_tables AS seen JOIN pg_class AS known ON known.oid = seen.relid
     WHERE seen.schemaname = current_schema()
       AND seen.n_mod_since_analyze > :least + GREATEST(known.reltuples, 0)
     ORDER BY 1
""")
LEAST = 200
"""Changes of which no plan becomes a bad one."""


async def refresh_planner_figures(database: Database) -> int:
    """Make the figures of outgrown tables anew; of how many. A table that somebody else looks at is left to them."""
    async with database.read() as session:
        outgrown = list(await session.scalars(_OUTGROWN, {"least": LEAST}))
    for table in outgrown:
        async with database.transaction() as session:
            await session.execute(text(f"ANALYZE (SKIP_LOCKED) {table}"))
    return len(outgrown)
