"""Operators write a database's address as libpq or as SQLAlchemy does; both sides read both."""

import pytest

from pingvas.base.database_url import for_asyncpg, for_sqlalchemy

PLAIN = "postgresql://someone:pass@db.example:5433/studio"


@pytest.mark.parametrize("written", [PLAIN, PLAIN.replace("postgresql", "postgresql+asyncpg")])
@pytest.mark.parametrize("query", ["?sslmode=require", "?ssl=require"])
def test_both_spellings_are_read_by_both_drivers(written: str, query: str) -> None:
    assert for_asyncpg(written) == PLAIN
    assert for_asyncpg(written + query) == PLAIN + "?sslmode=require"
    assert for_sqlalchemy(written + query).render_as_string(hide_password=False) == (
        PLAIN.replace("postgresql", "postgresql+asyncpg") + "?ssl=require"
    )
