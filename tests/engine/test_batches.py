"""Pictures of different people in one batch: each is what it would have been alone, whatever its neighbours do."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from harness.toy_models import CONFIG
from pingvas.engine.engine import Engine
from pingvas.engine.errors import Canceled, EngineError, NotANumber, OutOfMemory, Unforeseen
from pingvas.engine.requests import DENOISING, EngineRequest, Result, StepReport


def together(engine: Engine, requests: list[EngineRequest]) -> list[Result | EngineError]:
    """All requests from the first step on; their outcomes in order."""
    batch = engine.open_batch()
    entries = [engine.join(batch, request) for request in requests]
    while batch.entries:
        engine.step(batch)
    outcomes = [entry.outcome for entry in entries]
    assert None not in outcomes
    return outcomes  # type: ignore[return-value]


def difference(a: Any, b: Any) -> int:
    """The largest difference of two pictures in any channel of any pixel, 0 to 255."""
    assert isinstance(a, Result)
    assert isinstance(b, Result)
    one, other = (np.asarray(result.image, dtype=np.int16) for result in (a, b))
    return int(np.abs(one - other).max())


@pytest.fixture
def mixed(ask: Any) -> list[EngineRequest]:
    """Requests that differ in everything a batch allows."""
    return [
        ask(prompt="a red house", seed=1, steps=3, sampler="dpmpp_2m"),
        ask(prompt="the sea", seed=2, steps=5, sampler="euler_a", cfg_scale=7.0),
        ask(prompt="a tree", seed=3, steps=2, sampler="heun", cfg_scale=1.0),
        ask(prompt="", seed=1, steps=4, sampler="ddim", negative_prompt="fog"),
        ask(prompt="a boat", seed=5, steps=4, sampler="dpmpp_sde"),
    ]


def test_a_picture_in_a_mixed_batch_is_the_picture_it_is_alone(
    engine: Engine, engine_f16: Engine, mixed: list[EngineRequest]
) -> None:
    for each in (engine, engine_f16):
        alone = [each.run(request) for request in mixed]

        batched = together(each, mixed)

        assert max(difference(a, b) for a, b in zip(alone, batched, strict=True)) <= 1
        assert len({result.image.tobytes() for result in alone}) == len(mixed)


def test_the_place_in_the_batch_does_not_matter(engine: Engine, mixed: list[EngineRequest]) -> None:
    forward = together(engine, mixed)

    backward = together(engine, mixed[::-1])[::-1]

    assert max(difference(a, b) for a, b in zip(forward, backward, strict=True)) <= 1


def test_a_picture_may_join_while_others_are_under_way(engine: Engine, ask: Any) -> None:
    first, late = ask(seed=1, steps=6), ask(seed=2, steps=3)
    alone = [engine.run(first), engine.run(late)]
    batch = engine.open_batch()
    early_seat = engine.join(batch, first)
    engine.step(batch)
    engine.step(batch)

    late_seat = engine.join(batch, late)
    ended = [entry for _ in range(4) for entry in engine.step(batch)]

    assert ended == [late_seat, early_seat]
    assert difference(early_seat.outcome, alone[0]) <= 1
    assert difference(late_seat.outcome, alone[1]) <= 1


def test_a_canceled_picture_leaves_and_the_others_stay_as_they_were(engine: Engine, ask: Any) -> None:
    kept = ask(seed=1, steps=5)
    alone = engine.run(kept)
    seen: list[StepReport] = []
    batch = engine.open_batch()
    kept_seat = engine.join(batch, kept)
    canceled_seat = engine.join(batch, ask(seed=2, steps=5), seen.append, lambda: len(seen) >= 2)

    while batch.entries:
        engine.step(batch)

    assert isinstance(canceled_seat.outcome, Canceled)
    assert [report.step for report in seen] == [1, 2]
    assert difference(kept_seat.outcome, alone) <= 1


def test_a_picture_that_blows_up_takes_nobody_along(engine: Engine, ask: Any) -> None:
    alone = engine.run(ask(seed=1))

    blown, fine = together(engine, [ask(cfg_scale=1e38), ask(seed=1)])

    assert isinstance(blown, NotANumber)
    assert difference(fine, alone) <= 1


def _hear(steps: list[tuple[int, int]]) -> Callable[[StepReport], None]:
    def on_step(report: StepReport) -> None:
        if report.step_name == DENOISING:
            steps.append((report.step, report.total_steps))

    return on_step


def test_every_picture_hears_its_own_steps(engine: Engine, ask: Any) -> None:
    heard: dict[int, list[tuple[int, int]]] = {3: [], 5: []}
    batch = engine.open_batch()
    for steps, reports in heard.items():
        engine.join(
            batch,
            ask(steps=steps),
            _hear(reports),
        )

    while batch.entries:
        engine.step(batch)

    assert heard == {
        3: [(step, 3) for step in range(1, 4)],
        5: [(step, 5) for step in range(1, 6)],
    }


def test_the_time_is_shared_out_by_what_each_picture_asks_of_the_network(engine: Engine, ask: Any) -> None:
    batch = engine.open_batch()
    guided = engine.join(batch, ask(cfg_scale=4.0))
    plain = engine.join(batch, ask(cfg_scale=1.0))

    engine.step(batch)

    assert guided.denoising_seconds == pytest.approx(2 * plain.denoising_seconds)


def _only_one_at_a_time(engine: Engine, monkeypatch: pytest.MonkeyPatch, rows: int) -> None:
    """The device has room for so many rows of the network and no more."""
    family = engine._family
    assert family is not None
    predict = family.predict

    def small(latents: torch.Tensor, *rest: Any, **more: Any) -> torch.Tensor:
        if latents.shape[0] > rows:
            torch.empty(2**60)
        return predict(latents, *rest, **more)

    monkeypatch.setattr(family, "predict", small)


def test_a_batch_that_is_too_large_for_the_device_goes_on_one_by_one(
    engine: Engine, ask: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    requests = [ask(seed=1), ask(seed=2)]
    alone = [engine.run(request) for request in requests]
    _only_one_at_a_time(engine, monkeypatch, rows=2)

    batched = together(engine, requests)

    assert max(difference(a, b) for a, b in zip(alone, batched, strict=True)) == 0


def test_only_the_picture_that_does_not_fit_alone_fails(
    engine: Engine, ask: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = engine.run(ask(cfg_scale=1.0))
    _only_one_at_a_time(engine, monkeypatch, rows=1)

    guided, plain = together(engine, [ask(cfg_scale=4.0), ask(cfg_scale=1.0)])

    assert isinstance(guided, OutOfMemory)
    assert difference(plain, alone) == 0


def test_what_was_too_much_at_once_goes_on_in_smaller_portions_and_is_not_tried_again(
    engine: Engine, ask: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    requests = [ask(seed=seed, steps=4) for seed in range(4)]
    alone = [engine.run(request) for request in requests]
    _only_one_at_a_time(engine, monkeypatch, rows=4)
    family = engine._family
    assert family is not None
    predict, sizes = family.predict, []

    def noted(latents: torch.Tensor, *rest: Any, **more: Any) -> torch.Tensor:
        sizes.append(latents.shape[0])
        return predict(latents, *rest, **more)

    monkeypatch.setattr(family, "predict", noted)

    batched = together(engine, requests)

    assert max(difference(a, b) for a, b in zip(alone, batched, strict=True)) <= 1
    assert sizes == [8, 2, 2, 2, 2, *[4, 4] * 3]


@pytest.mark.parametrize("side_stream", [False, True])
def test_a_bug_at_the_end_of_one_picture_leaves_the_others_alone(
    toy_f8: Path, ask: Any, monkeypatch: pytest.MonkeyPatch, side_stream: bool
) -> None:
    engine = Engine("cpu", threads=1, decode_aside=side_stream)
    engine.load(toy_f8, CONFIG)
    alone = engine.run(ask(seed=2, steps=4))
    family = engine._family
    assert family is not None
    decode, calls = family.decode, []

    def trip(latents: torch.Tensor) -> torch.Tensor:
        calls.append(latents)
        if len(calls) == 1:
            raise KeyError("a bug")
        return decode(latents)

    monkeypatch.setattr(family, "decode", trip)

    bad, good = together(engine, [ask(seed=1, steps=2), ask(seed=2, steps=4)])

    assert isinstance(bad, Unforeseen)
    assert isinstance(bad.__cause__, KeyError)
    assert difference(good, alone) <= 1


def test_pictures_decoded_aside_are_the_same_and_nobody_waits_for_them(toy_f8: Path, ask: Any) -> None:
    engine = Engine("cpu", threads=1, decode_aside=True)
    engine.load(toy_f8, CONFIG)
    requests = [ask(seed=1, steps=2), ask(seed=2, steps=6), ask(seed=3, steps=6)]
    alone = [engine.run(request) for request in requests]
    batch = engine.open_batch()
    entries = [engine.join(batch, request) for request in requests]
    family = engine._family
    assert family is not None
    decode, go_on = family.decode, threading.Event()

    def slow(latents: torch.Tensor) -> torch.Tensor:
        go_on.wait()
        return decode(latents)

    family.decode = slow  # type: ignore[method-assign]
    for _ in range(5):
        engine.step(batch)
    assert [entry.row.step for entry in entries] == [2, 5, 5]
    assert [entry.outcome for entry in entries] == [None, None, None]
    go_on.set()
    while batch.entries:
        engine.step(batch)

    for entry, expected in zip(entries, alone, strict=True):
        assert difference(entry.outcome, expected) <= 1
