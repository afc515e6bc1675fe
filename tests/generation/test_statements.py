"""The statements of a job's life: each is understood by the database that the migrations make, and they stand in one place."""

from __future__ import annotations

import re

import asyncpg
import pytest
from sqlalchemy import TextClause
from sqlalchemy.engine import make_url

from pingvas.base.statements import _for_driver
from pingvas.generation.lifecycle import statements

STATEMENTS = {name: value for name, value in vars(statements).items() if isinstance(value, TextClause)} | {
    "claim_statement": statements.claim_statement(4)
}


@pytest.mark.parametrize("name", sorted(STATEMENTS))
async def test_every_statement_can_be_prepared(database_url: str, name: str) -> None:
    # given
    sql, parameters, _ = _for_driver(STATEMENTS[name])
    plain = make_url(database_url).set(drivername="postgresql").render_as_string(hide_password=False)
    connection = await asyncpg.connect(plain)

    # when
    try:
        prepared = await connection.prepare(sql)
        taken = prepared.get_parameters()
    finally:
        await connection.close()

    # then
    assert len(taken) == len(parameters)


def test_every_way_of_a_job_is_in_the_table() -> None:
    page = statements.__doc__ or ""
    table = set(re.findall(r"`(\w+)`", page))

    changing = {name for name, value in STATEMENTS.items() if "UPDATE generation_jobs" in str(value)}
    assert changing - {"PROMOTE"} <= table  # which is PROMOTION by itself
