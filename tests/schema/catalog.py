"""Reads what a PostgreSQL database is made of from its catalog, which is the only witness. Alembic's own table is left out."""

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_COLUMNS = """
    SELECT c.relname AS "table", a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type,
           NOT a.attnotnull AS nullable, pg_get_expr(d.adbin, d.adrelid) AS "default", a.attidentity::text AS identity
      FROM pg_class c
      JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
      LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
     WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace AND c.relname <> 'alembic_version'
     ORDER BY c.relname, a.attnum
"""
# 'n' are PostgreSQL 18's NOT NULL constraints; the columns already say so.
_CONSTRAINTS = """
    SELECT conrelid::regclass::text AS "table", conname::text AS name, contype::text AS kind,
           pg_get_constraintdef(oid) AS definition
      FROM pg_constraint
     WHERE connamespace = 'public'::regnamespace AND contype <> 'n' AND conrelid IS DISTINCT FROM to_regclass('alembic_version')
     ORDER BY 1, 2
"""
_INDEXES = """
    SELECT i.indrelid::regclass::text AS "table", c.relname AS name, i.indisprimary AS "primary",
           i.indisunique AS "unique", i.indpred IS NOT NULL AS partial,
           ARRAY(SELECT pg_get_indexdef(i.indexrelid, place, true) FROM generate_series(1, i.indnatts) AS place)
               AS columns,
           pg_get_indexdef(i.indexrelid) AS definition
      FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
     WHERE c.relnamespace = 'public'::regnamespace AND i.indrelid IS DISTINCT FROM to_regclass('alembic_version')
     ORDER BY 1, 2
"""
_FOREIGN_KEYS = """
    SELECT conrelid::regclass::text AS "table", a.attname AS "column", confrelid::regclass::text AS "references",
           CASE confdeltype WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL' WHEN 'r' THEN 'RESTRICT'
                            WHEN 'a' THEN 'NO ACTION' ELSE confdeltype::text END AS on_delete,
           array_length(conkey, 1) AS width
      FROM pg_constraint JOIN pg_attribute a ON a.attrelid = conrelid AND a.attnum = conkey[1]
     WHERE contype = 'f' AND connamespace = 'public'::regnamespace
     ORDER BY 1, 2
"""
_TRIGGERS = """
    SELECT tgrelid::regclass::text AS "table", tgname::text AS name, pg_get_triggerdef(oid) AS definition
      FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1, 2
"""
_FUNCTIONS = """
    SELECT proname::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY 1
"""


@dataclass(frozen=True)
class Column:
    table: str
    name: str
    type: str
    nullable: bool
    default: str | None
    identity: str


@dataclass(frozen=True)
class Constraint:
    table: str
    name: str
    kind: str
    definition: str


@dataclass(frozen=True)
class Index:
    table: str
    name: str
    primary: bool
    unique: bool
    partial: bool
    columns: list[str]
    definition: str


@dataclass(frozen=True)
class ForeignKey:
    table: str
    column: str
    references: str
    on_delete: str
    width: int


@dataclass(frozen=True)
class Trigger:
    table: str
    name: str
    definition: str


@dataclass(frozen=True)
class Catalog:
    columns: list[Column]
    constraints: list[Constraint]
    indexes: list[Index]
    foreign_keys: list[ForeignKey]
    triggers: list[Trigger]
    functions: list[str]

    def columns_of(self, table: str) -> list[Column]:
        return [column for column in self.columns if column.table == table]

    @property
    def tables(self) -> set[str]:
        return {column.table for column in self.columns}


async def read_catalog(session: AsyncSession) -> Catalog:
    return Catalog(
        [Column(**row) for row in (await session.execute(text(_COLUMNS))).mappings()],
        [Constraint(**row) for row in (await session.execute(text(_CONSTRAINTS))).mappings()],
        [Index(**row) for row in (await session.execute(text(_INDEXES))).mappings()],
        [ForeignKey(**row) for row in (await session.execute(text(_FOREIGN_KEYS))).mappings()],
        [Trigger(**row) for row in (await session.execute(text(_TRIGGERS))).mappings()],
        list(await session.scalars(text(_FUNCTIONS))),
    )
