"""The page of metrics: how the queue stands, who works, what the chores did, and what was counted; cheap to ask for."""

from __future__ import annotations

import re
from typing import Any

import httpx
from prometheus_client.parser import text_string_to_metric_families

from harness.catalog import make_model
from pingvas.api.app import create_app
from pingvas.base.chore_runs import Turns, note_turns
from pingvas.base.db import Database
from pingvas.base.settings import REPOSITORY, Settings
from pingvas.generation.tables import Worker
from tests.make.billing import make_person
from tests.make.chores import schedule_chores
from tests.make.generation import claim_job, submit_jobs


async def page(app: Any) -> str:
    """What the port of metrics shows."""
    shown: bytes = await app.state.metrics.page(app.state.database)
    return shown.decode()


async def read(app: Any) -> dict[str, dict[frozenset[tuple[str, str]], float]]:
    """Sample name → labels → value."""
    found: dict[str, dict[frozenset[tuple[str, str]], float]] = {}
    for family in text_string_to_metric_families(await page(app)):
        for sample in family.samples:
            of_name = found.setdefault(sample.name, {})
            labels = frozenset(sample.labels.items())
            assert labels not in of_name, f"{sample.name} {dict(labels)} is there twice"
            of_name[labels] = sample.value
    return found


def labeled(**labels: str) -> frozenset[tuple[str, str]]:
    return frozenset(labels.items())


async def test_the_queue_and_the_workers_are_on_the_page(app: Any, database: Database) -> None:
    # given one job that runs with a lapsed lease, and two that wait for its slot
    async with database.transaction() as session:
        await make_model(session)
        actor = await make_person(session)
        session.add(Worker(id="a", host="here", device="cuda:0", models=["toy"]))
    await submit_jobs(database, actor, count=3)
    await claim_job(database, lease_seconds=-1)
    await submit_jobs(database, actor, lane="idle")

    # when
    found = await read(app)

    # then
    kind = {"plan": "free", "model": "toy"}
    assert found["pingvas_queue_jobs"] == {
        labeled(**kind, lane="normal", status="processing"): 1,
        labeled(**kind, lane="normal", status="pending"): 2,
        labeled(**kind, lane="idle", status="queued"): 1,
    }
    assert found["pingvas_queue_oldest_wait_seconds"].keys() == {labeled(**kind, lane="idle")}
    assert found["pingvas_queue_pending"] == {labeled(): 2}
    assert found["pingvas_queue_lapsed_leases"] == {labeled(): 1}
    assert found["pingvas_workers"] == {labeled(device="cuda:0", state="live"): 1}
    assert found["pingvas_workers_holding_model"] == {labeled(model="toy"): 1}
    assert found["pingvas_jobs_submitted_total"][labeled(**kind)] >= 4


async def test_the_chores_and_the_ledger_are_on_the_page(
    app: Any, database: Database, settings: Settings
) -> None:
    # given
    await schedule_chores(settings)
    async with database.transaction() as session:
        await note_turns(session, Turns("check_ledger", 0.5, {"disagreements": 2}))
        await note_turns(session, Turns("tidy_storage", 1.5, error="the disk is full", failures=1))

    # when
    found = await read(app)

    # then
    ledger, tidy = labeled(chore="check_ledger"), labeled(chore="tidy_storage")
    assert found["pingvas_ledger_disagreements"] == {labeled(): 2}
    assert found["pingvas_chore_failing"][ledger] == 0
    assert found["pingvas_chore_failing"][tidy] == 1
    assert found["pingvas_chore_failures_total"][tidy] == 1
    assert found["pingvas_chore_runs_total"][ledger] == 1
    assert found["pingvas_chore_last_run_seconds"][tidy] == 1.5
    assert found["pingvas_chore_last_run_timestamp_seconds"].keys() == {ledger, tidy}
    assert found["pingvas_chore_late_seconds"][ledger] < 60


async def test_the_database_is_asked_once_in_a_while_however_often_the_page_is_read(
    app: Any, database: Database
) -> None:
    # given
    async with database.transaction() as session:
        await make_model(session)
        actor = await make_person(session)
    before = await read(app)

    # when
    await submit_jobs(database, actor)
    after = await read(app)

    # then
    assert before["pingvas_queue_queued"] == after["pingvas_queue_queued"] == {labeled(): 0}


async def test_without_the_database_the_page_says_so_and_shows_the_rest(make_settings: Any) -> None:
    # given
    settings = make_settings(database_url="postgresql://nobody@127.0.0.1:1/none")
    app = create_app(settings)

    # when
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url="http://studio.test"
    ) as client:
        await client.get("/healthz")
        await client.get("/api/v1/jobs/00000000-0000-7000-8000-000000000000")
        found = await read(app)

    # then
    asked = found["pingvas_http_requests_total"]
    assert asked[labeled(method="GET", route="/jobs/{job_id}", status="401")] == 1
    assert found["pingvas_database_up"] == {labeled(): 0}
    assert "pingvas_queue_jobs" not in found
    assert found["pingvas_http_requests_total"][labeled(method="GET", route="/healthz", status="200")] == 1


async def test_prometheus_reads_the_type_of_each_metric_once(app: Any) -> None:
    lines = (await page(app)).splitlines()

    types = [line.split()[2] for line in lines if line.startswith("# TYPE")]
    assert len(types) == len(set(types))
    assert {"pingvas_job_wait_seconds", "pingvas_http_requests_total", "pingvas_database_up"} <= set(types)


async def test_every_metric_is_documented_and_every_documented_one_exists(
    app: Any, database: Database, settings: Settings
) -> None:
    # given
    await schedule_chores(settings)
    async with database.transaction() as session:
        await note_turns(session, Turns("check_ledger", 0.5, {"disagreements": 0}))
        await note_turns(session, Turns("verify_ledger", 0.5, {"wrong_rows": 0}))
    documentation = (REPOSITORY / "docs" / "metrics.md").read_text()

    # when
    text = await page(app)

    # then
    shown = {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE pingvas_")}
    documented = set(re.findall(r"^\| `(pingvas_\w+)`", documentation, re.MULTILINE))
    assert {name for name in shown if not name.endswith("_created")} == documented
