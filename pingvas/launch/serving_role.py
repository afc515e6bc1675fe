"""The database role of those who serve: the API and the workers may read and write rows, and nothing else.

Tables belong to the role that migrates; the chores, which make the tables of their own schedule and listen to nobody, go by it
too, and who serves may read there when each chore was done. Whoever takes over a process that serves can neither change the
schema nor create roles, read the server's files or run programs through it. It refuses to make roles on a server of somebody
else's.
"""

import asyncpg

from pingvas.base.chore_runs import SCHEMA as CHORES
from pingvas.base.database_url import for_asyncpg
from pingvas.base.errors import NotFound
from pingvas.launch.embedded_postgres import EmbeddedPostgres, kept_password

ROLE = "pingvas_serving"
PASSWORD_FILE = "password_serving"  # noqa: S105 - a file's name

# What serving is. MAINTAIN (PostgreSQL 17 and newer) lets whoever holds it keep the planner's figures fresh.
_GRANTS = (
    "GRANT USAGE ON SCHEMA {schema} TO {role}",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {role}",
    "GRANT USAGE, SELECT, UPDATE ON ALL SEQUENCES IN SCHEMA {schema} TO {role}",
    # Tables that the next version adds, from the moment they are there.
    "ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {role}",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT USAGE, SELECT, UPDATE ON SEQUENCES TO {role}",
    # The chores make their tables there when they first run, which is later.
    f"CREATE SCHEMA IF NOT EXISTS {CHORES}",
    f"GRANT USAGE ON SCHEMA {CHORES} TO {{role}}",
    f"GRANT SELECT ON ALL TABLES IN SCHEMA {CHORES} TO {{role}}",
    f"ALTER DEFAULT PRIVILEGES IN SCHEMA {CHORES} GRANT SELECT ON TABLES TO {{role}}",
)
_REVOKE_VERSION = "REVOKE INSERT, UPDATE, DELETE ON {schema}.alembic_version FROM {role}"
_GRANT_MAINTAIN = "GRANT MAINTAIN ON ALL TABLES IN SCHEMA {schema} TO {role}"
_MAINTAIN_SINCE = 17
# An advisory lock that nobody else uses: processes that start at once make the role one after the other.
_LOCK = 7_464_827_002


class NoSuchRole(NotFound):
    """A role that should be given rights does not exist."""


def serving_url(server: EmbeddedPostgres) -> str:
    """The embedded server's address for those who serve."""
    return server.url(role=ROLE, password=kept_password(server.folder / PASSWORD_FILE))


async def make_serving_role(server: EmbeddedPostgres) -> None:
    """Make the role in the embedded server and give it its rights. A folder of an older version gets it from whichever
    command starts its server; one without tables yet, once more after they were made."""
    password = kept_password(server.folder / PASSWORD_FILE)
    connection = await asyncpg.connect(for_asyncpg(server.url()))
    try:
        async with connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
            if not await _exists(connection, ROLE):
                await connection.execute(f"CREATE ROLE {ROLE}")
            rights = "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"
            # The password is of letters, digits, "-" and "_" (secrets.token_urlsafe).
            await connection.execute(f"ALTER ROLE {ROLE} {rights} PASSWORD '{password}'")
            await _grant(connection, ROLE)
    finally:
        await connection.close()


async def has_serving_role(server: EmbeddedPostgres) -> bool:
    """Whether the role is there; it is not while an older version runs the server."""
    connection = await asyncpg.connect(for_asyncpg(server.url()))
    try:
        return await _exists(connection, ROLE)
    finally:
        await connection.close()


async def grant_serving(url: str, role: str) -> None:
    """Give an operator's own role what serving needs, as the owner of the tables, whom `url` names. Raises NoSuchRole."""
    connection = await asyncpg.connect(for_asyncpg(url))
    try:
        if not await _exists(connection, role):
            raise NoSuchRole(f"There is no role {role} in this database server: CREATE ROLE makes one.")
        async with connection.transaction():
            await _grant(connection, role)
    finally:
        await connection.close()


async def _exists(connection: asyncpg.Connection, role: str) -> bool:
    return bool(await connection.fetchval("SELECT count(*) FROM pg_roles WHERE rolname = $1", role))


async def _grant(connection: asyncpg.Connection, role: str) -> None:
    quote = "SELECT quote_ident($1)"
    names = {
        "role": await connection.fetchval(quote, role),
        "schema": await connection.fetchval("SELECT quote_ident(current_schema())"),
    }
    migrated = await connection.fetchval("SELECT to_regclass('alembic_version')") is not None
    newer = connection.get_server_version().major >= _MAINTAIN_SINCE
    for statement in (
        *_GRANTS,
        *((_REVOKE_VERSION,) if migrated else ()),
        *((_GRANT_MAINTAIN,) if newer else ()),
    ):
        await connection.execute(statement.format(**names))
