"""Bugs in what stands beside the engine: they cost neither the worker nor the jobs that it runs."""

from __future__ import annotations

from typing import Any

import pytest

from pingvas.generation.lifecycle import claims
from pingvas.generation.steps import progress
from tests.worker.studio import Studio


async def test_a_bug_in_reporting_progress_does_not_cost_the_picture(
    studio: Studio, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def trip(*_: Any, **__: Any) -> None:
        raise KeyError("a bug")

    monkeypatch.setattr(progress, "report", trip)

    async with studio.worker():
        job = await studio.becomes(await studio.submit(), "completed", "failed")

    assert (job.status, job.attempt) == ("completed", 1)
    assert "goes unreported" in caplog.text


async def test_a_bug_in_claiming_does_not_end_the_worker(
    studio: Studio, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    claim, calls = claims.claim, []

    async def trip(*given: Any, **more: Any) -> list[claims.ClaimedJob]:
        calls.append(given)
        if len(calls) == 1:
            raise KeyError("a bug")
        return await claim(*given, **more)

    monkeypatch.setattr(claims, "claim", trip)

    async with studio.worker():
        job = await studio.becomes(await studio.submit(), "completed", "failed")

    assert job.status == "completed"
    assert "job claims failed" in caplog.text
