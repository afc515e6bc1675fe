"""Who may share a batch with whom, and that nobody waits for ever."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pingvas.engine.errors import Canceled
from pingvas.engine.requests import EngineRequest, Setup
from pingvas.worker.running.capacity import max_batch_for
from pingvas.worker.running.engine_input import EngineInput
from pingvas.worker.running.engine_queue import EngineQueue, PendingCall, QueuedJob

GIB = 2**30
TOY = Setup(Path("/models/toy"))


def queued(*, setup: Setup = TOY, width: int = 64, max_batch: int = 4) -> QueuedJob:
    request = EngineRequest("a", "", width=width, height=64, steps=3, cfg_scale=4.0, sampler="euler", seed=1)
    inputs = EngineInput(setup=setup, request=request)
    return QueuedJob("toy", inputs, lambda report: None, lambda: False, max_batch)


def test_those_who_fit_come_along_in_their_order_and_nobody_is_overtaken() -> None:
    running, first, second, other, late = queued(), queued(), queued(), queued(width=72), queued()
    queue = EngineQueue()
    for each in (first, second, other, late):
        queue.put(each)

    one = queue.take_for_batch(running, 1)
    rest = queue.take_for_batch(running, 9)

    assert (one, rest) == ([first], [second])
    assert queue.take() is other
    assert queue.take() is late


def test_a_call_keeps_nobody_out_of_a_batch_and_is_made_afterwards() -> None:
    running, joins, other, late = queued(), queued(), queued(width=72), queued()
    queue, call = EngineQueue(), PendingCall(lambda: None)
    for each in (call, joins, other, late):
        queue.put(each)

    assert queue.take_for_batch(running, 9) == [joins]
    assert queue.take() is call
    assert queue.take() is other
    assert queue.take() is late


@pytest.mark.parametrize(
    "other",
    [
        queued(width=72),
        queued(setup=Setup(Path("/models/toy"), vae=Path("/models/vae"))),
        queued(max_batch=1),
    ],
    ids=["another size", "another VAE", "one that must be alone"],
)
def test_what_differs_does_not_share(other: QueuedJob) -> None:
    assert not queued().can_share_batch(other)
    assert not other.can_share_batch(queued())
    assert queued().can_share_batch(queued())


def test_what_waits_when_the_queue_is_closed_is_refused() -> None:
    waiting, late, call = queued(), queued(), PendingCall(lambda: None)
    queue = EngineQueue()
    queue.put(waiting)
    queue.put(call)

    queue.close()
    queue.put(late)

    assert queue.take() is None
    assert isinstance(waiting.result.exception(), Canceled)
    assert isinstance(late.result.exception(), Canceled)
    assert isinstance(call.done.exception(), Canceled)


def a_job(**changes: Any) -> Any:
    facts = {
        "batch_key": "k",
        "job_type": "txt2img",
        "lost_attempts": 0,
        "parameters": SimpleNamespace(width=1024, height=1024),
        "model_config": {"family": "sdxl", "size_bytes": 7 * GIB},
    }
    return SimpleNamespace(**(facts | changes))


@pytest.mark.parametrize(
    ("gibibytes", "job", "most"),
    [
        (141, a_job(), 8),
        (24, a_job(), 7),
        (12, a_job(), 3),
        (8, a_job(), 1),
        (24, a_job(parameters=SimpleNamespace(width=2048, height=2048)), 1),
        (141, a_job(batch_key=None), 1),
        (141, a_job(job_type="upscale"), 1),
        (141, a_job(lost_attempts=1), 1),
    ],
)
def test_a_batch_has_as_many_pictures_as_the_memory_has_room_for(gibibytes: int, job: Any, most: int) -> None:
    assert max_batch_for(job, most=8, memory_bytes=gibibytes * GIB) == most
