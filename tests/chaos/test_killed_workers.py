"""A whole studio whose worker is killed again and again: every picture is made, once, and paid for once."""

import asyncio
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from pingvas.base.db import Database
from pingvas.billing.ledger import find_disagreements
from pingvas.launch.state_file import find_studio
from tests.running_studio import ROOT, RunningStudio, running_studio, wait_for

JOBS = 40
KILLS = 10


@pytest.mark.slow
async def test_ten_killed_workers_in_forty_jobs_lose_nothing_and_charge_nothing_twice(tmp_path: Path) -> None:
    # given a short lease, and more patience with lost workers than a studio has by default
    dice = random.Random(20)
    up = [sys.executable, "-m", "pingvas.cli", "up", "--workers", "0"]  # the workers are ours, to be killed
    rules: dict[str, object] = {"lease_seconds": 3, "max_attempts": KILLS + 5}
    with running_studio(tmp_path / "data", command=up, **rules) as studio:
        client = studio.sign_up("somebody@example.com")
        job_ids = _submit(client)

        # when
        for _ in range(KILLS):
            with _worker(studio, rules) as worker:
                wait_for(lambda: _count(client, "processing") > 0, "a job to be running")
                await asyncio.sleep(dice.random())
                worker.kill()
        with _worker(studio, rules):
            wait_for(lambda: _count(client, "completed") == JOBS, "every picture", seconds=600)

        # then
        jobs = [client.get(f"/api/v1/jobs/{job_id}").json() for job_id in job_ids]
        balance = client.get("/api/v1/me/credits").json()["balance"]
        client.close()
        state = find_studio(studio.data_dir)
        assert state is not None
        await _check_database(state.database_url, jobs, balance)


def _submit(client: httpx.Client) -> list[str]:
    body = {"job_type": "txt2img", "prompt": "a red house at sunset", "steps": 8, "width": 128, "height": 128}
    job_ids = []
    for _ in range(JOBS // 8):
        answer = client.post("/api/v1/jobs", json=body | {"count": 8})
        assert answer.status_code == 202, answer.text
        job_ids += [job["id"] for job in answer.json()["jobs"]]
    return job_ids


def _count(client: httpx.Client, status: str) -> int:
    page = client.get("/api/v1/jobs", params={"status": status, "limit": 100}).json()
    return len(page["items"])


@contextmanager
def _worker(studio: RunningStudio, rules: dict[str, object]) -> Iterator[subprocess.Popen[bytes]]:
    state = find_studio(studio.data_dir)
    assert state is not None
    settings = rules | {"database_url": state.database_url, "data_dir": studio.data_dir}
    environment = os.environ | {f"PINGVAS_{name.upper()}": str(value) for name, value in settings.items()}
    worker = subprocess.Popen([sys.executable, "-m", "pingvas.cli", "worker"], cwd=ROOT, env=environment)
    try:
        yield worker
    finally:
        worker.terminate()
        worker.wait(60)


async def _check_database(url: str, jobs: list[dict[str, Any]], balance: int) -> None:
    database = Database(url, pool_size=1)
    try:
        async with database.read() as session:
            images = await session.scalar(text("SELECT count(*) FROM images"))
            distinct = await session.scalar(text("SELECT count(DISTINCT job_id) FROM images"))
            charged = await session.scalar(
                text("SELECT -SUM(amount) FROM credit_transactions WHERE job_id IS NOT NULL")
            )
            attempts = await session.scalar(text("SELECT sum(attempt) FROM generation_jobs"))
            disagreements = await find_disagreements(session)
    finally:
        await database.dispose()
    assert (images, distinct) == (JOBS, JOBS)
    assert attempts > JOBS, "no kill hit a running job, so this run has shown nothing"
    assert charged == sum(job["receipt"]["charged"] for job in jobs)
    assert balance == 500 - charged
    assert disagreements == []
