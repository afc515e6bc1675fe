"""Two worker hosts, and a cable that is pulled in mid-job: one picture, one charge, and what returns is refused."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from harness.running_studio import wait_for
from tests.hosts.network import Network
from tests.hosts.studio_of_hosts import MODEL, StudioOfHosts, WorkerHost, studio_of_hosts

pytestmark = pytest.mark.slow

LEASE_SECONDS = 4.0
STEPS = 300
SIDE = 256  # so that it takes a while
_JOB = "SELECT * FROM generation_jobs WHERE id = $1"
_STEPS = "SELECT * FROM generation_steps WHERE job_id = $1 AND attempt = 1 ORDER BY id"
_IMAGES = "SELECT * FROM images WHERE job_id = $1"
_POSTINGS = "SELECT * FROM credit_transactions WHERE job_id = $1 ORDER BY created_at, id"


@pytest.fixture
def studio(network: Network, tmp_path: Path) -> Iterator[StudioOfHosts]:
    with studio_of_hosts(network, tmp_path, lease_seconds=LEASE_SECONDS) as studio:
        yield studio


def test_a_host_cut_off_in_mid_job_is_replaced_and_refused_when_it_returns(
    studio: StudioOfHosts, capsys: pytest.CaptureFixture[str]
) -> None:
    # given two hosts, one of which is at work
    hosts = [studio.start_worker("east"), studio.start_worker("west")]
    with closing(_sign_up(studio)) as client:
        wait_for(lambda: len(studio.ask("SELECT 1 FROM workers")) == 2, "two workers")
        job_id = _submit(client, STEPS)
        wait_for(lambda: len(studio.ask(_STEPS, job_id)) > 2, "a job in its middle")
        cut_off, other = _holder_first(studio, job_id, hosts)

        # when its cable is pulled until somebody else has made the picture
        studio.network.cut(cut_off.host)
        cut_at = time.monotonic()
        wait_for(lambda: _status(studio, job_id) == "completed", "the other host to make the picture")
        recovery = time.monotonic() - cut_at
        ended = _everything(studio, job_id)
        wait_for(lambda: "away" in cut_off.said(), "the worker to notice")
        studio.network.mend(cut_off.host)
        wait_for(lambda: _knows_it_lost(cut_off), "the worker that returned to learn that it lost the job")

        # then nothing of what it had in hand was taken, and it works on
        after = _everything(studio, job_id)
        other.process.terminate()
        other.process.wait()
        next_id = _submit(client, 5)
        wait_for(lambda: _status(studio, next_id) == "completed", "the worker that returned to work again")
    _show(capsys, ended, recovery)
    assert after == ended
    assert (ended["job"]["attempt"], ended["job"]["lost_attempts"]) == (2, 1)
    assert ended["job"]["worker_id"] in other.said()
    assert len(ended["images"]) == 1
    assert [row["transaction_type"] for row in ended["postings"]] == ["consume", "refund"]
    assert -sum(row["amount"] for row in ended["postings"]) == ended["job"]["actual_credits"]
    next_job = studio.ask(_JOB, next_id)[0]
    assert next_job["worker_id"] in cut_off.said()
    assert (cut_off.process.poll(), other.process.poll()) == (None, 0)
    for worker in hosts:  # the model came over the network, and nothing else was needed or made
        assert [path.name for path in worker.folder.iterdir()] == ["cache"]


def _sign_up(studio: StudioOfHosts) -> httpx.Client:
    client = studio.client()
    person = {
        "email": "somebody@example.com",
        "password": "a long and quiet river",
        "display_name": "Somebody",
    }
    answer = client.post("/api/v1/auth/register", json=person)
    assert answer.status_code == 201, answer.text
    client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
    return client


def _submit(client: httpx.Client, steps: int) -> str:
    body = {"job_type": "txt2img", "model": MODEL, "prompt": "a red house", "steps": steps}
    answer = client.post("/api/v1/jobs", json=body | {"width": SIDE, "height": SIDE})
    assert answer.status_code == 202, answer.text
    return str(answer.json()["jobs"][0]["id"])


def _status(studio: StudioOfHosts, job_id: str) -> str:
    return str(studio.ask(_JOB, job_id)[0]["status"])


def _holder_first(
    studio: StudioOfHosts, job_id: str, hosts: list[WorkerHost]
) -> tuple[WorkerHost, WorkerHost]:
    worker_id = studio.ask(_JOB, job_id)[0]["worker_id"]
    first, second = sorted(hosts, key=lambda worker: worker_id not in worker.said())
    return first, second


def _everything(studio: StudioOfHosts, job_id: str) -> dict[str, Any]:
    """All that the database says of the job and of its first attempt."""
    return {
        "job": dict(studio.ask(_JOB, job_id)[0]),
        "steps": [dict(row) for row in studio.ask(_STEPS, job_id)],
        "images": [dict(row) for row in studio.ask(_IMAGES, job_id)],
        "postings": [dict(row) for row in studio.ask(_POSTINGS, job_id)],
    }


def _knows_it_lost(worker: WorkerHost) -> bool:
    return "the lease was lost" in worker.said() or "no longer ours" in worker.said()


def _show(capsys: pytest.CaptureFixture[str], ended: dict[str, Any], recovery: float) -> None:
    job = ended["job"]
    with capsys.disabled():
        print(  # noqa: T201
            f"\nhosts, one cut off in mid-job: 1 submitted, 1 {job['status']}, {len(ended['images'])} image, "
            f"1 charge of {job['actual_credits']} credits, {job['attempt']} attempts, {job['lost_attempts']} lapse; "
            f"made by the other host {recovery:.1f} s after the cut (lease {LEASE_SECONDS:g} s)"
        )
