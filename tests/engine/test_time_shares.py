"""Who pays for the time: the pictures of a batch pay for all of it together, and for none of it twice."""

from __future__ import annotations

import random
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import pingvas.engine.batch
from harness.toy_models import CONFIG, make_toy_model
from pingvas.engine.engine import Engine
from pingvas.engine.requests import Result
from pingvas.engine.sampling.time_shares import Share, TimeMeter


class Clock:
    """Stands still until it is told otherwise."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def toy_wide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A toy whose steps take long beside what it takes to call them."""
    return make_toy_model(tmp_path_factory.mktemp("models") / "toy-wide", width=32)


@pytest.fixture
def meters_by_work_done(monkeypatch: pytest.MonkeyPatch) -> None:
    """The batches' clock counts what this process does, not what others do on its cores meanwhile."""
    monkeypatch.setattr(pingvas.engine.batch, "TimeMeter", partial(TimeMeter, time.process_time))


def work_through(engine: Engine, ask: Any, *, seed: int) -> tuple[float, float]:
    """Eight pictures of every sort that join and leave as chance will have it.

    Returns the seconds on their results, and those that passed in the engine meanwhile, by the clock of `meters_by_work_done`.
    """
    chance = random.Random(seed)
    waiting = [
        ask(
            seed=number,
            width=192,
            height=192,
            steps=chance.randint(1, 6),
            cfg_scale=chance.choice([1.0, 4.0]),
            sampler=chance.choice(["dpmpp_2m", "heun", "euler_a"]),
        )
        for number in range(8)
    ]
    batch, entries, wall = engine.open_batch(), [], 0.0
    while batch.entries or waiting:
        began = time.process_time()
        if waiting and (not batch.entries or (len(batch.entries) < 4 and chance.random() < 0.6)):
            entries.append(engine.join(batch, waiting.pop()))
        engine.step(batch)
        wall += time.process_time() - began
    results = [entry.outcome for entry in entries]
    assert all(isinstance(result, Result) for result in results)
    return sum(result.gpu_seconds for result in results if isinstance(result, Result)), wall


@pytest.mark.usefixtures("meters_by_work_done")
def test_the_pictures_of_a_batch_pay_for_its_whole_time(toy_wide: Path, ask: Any) -> None:
    engine = Engine("cpu", threads=1, decode_aside=False)
    engine.load(toy_wide, CONFIG)
    work_through(engine, ask, seed=0)  # what is reserved and tuned once

    paid, wall = work_through(engine, ask, seed=1)

    assert 0.97 * wall < paid <= wall  # what is not paid for: this file's own loop


@pytest.mark.usefixtures("meters_by_work_done")
def test_time_in_which_a_picture_is_decoded_beside_a_step_is_paid_once(toy_wide: Path, ask: Any) -> None:
    engine = Engine("cpu", threads=1, decode_aside=True)
    engine.load(toy_wide, CONFIG)

    paid, wall = work_through(engine, ask, seed=1)

    # not all of it: while the last one is decoded, this thread waits for the other one to begin and to be heard
    assert 0.5 * wall < paid <= wall


def test_a_step_is_paid_by_the_rows_each_picture_takes_of_it(engine: Engine, ask: Any) -> None:
    batch = engine.open_batch()
    guided = engine.join(batch, ask(cfg_scale=4.0))
    plain = engine.join(batch, ask(cfg_scale=1.0))
    joined = guided.gpu_seconds, plain.gpu_seconds

    engine.step(batch)

    assert guided.gpu_seconds - joined[0] == pytest.approx(2 * (plain.gpu_seconds - joined[1]))


def test_joining_is_paid_by_the_one_who_joins(engine: Engine, ask: Any) -> None:
    batch = engine.open_batch()
    first = engine.join(batch, ask(seed=1))
    paid = first.gpu_seconds

    second = engine.join(batch, ask(seed=2))

    assert first.gpu_seconds == paid
    assert second.gpu_seconds > 0


def test_two_threads_at_work_get_half_of_each_moment(clock: Clock) -> None:
    meter, step, decoding = TimeMeter(clock), Share(), Share()

    with ThreadPoolExecutor(1) as side_stream, meter.work((step, 1)):
        clock.now = 1.0
        beside = meter.work((decoding, 1))
        side_stream.submit(beside.__enter__).result()
        clock.now = 3.0
        side_stream.submit(beside.__exit__, None, None, None).result()
        clock.now = 10.0

    assert (step.seconds, decoding.seconds) == (1.0 + 1.0 + 7.0, 1.0)


def test_work_within_work_is_paid_by_whom_it_is_for(clock: Clock) -> None:
    meter, everybody, one = TimeMeter(clock), Share(), Share()

    with meter.work((everybody, 1)):
        clock.now = 1.0
        with meter.work((one, 1)):
            clock.now = 5.0
        with meter.work():
            clock.now = 100.0
        clock.now = 102.0

    assert (everybody.seconds, one.seconds) == (3.0, 4.0)


@given(
    blocks=st.lists(
        st.tuples(
            st.integers(0, 2),  # on which thread
            st.lists(st.integers(1, 3), max_size=4),  # whose work, by weight
            st.integers(0, 5),  # seconds before it begins
            st.booleans(),  # whether the thread's last block ends first
        ),
        max_size=20,
    )
)
def test_whatever_overlaps_the_shares_add_up_to_the_time_worked(
    blocks: list[tuple[int, list[int], int, bool]],
) -> None:
    # given
    clock = Clock()
    meter, shares, busy = TimeMeter(clock), [], 0
    under_way: list[list[tuple[bool, ExitStack]]] = [[], [], []]

    def pass_time(seconds: int) -> None:
        nonlocal busy
        busy += seconds * any(blocks and blocks[-1][0] for blocks in under_way)
        clock.now += seconds

    # when
    with ThreadPoolExecutor(1) as a, ThreadPoolExecutor(1) as b, ThreadPoolExecutor(1) as c:
        threads = (a, b, c)
        for thread, weights, pause, after in blocks:
            pass_time(pause)
            if after and under_way[thread]:
                threads[thread].submit(under_way[thread].pop()[1].close).result()
            mine = [(Share(), weight) for weight in weights]
            shares += mine
            block = ExitStack()
            threads[thread].submit(block.enter_context, meter.work(*mine)).result()
            under_way[thread].append((bool(mine), block))
        for thread, open_blocks in enumerate(under_way):
            while open_blocks:
                pass_time(1)
                threads[thread].submit(open_blocks.pop()[1].close).result()

    # then
    assert sum(share.seconds for share, _ in shares) == pytest.approx(busy)
