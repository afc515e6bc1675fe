"""The two spellings of a database's address: an operator may write either, with `sslmode=` or `ssl=`."""

from sqlalchemy.engine import URL, make_url


def for_sqlalchemy(database_url: str) -> URL:
    """As SQLAlchemy's asyncpg dialect reads it."""
    url = make_url(database_url).set(drivername="postgresql+asyncpg")
    if "sslmode" in url.query:
        url = url.update_query_dict({"ssl": url.query["sslmode"]}).difference_update_query(["sslmode"])
    return url


def for_asyncpg(database_url: str) -> str:
    """As asyncpg itself, and libpq, read it."""
    url = make_url(database_url).set(drivername="postgresql")
    if "ssl" in url.query:
        url = url.update_query_dict({"sslmode": url.query["ssl"]}).difference_update_query(["ssl"])
    return url.render_as_string(hide_password=False)
