"""`docs/erd.md` says what the database is: each row of the page against the PostgreSQL catalog, both ways."""

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tests.schema.catalog import Catalog, read_catalog
from tests.schema.erd_page import Diagram, page_diagram, page_table, source_diagram

# What the page's words for types are in PostgreSQL.
TYPES = {
    "uuid": "uuid",
    "uuid[]": "uuid[]",
    "string": "text",
    "text": "text",
    "enum": "text",
    "integer": "integer",
    "bigint": "bigint",
    "decimal": "numeric(10,2)",
    "numeric": "numeric(20,0)",
    "smallint": "smallint",
    "tsvector": "tsvector",
    "float": "double precision",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "timestamp with time zone",
    "jsonb": "jsonb",
    "bytes": "bytea",
    "bits": "bit(256)",
    "text[]": "text[]",
}


@pytest.fixture
async def catalog(session: AsyncSession) -> Catalog:
    return await read_catalog(session)


@pytest.fixture
def diagram() -> Diagram:
    return page_diagram()


def test_the_page_draws_what_the_source_draws_and_marks_the_rest_as_added(diagram: Diagram) -> None:
    # given
    source = source_diagram()
    added_tables = {name for name, _ in page_table("Added tables")}
    one_to_one = {relation.child for relation in source.relations if relation.at_most_one}

    # when
    kept = {
        name: [column for column in columns if not column.added]
        for name, columns in diagram.entities.items()
        if name not in added_tables
    }

    # then
    assert [relation for relation in diagram.relations if not relation.added] == source.relations
    assert list(kept) == list(source.entities)
    for name, columns in source.entities.items():
        assert [(c.name, c.type) for c in kept[name]] == [(c.name, c.type) for c in columns], name
        for ours, theirs in zip(kept[name], columns, strict=True):
            more = {"UK"} if name in one_to_one and "FK" in theirs.keys and ours.name == "job_id" else set()
            assert ours.keys == theirs.keys | more, f"{name}.{ours.name}"


async def test_every_column_on_the_page_is_in_the_database_as_written_and_no_other(
    catalog: Catalog, diagram: Diagram
) -> None:
    # given
    written = {
        name: [(column.name, TYPES[column.type], column.nullable) for column in columns]
        for name, columns in diagram.entities.items()
    }

    # when
    found = {
        name: [(column.name, column.type, column.nullable) for column in catalog.columns_of(name)]
        for name in catalog.tables
    }

    # then
    assert set(written) == set(found)
    for name, columns in written.items():
        assert columns == found[name], name


async def test_every_key_mark_on_the_page_is_a_key_in_the_database_and_the_other_way_round(
    catalog: Catalog, diagram: Diagram
) -> None:
    # given
    written = {
        (name, column.name): column.keys for name, columns in diagram.entities.items() for column in columns
    }

    # when
    found: dict[tuple[str, str], set[str]] = {key: set() for key in written}
    for index in catalog.indexes:
        if index.primary:
            for column in index.columns:
                found[index.table, column].add("PK")
        elif index.unique and not index.partial and len(index.columns) == 1:
            found[index.table, index.columns[0].removeprefix("lower(").removesuffix(")")].add("UK")
    for foreign_key in catalog.foreign_keys:
        found[foreign_key.table, foreign_key.column].add("FK")

    # then
    for key, marks in written.items():
        assert marks == found[key], ".".join(key)


async def test_every_line_between_two_tables_is_a_foreign_key_and_the_other_way_round(
    catalog: Catalog, diagram: Diagram
) -> None:
    # given
    unique = {
        (index.table, index.columns[0])
        for index in catalog.indexes
        if index.unique and not index.partial and len(index.columns) == 1
    }

    # when
    drawn = sorted((line.parent, line.child, line.at_most_one) for line in diagram.relations)
    found = sorted(
        (key.references, key.table, (key.table, key.column) in unique) for key in catalog.foreign_keys
    )

    # then
    assert drawn == found


