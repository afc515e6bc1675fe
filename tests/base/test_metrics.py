"""What a process counts can be read on a port of its own, or from the folder that several processes share."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from pingvas.base.metrics import REGISTRY, metrics_port
from pingvas.base.settings import REPOSITORY
from pingvas.base.shared_counts import FOLDER
from pingvas.generation import metrics as _  # noqa: F401 - makes the metrics that are looked for

COUNT = """
from pingvas.base import shared_counts
from pingvas.base.metrics import REGISTRY
from pingvas.generation import metrics
with shared_counts.writing([REGISTRY]):
    metrics.SUBMITTED.labels("free", "toy").inc(2)
    metrics.WAITED.labels("free", "toy").observe(3)
"""
SHOW = """
from pingvas.api.http.metrics import Metrics
from pingvas.base.metrics import Snapshot, render
from pingvas.generation import metrics
api = Metrics()
api.requests.labels("GET", "/here", "200").inc()
metrics.SUBMITTED.labels("free", "toy").inc(1)
print(render([api.registry], Snapshot([])).decode())
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def run(program: str, folder: Path) -> str:
    environment = os.environ | {FOLDER: str(folder)}
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=REPOSITORY,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout


def test_any_process_shows_what_all_that_share_a_folder_have_counted(tmp_path: Path) -> None:
    # given two processes that counted and ended
    run(COUNT, tmp_path)
    run(COUNT, tmp_path)

    # when
    lines = run(SHOW, tmp_path).splitlines()

    # then
    assert 'pingvas_jobs_submitted_total{model="toy",plan="free"} 5.0' in lines
    assert 'pingvas_job_wait_seconds_sum{model="toy",plan="free"} 6.0' in lines
    assert 'pingvas_http_requests_total{method="GET",route="/here",status="200"} 1.0' in lines
    assert len([line for line in lines if line.startswith("# TYPE pingvas_jobs_submitted")]) == 1


def test_a_process_shows_its_own_on_the_port_that_is_set_and_closes_it(make_settings: Any) -> None:
    # given
    settings = make_settings(metrics_port=free_port())
    url = f"http://127.0.0.1:{settings.metrics_port}/metrics"

    # when
    with metrics_port(settings):
        shown = httpx.get(url).text

    # then
    assert "pingvas_jobs_submitted_total" in shown
    assert "process_cpu_seconds_total" in shown
    with pytest.raises(httpx.ConnectError):
        httpx.get(url)
    assert REGISTRY.get_sample_value("process_cpu_seconds_total") is None


def test_a_port_that_is_taken_is_told_and_stops_nobody(
    make_settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        settings = make_settings(metrics_port=taken.getsockname()[1])

        with metrics_port(settings):
            pass

    assert f"port {settings.metrics_port}" in caplog.text


def test_no_port_is_opened_where_none_is_set_or_a_folder_is_shared(
    make_settings: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # given
    settings = make_settings(metrics_port=free_port())
    monkeypatch.setenv(FOLDER, str(tmp_path))

    # when
    with metrics_port(settings), pytest.raises(httpx.ConnectError):
        httpx.get(f"http://127.0.0.1:{settings.metrics_port}/metrics")

    # then none is opened without the setting either
    monkeypatch.delenv(FOLDER)
    with metrics_port(make_settings()):
        assert REGISTRY.get_sample_value("process_cpu_seconds_total") is None
