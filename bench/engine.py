"""What does our engine add to the plain diffusers call? One process, the same model and noise, in turns.

The peer is `StableDiffusionPipeline.__call__` with the same scheduler. Ours reports every step and asks every step
whether the picture is still wanted, as in a worker; a preview is drawn every fourth step.
Also: seconds to load the model, ours next to `from_pretrained`.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from pathlib import Path
from typing import Any

import torch
from diffusers import StableDiffusionPipeline

from bench._figures import report
from pingvas.base.settings import REPOSITORY
from pingvas.engine import schedulers
from pingvas.engine.engine import Engine
from pingvas.engine.requests import PictureRequest, StepReport

STEPS = 20
PREVIEW_EVERY = 4


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=REPOSITORY / "models" / "pingvas-mini")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--threads", type=int)
    args = parser.parse_args()
    card: dict[str, Any] = json.loads((args.model / "studio.json").read_text())
    asked = {"width": 256, "height": 256, "cfg_scale": 4.0, "sampler": "dpmpp_2m"} | card.get("defaults", {})
    asked |= {"prompt": "a red house at sunset", "negative_prompt": "", "steps": STEPS}

    engine = Engine("cpu", threads=args.threads)
    engine.load(args.model, card)  # warms the imports for both
    our_load = min(_seconds(lambda: Engine("cpu").load(args.model, card)) for _ in range(3))
    their_load = min(_seconds(lambda: _open_pipeline(args.model, asked["sampler"])) for _ in range(3))
    pipeline = _open_pipeline(args.model, asked["sampler"])

    ours: list[float] = []
    theirs: list[float] = []
    for seed in range(args.rounds + 1):
        request = PictureRequest(**asked, seed=seed)
        pair = _run_ours(engine, request), _run_theirs(pipeline, request)
        if seed:  # the first of each warms up
            ours.append(pair[0])
            theirs.append(pair[1])
    # A busy machine disturbs single pictures; neighbours in time are disturbed alike.
    ratio = statistics.median(our / their for our, their in zip(ours, theirs, strict=True))
    report(
        f"Engine overhead on {args.model.name} at {STEPS} steps, {args.rounds} pictures each, alternating",
        [
            ("engine", f"{statistics.median(ours):.3f} s"),
            ("the plain diffusers call", f"{statistics.median(theirs):.3f} s"),
            ("ratio, median of pairs", f"{ratio:.3f}"),
            ("load, engine", f"{our_load:.3f} s"),
            ("load, from_pretrained", f"{their_load:.3f} s"),
        ],
    )


def _open_pipeline(folder: Path, sampler: str) -> Any:
    pipeline: Any = StableDiffusionPipeline
    made = pipeline.from_pretrained(folder, dtype=torch.float32, local_files_only=True, safety_checker=None)
    made.scheduler = schedulers.build(sampler, made.scheduler.config)
    made.set_progress_bar_config(disable=True)
    return made


def _run_ours(engine: Engine, request: PictureRequest) -> float:
    def listen(step: StepReport) -> None:
        if step.preview is not None and step.step % PREVIEW_EVERY == 0:
            step.preview()

    return _seconds(lambda: engine.run(request, listen, lambda: False))


def _run_theirs(pipeline: Any, request: PictureRequest) -> float:
    return _seconds(
        lambda: pipeline(
            request.prompt,
            negative_prompt=request.negative_prompt,
            width=request.width,
            height=request.height,
            num_inference_steps=request.steps,
            guidance_scale=request.cfg_scale,
            generator=torch.Generator("cpu").manual_seed(request.seed),
        )
    )


def _seconds(work: Any) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
