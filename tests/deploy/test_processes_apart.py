"""The studio as containers run it: each process by its own command, with nothing but its environment."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from harness.running_studio import free_port, wait_for

KEY = "a key of thirty-two letters or more"


@pytest.mark.slow
def test_a_worker_with_four_variables_and_an_empty_folder_makes_pictures(
    empty_database_url: str, tmp_path: Path
) -> None:
    # given: what all processes share is an address, a storage and a key
    shared = {
        "PINGVAS_DATABASE_URL": empty_database_url.replace("+asyncpg", ""),
        "PINGVAS_STORAGE_URL": (tmp_path / "storage").as_uri(),
        "PINGVAS_SECRET_KEY": KEY,
    }
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    at = {"PINGVAS_DATA_DIR": str(tmp_path / "data"), "PINGVAS_PORT": str(port), "PINGVAS_PUBLIC_URL": url}
    run(tmp_path, "migrate", **shared)

    with started(tmp_path / "api", "api", **shared, **at), httpx.Client(base_url=url, timeout=60) as client:
        # when
        wait_for(lambda: answers(client), "the API")
        _, _, token = run(tmp_path, "link", **shared, **at).strip().partition("#token=")
        signed_in = client.post("/api/v1/auth/one-time", json={"token": token}).json()
        client.headers["Authorization"] = f"Bearer {signed_in['access_token']}"
        wish = {"job_type": "txt2img", "prompt": "a red house", "width": 128, "height": 128, "steps": 1}
        asked = client.post("/api/v1/jobs", json=wish)
        assert asked.status_code == 202, asked.text
        (job,) = asked.json()["jobs"]
        cache = {"PINGVAS_MODEL_CACHE_DIR": str(tmp_path / "cache")}
        with started(tmp_path / "worker", "worker", **shared, **cache) as worker:
            wait_for(lambda: status(client, job["id"]) == "completed", "the picture")
            (image,) = client.get("/api/v1/images").json()["items"]
            picture = client.get(image["file_url"])

            # then
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(60) == 0
    assert picture.status_code == 200
    assert picture.content.startswith(b"\x89PNG")
    assert list((tmp_path / "worker").iterdir()) == [], "a worker leaves nothing where it is started"


def run(place: Path, command: str, **variables: str) -> str:
    """Run a command of the studio to its end; returns what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "pingvas.cli", command],
        cwd=place,
        env=bare(variables),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return done.stdout


@contextmanager
def started(place: Path, command: str, **variables: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process of the studio in an empty folder of its own."""
    place.mkdir()
    process = subprocess.Popen([sys.executable, "-m", "pingvas.cli", command], cwd=place, env=bare(variables))
    try:
        yield process
    finally:
        process.terminate()
        process.wait(60)


def bare(variables: dict[str, str]) -> dict[str, str]:
    """An environment with nothing of this one but where programs are."""
    return {"PATH": os.environ["PATH"], "HOME": "/nowhere", "OMP_NUM_THREADS": "1", **variables}


def answers(client: httpx.Client) -> bool:
    try:
        return client.get("/healthz").status_code == 200
    except httpx.TransportError:
        return False


def status(client: httpx.Client, job_id: str) -> str:
    return str(client.get(f"/api/v1/jobs/{job_id}").json()["status"])
