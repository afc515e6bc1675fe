"""Calls while nothing can be kept: 503 that names the cause, nothing of them remains, and the next one goes through."""

from __future__ import annotations

import errno
import logging
import os
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pingvas.base.db import Database
from tests.make.accounts import sign_up

FILL = """
CREATE FUNCTION say_full() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END $$
"""
PERSON = {"email": "mina@example.com", "password": "a long and quiet river", "display_name": "Mina"}


async def do(database: Database, *statements: str) -> None:
    async with database.transaction() as session:
        for statement in statements:
            await session.execute(text(statement))


async def test_a_call_that_the_database_has_no_room_for_is_told_so_and_goes_through_once_there_is(
    client: httpx.AsyncClient, database: Database
) -> None:
    # given
    await sign_up(client)
    await do(database, FILL, "CREATE TRIGGER is_full BEFORE INSERT ON users EXECUTE FUNCTION say_full()")

    # when
    full = await client.post("/api/v1/auth/register", json=PERSON)
    await do(database, "DROP TRIGGER is_full ON users")
    again = await client.post("/api/v1/auth/register", json=PERSON)

    # then
    assert (full.status_code, full.json()["code"]) == (503, "storage_full")
    assert full.headers["content-type"] == "application/problem+json"
    assert int(full.headers["retry-after"]) >= 1
    assert again.status_code == 201


async def test_what_reads_goes_on_while_nothing_can_be_written(
    client: httpx.AsyncClient, database: Database
) -> None:
    # given
    person = await sign_up(client)

    # when
    await do(
        database, FILL, "CREATE TRIGGER is_full BEFORE INSERT ON generation_jobs EXECUTE FUNCTION say_full()"
    )

    # then
    for path in ("/api/v1/me", "/api/v1/jobs", "/api/v1/images", "/healthz"):
        assert (await client.get(path, headers=person.headers)).status_code == 200, path


async def test_a_full_disk_that_no_part_expects_is_503_and_a_line_of_the_log(
    app: Any, client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    # given a route that writes a file of its own
    async def write(_request: Request) -> Response:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/tmp/x")

    app.router.routes.insert(0, Route("/writes", write))
    caplog.set_level(logging.WARNING)

    # when
    answer = await client.get("/writes")

    # then
    assert (answer.status_code, answer.json()["code"]) == (503, "storage_full")
    assert answer.headers["x-request-id"]
    assert [record.exc_info for record in caplog.records] == [None]
