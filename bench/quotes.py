"""How near are quotes to what jobs take? The bundled model at several sizes and steps, before and after 20 jobs of that mix.

The peer is the model's own `cost` figures, written by whoever made it, on another machine. What no price can know is how far the same
job is from itself when it is made again: that is printed beside.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
from collections.abc import Iterable, Sequence
from itertools import product
from typing import Any

from bench._figures import percentile, report
from pingvas.base.ids import new_id
from pingvas.base.settings import REPOSITORY
from pingvas.engine.engine import Engine
from pingvas.engine.requests import EngineRequest
from pingvas.generation.job_parameters import TextToImageParameters
from pingvas.generation.pricing.price import HEADROOM, base_seconds
from pingvas.generation.pricing.speeds import ENOUGH, Speed, follow, measure, ratio_for

MINI = REPOSITORY / "models" / "pingvas-mini"
SIDES = (128, 192, 256)
STEPS = (8, 20, 30)
MODEL = new_id()
Job = TextToImageParameters


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--jobs", type=int, default=20)
    parser.add_argument("--threads", type=int)
    args = parser.parse_args()
    card: dict[str, Any] = json.loads((MINI / "studio.json").read_text())
    engine = Engine("cpu", threads=args.threads)
    engine.load(MINI, card)
    mix = [_job(card, side, steps) for side, steps in product(SIDES, STEPS)]
    for job in mix[::3]:
        _make(engine, job)  # what is reserved and tuned once
    chance = random.Random(0)
    history = [chance.choice(mix) for _ in range(args.jobs)]
    speeds = _learn(card, ((job, _make(engine, job)) for job in history))
    known = {bucket: speed.quoted for bucket, speed in speeds.items() if speed.samples >= ENOUGH}
    measured: dict[int, list[float]] = {number: [] for number in range(len(mix))}
    for _ in range(args.rounds):
        for number in chance.sample(range(len(mix)), len(mix)):
            measured[number].append(_make(engine, mix[number]))
    before = [base_seconds(card, job) for job in mix]
    after = [base_seconds(card, job) * ratio_for(known, job) for job in mix]
    itself = [statistics.median(measured[number]) for number in range(len(mix))]
    report(
        f"Quoted and measured seconds, Pingvas Mini, sides {SIDES}, steps {STEPS}, {args.rounds} times each",
        [
            ("by the model's own figures", _errors(before, measured)),
            (f"after {args.jobs} jobs of that mix", _errors(after, measured)),
            ("the same job's own median", _errors(itself, measured)),
            ("learned ratios by size", ", ".join(f"{ratio:.2f}" for _, ratio in sorted(known.items()))),
        ],
    )


def _job(card: dict[str, Any], side: int, steps: int) -> Job:
    defaults = {name: card["defaults"][name] for name in ("cfg_scale", "sampler")}
    return TextToImageParameters(
        model=MINI.name,
        prompt="a red house at sunset",
        seed=1,
        width=side,
        height=side,
        steps=steps,
        **defaults,
    )


def _make(engine: Engine, job: Job) -> float:
    """Seconds as a worker measures them."""
    request = EngineRequest(
        prompt=job.prompt,
        negative_prompt="",
        seed=1,
        width=job.width,
        height=job.height,
        steps=job.steps,
        cfg_scale=job.cfg_scale,
        sampler=job.sampler,
    )
    return engine.run(request).gpu_seconds


def _learn(card: dict[str, Any], jobs: Iterable[tuple[Job, float]]) -> dict[str, Speed]:
    speeds: dict[str, Speed] = {}
    for job, seconds in jobs:
        found = measure(MODEL, card, job, seconds)
        if found is not None:
            speeds[str(found.size_bucket)] = follow(speeds.get(str(found.size_bucket)), found.ratio)
    return speeds


def _errors(expected: Sequence[float], measured: dict[int, list[float]]) -> str:
    pairs = [(expected[number], seconds) for number, found in measured.items() for seconds in found]
    off = [abs(seconds / quoted - 1) for quoted, seconds in pairs]
    past = sum(seconds > HEADROOM * quoted for quoted, seconds in pairs) / len(pairs)
    return (
        f"off by {statistics.median(off):.0%} (median), {percentile(off, 0.9):.0%} (p90); "
        f"{past:.0%} take longer than expected and the headroom"
    )


if __name__ == "__main__":
    main()
