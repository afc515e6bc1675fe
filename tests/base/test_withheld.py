"""What people typed stays out of logs: in the database's errors, SQLAlchemy's and pydantic's."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable

import httpx
import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode
from pydantic import BaseModel, ValidationError
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from pingvas.base.db import Database
from pingvas.base.settings import Settings
from pingvas.base.tracing import span, tracing
from pingvas.base.withheld import WithoutValues, trace_without_values, without_values

SECRET = "somebody@example.com"


def logged(error: BaseException) -> str:
    """What the formatter makes of an error that is logged with its trace and in the line itself."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(WithoutValues("%(levelname)s %(message)s"))
    logger = logging.Logger("a test")
    logger.addHandler(handler)
    logger.error("it failed: %s", error, exc_info=error)
    return stream.getvalue()


async def test_a_duplicate_is_logged_without_the_row(database: Database) -> None:
    # given
    async with database.transaction() as session:
        await session.execute(text("CREATE TABLE kept (email text UNIQUE)"))
        await session.execute(text("INSERT INTO kept VALUES (:email)"), {"email": SECRET})

    # when
    with pytest.raises(IntegrityError) as caught:
        async with database.transaction() as session:
            await session.execute(text("INSERT INTO kept VALUES (:email)"), {"email": SECRET})

    # then
    said = logged(caught.value)
    assert SECRET not in said
    assert "uq" in said or "kept_email_key" in said
    assert "INSERT INTO kept" in said
    assert "test_withheld.py" in said


async def test_a_statements_parameters_are_in_no_error(database: Database) -> None:
    with pytest.raises(DBAPIError) as caught:
        async with database.transaction() as session:
            await session.execute(text("SELECT 1 / 0, CAST(:email AS text)"), {"email": SECRET})

    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT CAST(:value AS integer)",
        "SELECT CAST(CAST(:value AS text) AS uuid)",
        "SELECT CAST(CAST(:value AS text) AS integer)",
        "SELECT CAST(CAST(:value AS text) AS timestamptz)",
    ],
)
async def test_an_argument_that_the_database_or_its_driver_refuses_is_in_no_line(
    database: Database, statement: str
) -> None:
    with pytest.raises(DBAPIError) as caught:
        async with database.transaction() as session:
            await session.execute(text(statement), {"value": SECRET})

    said = logged(caught.value)
    assert SECRET in str(caught.value)
    assert SECRET not in said
    assert "[SQL: SELECT CAST" in said


async def test_a_span_that_fails_says_where_and_of_what_kind_and_not_with_which_values(
    database: Database, make_settings: Callable[..., Settings]
) -> None:
    # given
    exporter = InMemorySpanExporter()

    # when
    with tracing(make_settings(), "test", exporter=exporter):
        with pytest.raises(DBAPIError), span("finish"):
            async with database.transaction() as session:
                await session.execute(text("SELECT CAST(CAST(:value AS text) AS uuid)"), {"value": SECRET})
        with pytest.raises(ValueError, match="row"), span("store"):
            raise ValueError(f"a row\nDETAIL:  Key (email)=({SECRET}) already exists.")

    # then
    spans = exporter.get_finished_spans()
    assert [one.name for one in spans] == ["finish", "store"]
    for one in spans:
        (event,) = one.events
        assert one.status.status_code is StatusCode.ERROR
        assert SECRET not in one.to_json()
        assert "test_withheld.py" in str((event.attributes or {})["exception.stacktrace"])
    assert "DBAPIError" in spans[0].to_json()


async def test_no_statement_of_a_request_is_in_its_spans(
    client: httpx.AsyncClient, make_settings: Callable[..., Settings]
) -> None:
    """Spans are of what the studio does; SQL, with its values or without, is in none."""
    exporter = InMemorySpanExporter()

    with tracing(make_settings(), "api", exporter=exporter):
        body = {"email": SECRET, "password": "a long and quiet river"}
        answer = await client.post("/api/v1/auth/login", json=body)

    (of_the_request,) = exporter.get_finished_spans()
    assert answer.status_code == 401
    assert SECRET not in of_the_request.to_json()
    assert [name for name in of_the_request.attributes or {} if name.startswith("db.")] == []


def test_a_value_with_line_breaks_goes_as_a_whole() -> None:
    raised = f"UniqueViolation\nDETAIL:  Key (a)=(x\n[SQL: \n{SECRET}) exists.\n[SQL: INSERT]\n[parameters: ('{SECRET}',)]"

    assert without_values(raised) == "UniqueViolation\n[SQL: INSERT]"


def test_what_pydantic_refused_is_not_shown() -> None:
    class Asked(BaseModel):
        password: int

    with pytest.raises(ValidationError) as caught:
        Asked.model_validate({"password": SECRET})

    assert SECRET in str(caught.value)
    assert SECRET not in logged(caught.value)
    assert "password" in logged(caught.value)


def test_the_errors_that_led_to_an_error_are_written_without_values_too() -> None:
    try:
        try:
            raise ValueError(f"first\nDETAIL:  {SECRET}")
        except ValueError as first:
            raise RuntimeError("second") from first
    except RuntimeError as error:
        trace = trace_without_values(error)

    assert SECRET not in trace
    assert "ValueError: first" in trace
    assert trace.endswith("RuntimeError: second")


def test_settings_show_no_secret(make_settings: Callable[..., Settings]) -> None:
    settings = make_settings(
        database_url=f"postgresql://a:{SECRET}@b/c",
        storage_url=f"s3://x?secret_access_key={SECRET}",
        redis_url=f"redis://:{SECRET}@x",
        secret_key=SECRET * 2,
    )

    assert SECRET not in repr(settings)
    with pytest.raises(ValidationError) as caught:
        make_settings(secret_key=SECRET)
    assert SECRET not in str(caught.value)


def test_a_worker_holds_the_key_of_addresses_and_no_other(make_settings: Callable[..., Settings]) -> None:
    whole = make_settings()

    worker = whole.without_secret()

    assert worker.key_for("file-url") == whole.key_for("file-url")
    assert worker.secret_key is None
    for purpose in ("access-token", "refresh-token", "cursor", "refresh-cookie-name"):
        with pytest.raises(LookupError, match=purpose):
            worker.key_for(purpose)


def test_a_worker_with_a_bucket_holds_no_key_and_makes_none(make_settings: Callable[..., Settings]) -> None:
    worker = make_settings(storage_url="s3://pictures/studio", secret_key=None).without_secret()

    with pytest.raises(LookupError):
        worker.key_for("file-url")
    assert not (worker.data_dir / "secret_key").exists()


def test_a_worker_elsewhere_signs_with_the_key_it_was_given(make_settings: Callable[..., Settings]) -> None:
    whole = make_settings()
    key = whole.key_for("file-url")

    worker = make_settings(secret_key=None, file_url_key=key.hex()).without_secret()

    assert worker.key_for("file-url") == key