async def test_the_words_of_each_enum_are_those_its_check_lets_through(
    session: AsyncSession, catalog: Catalog, diagram: Diagram
) -> None:
    # given
    closed = {
        (name, column.name): column.words
        for name, columns in diagram.entities.items()
        for column in columns
        if column.words or column.type == "enum"
    }
    checks = {row.name: row.definition for row in catalog.constraints if row.kind == "c"}

    for (table, column), words in closed.items():
        # when
        listed = ", ".join(f"'{word}'" for word in words)
        expected = await _definition_of_check(session, table, f"{column} IN ({listed})")

        # then
        assert checks.get(f"chk_{table}_{column}") == expected, f"{table}.{column}"


async def test_every_check_on_the_page_is_in_the_database_as_written_and_no_other(
    session: AsyncSession, catalog: Catalog, diagram: Diagram
) -> None:
    # given
    found = {(row.table, row.name): row.definition for row in catalog.constraints if row.kind == "c"}
    of_words = {
        (table, f"chk_{table}_{column.name}")
        for table, columns in diagram.entities.items()
        for column in columns
        if column.words
    }
    rows = page_table("Checks")

    # when
    written = {(table, name) for name, table, _, _ in rows}

    # then
    assert written | of_words == set(found)
    for name, table, rule, _ in rows:
        assert found[table, name] == await _definition_of_check(session, table, rule), name


@pytest.mark.parametrize(("heading", "unique"), [("Unique", True), ("Indexes", False)])
async def test_every_index_on_the_page_is_in_the_database_as_written_and_no_other(
    session: AsyncSession, catalog: Catalog, heading: str, unique: bool
) -> None:
    # given
    found = {index.name: index for index in catalog.indexes if index.unique == unique and not index.primary}
    rows = page_table(heading)

    # when
    written = {name for name, *_ in rows}

    # then
    assert written == set(found)
    for name, table, columns, where, _ in rows:
        assert found[name].table == table, name
        expected = await _definition_of_index(session, table, columns, where, unique=unique)
        assert found[name].definition.replace(f" {name} ", " erd_page_probe ") == expected, name


async def test_primary_keys_are_named_after_their_tables(catalog: Catalog) -> None:
    # when
    found = {index.table: index.name for index in catalog.indexes if index.primary}

    # then
    assert found == {table: f"pk_{table}" for table in catalog.tables}


async def test_every_foreign_key_deletes_as_the_page_says(catalog: Catalog) -> None:
    # given
    written = sorted((column, table, rule) for column, table, rule, _ in page_table("Deleting"))

    # when
    found = sorted(
        (f"{key.table}.{key.column}", key.references, key.on_delete) for key in catalog.foreign_keys
    )

    # then
    assert written == found


async def test_every_foreign_key_is_the_beginning_of_an_index(catalog: Catalog) -> None:
    # given: an index of all rows, or of all that have one
    led = {
        (index.table, index.columns[0])
        for index in catalog.indexes
        if not index.partial or index.definition.endswith(f"WHERE ({index.columns[0]} IS NOT NULL)")
    }

    # when
    without = [key for key in catalog.foreign_keys if key.width != 1 or (key.table, key.column) not in led]

    # then
    assert without == []


async def test_every_trigger_on_the_page_is_in_the_database_and_no_other(catalog: Catalog) -> None:
    # given
    written = sorted((table, name) for table, name, _ in page_table("Kept by the database"))

    # when
    found = sorted((trigger.table, trigger.name) for trigger in catalog.triggers)

    # then
    assert written == found


# PostgreSQL rewrites expressions and may do so differently in another version; so the page's words go through the
# same server before they are compared.


async def _definition_of_check(session: AsyncSession, table: str, rule: str) -> str:
    async with session.begin_nested() as savepoint:
        await session.execute(text(f"ALTER TABLE {table} ADD CONSTRAINT erd_page_probe CHECK ({rule})"))
        definition = await session.scalar(
            text("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'erd_page_probe'")
        )
        await savepoint.rollback()
    return str(definition)


async def _definition_of_index(
    session: AsyncSession, table: str, columns: str, where: str, *, unique: bool
) -> str:
    kind = "UNIQUE INDEX" if unique else "INDEX"
    condition = f" WHERE {where}" if where else ""
    on = columns if columns.startswith("USING") else f"({columns})"
    async with session.begin_nested() as savepoint:
        await session.execute(text(f"CREATE {kind} erd_page_probe ON {table} {on}{condition}"))
        definition = await session.scalar(text("SELECT pg_get_indexdef('erd_page_probe'::regclass)"))
        await savepoint.rollback()
    return str(definition)
