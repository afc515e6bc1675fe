"""`pingvas api`: without what no event goes out it ends with an error, so that its supervisor starts another; several
processes show their metrics together."""

from __future__ import annotations

import asyncio
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from harness.running_studio import free_port, wait_for
from pingvas.base.db import Database
from pingvas.base.settings import REPOSITORY, Settings
from pingvas.billing.plans import seed_plans
from tests.make.accounts import sign_up

PROGRAM = """
from pingvas.base import loops, notify
from pingvas.base.settings import load_settings
from pingvas.launch.serve import serve_api

async def trip(self):
    raise KeyError("a bug that was put here")

notify.Notifier._run = trip
loops.MOST_FAILURES = 2
serve_api(load_settings())
"""


async def test_an_api_whose_notifier_cannot_live_ends_with_an_error(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    chosen = {
        f"PINGVAS_{name.upper()}": str(value)
        for name, value in settings.model_dump(exclude_none=True).items()
        if name in ("database_url", "data_dir")
    }
    environment = os.environ | chosen | {"PINGVAS_PORT": str(port)}

    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        PROGRAM,
        cwd=REPOSITORY,
        env=environment,
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await asyncio.wait_for(process.communicate(), 300)

    assert process.returncode == 1
    assert "LoopGaveUp: notifier failed 2 times in a row" in said.decode()


@contextmanager
def api(settings: Settings, **chosen: object) -> Iterator[subprocess.Popen[str]]:
    """`pingvas api` in a process of its own, and those that it starts."""
    given = {"database_url": settings.database_url, "data_dir": settings.data_dir, **chosen}
    environment = os.environ | {f"PINGVAS_{name.upper()}": str(value) for name, value in given.items()}
    command = [sys.executable, "-m", "pingvas.cli", "api"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.terminate()


def shown_at(url: str) -> str:
    """The page of metrics, empty while there is none."""
    try:
        return httpx.get(url).text
    except httpx.TransportError:
        return ""


@pytest.mark.slow
def test_several_processes_show_what_all_of_them_counted_on_one_port(settings: Settings) -> None:
    port, metrics_port = free_port(), free_port()
    url = f"http://127.0.0.1:{metrics_port}/metrics"
    asked = 40

    with api(settings, port=port, metrics_port=metrics_port, api_processes=2):
        wait_for(lambda: "pingvas_database_up 1.0" in shown_at(url), "the metrics")

        # when: connections of their own, which either process may get
        answers = [httpx.get(f"http://127.0.0.1:{port}/healthz").status_code for _ in range(asked)]

        # then: every answer of the port counts all of them, once the other process has written
        def counted() -> set[float]:
            line = r'^pingvas_http_requests_total\{.*route="/healthz".*\} (\S+)$'
            pages = [shown_at(url) for _ in range(10)]
            return {sum(float(each) for each in re.findall(line, page, re.MULTILINE)) for page in pages}

        wait_for(lambda: counted() == {asked}, "both to show the sum")
        public = httpx.get(f"http://127.0.0.1:{port}/metrics").status_code

    assert answers == [200] * asked
    assert public == 404


@pytest.mark.slow
@pytest.mark.parametrize("processes", [1, 2])
def test_a_taken_port_of_metrics_is_told_and_the_api_works(settings: Settings, processes: int) -> None:
    port = free_port()
    with socket.create_server(("127.0.0.1", 0)) as squatter:
        taken = squatter.getsockname()[1]

        with api(settings, port=port, metrics_port=taken, api_processes=processes) as process:
            wait_for(
                lambda: bool(shown_at(f"http://127.0.0.1:{port}/healthz")), "the API beside a taken port"
            )
            process.terminate()
            _, said = process.communicate()

    assert f"metrics are not shown: port {taken} on 127.0.0.1" in said
    assert said.count("metrics are not shown") == 1
    assert "PINGVAS_METRICS_PORT" in said


@pytest.mark.slow
@pytest.mark.parametrize(
    ("trusted", "seen"), [("127.0.0.0/8, 203.0.113.1", "198.51.100.7"), ("203.0.113.1", "127.0.0.1")]
)
async def test_what_a_proxy_says_counts_where_the_proxy_is_trusted(
    settings: Settings, database: Database, trusted: str, seen: str
) -> None:
    async with database.transaction() as session:
        await seed_plans(session)
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    through_a_proxy = {"X-Forwarded-For": "198.51.100.7", "X-Forwarded-Proto": "https"}

    with api(settings, port=port, metrics_port=0, trusted_proxies=trusted):
        wait_for(lambda: bool(shown_at(f"{url}/healthz")), "the API")
        async with httpx.AsyncClient(base_url=url, headers=through_a_proxy) as client:
            person = await sign_up(client)
            devices = (await client.get("/api/v1/me/sessions", headers=person.headers)).json()["items"]

    assert [device["ip_address"] for device in devices] == [seen]
