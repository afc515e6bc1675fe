"""Who may share a batch with whom, and that nobody waits for ever."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pingvas.engine.errors import Canceled
from pingvas.engine.requests import PictureRequest, Setup
from pingvas.worker.process.capacity import seats_for
from pingvas.worker.running.engine_queue import Guest, Inbox
from pingvas.worker.running.load_inputs import Work

GIB = 2**30
TOY = Setup(Path("/models/toy"))


def guest(*, setup: Setup = TOY, width: int = 64, seats: int = 4) -> Guest:
    request = PictureRequest("a", "", width=width, height=64, steps=3, cfg_scale=4.0, sampler="euler", seed=1)
    return Guest("toy", Work(setup=setup, request=request), lambda report: None, lambda: False, seats)


def test_those_who_fit_come_along_in_their_order_and_nobody_is_overtaken() -> None:
    host, first, second, other, late = guest(), guest(), guest(), guest(width=72), guest()
    inbox = Inbox()
    for each in (first, second, other, late):
        inbox.put(each)

    one = inbox.take_for(host, 1)
    rest = inbox.take_for(host, 9)

    assert (one, rest) == ([first], [second])
    assert inbox.take() is other
    assert inbox.take() is late


@pytest.mark.parametrize(
    "other",
    [guest(width=72), guest(setup=Setup(Path("/models/toy"), vae=Path("/models/vae"))), guest(seats=1)],
    ids=["another size", "another VAE", "one that must be alone"],
)
def test_what_differs_does_not_share(other: Guest) -> None:
    assert not guest().goes_with(other)
    assert not other.goes_with(guest())
    assert guest().goes_with(guest())


def test_whoever_waits_when_the_inbox_is_closed_is_refused() -> None:
    waiting, late = guest(), guest()
    inbox = Inbox()
    inbox.put(waiting)

    inbox.close()
    inbox.put(late)

    assert inbox.take() is None
    assert isinstance(waiting.left.exception(), Canceled)
    assert isinstance(late.left.exception(), Canceled)


def a_job(**changes: Any) -> Any:
    facts = {
        "batch_key": "k",
        "job_type": "txt2img",
        "lost_attempts": 0,
        "parameters": {"width": 1024, "height": 1024},
        "model_config": {"family": "sdxl", "size_bytes": 7 * GIB},
    }
    return SimpleNamespace(**(facts | changes))


@pytest.mark.parametrize(
    ("gibibytes", "job", "seats"),
    [
        (141, a_job(), 8),
        (24, a_job(), 7),
        (12, a_job(), 3),
        (8, a_job(), 1),
        (24, a_job(parameters={"width": 2048, "height": 2048}), 1),
        (141, a_job(batch_key=None), 1),
        (141, a_job(job_type="upscale"), 1),
        (141, a_job(lost_attempts=1), 1),
    ],
)
def test_seats_are_as_many_as_the_memory_has_room_for_pictures(gibibytes: int, job: Any, seats: int) -> None:
    assert seats_for(job, most=8, memory_bytes=gibibytes * GIB) == seats
