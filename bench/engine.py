"""What does our engine add to the plain diffusers call? One process, the same weights and noise, in turns.

The peer is the family's own pipeline in diffusers with the same scheduler, prompt and steps. Ours reports every step and
asks every step whether the picture is still wanted, as in a worker; a preview is drawn every fourth step. The families
are of toy size, where a step costs milliseconds and every microsecond around it shows; the bundled model is the real one.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import diffusers
import torch

from bench._figures import report
from harness.toy_flow import make_toy_flux, make_toy_sd3
from harness.toy_models import make_toy_model
from harness.toy_sdxl import make_toy_sdxl
from pingvas.base.settings import REPOSITORY
from pingvas.engine.engine import Engine
from pingvas.engine.families import schedulers
from pingvas.engine.requests import EngineRequest, StepReport

STEPS = 20
PREVIEW_EVERY = 4
MINI = REPOSITORY / "models" / "pingvas-mini"


@dataclass(frozen=True)
class Subject:
    """A model, the pipeline of diffusers that runs it, and how it is asked."""

    name: str
    folder: Path
    pipeline: str
    side: int
    cfg_scale: float
    sampler: str | None
    rounds: int


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--threads", type=int)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="pingvas-bench-") as name:
        rows = [
            (subject.name, _compare(subject, args.threads)) for subject in _subjects(Path(name), args.rounds)
        ]
    report(f"Engine next to the plain diffusers call, {STEPS} steps, alternating, medians", rows)


def _subjects(folder: Path, rounds: int) -> list[Subject]:
    card: dict[str, Any] = json.loads((MINI / "studio.json").read_text())["defaults"]
    many = rounds * 2
    return [
        Subject(
            "SD 1, toy",
            make_toy_model(folder / "sd"),
            "StableDiffusionPipeline",
            64,
            4.0,
            "dpmpp_2m",
            many,
        ),
        Subject(
            "SDXL, toy",
            make_toy_sdxl(folder / "sdxl"),
            "StableDiffusionXLPipeline",
            64,
            4.0,
            "dpmpp_2m",
            many,
        ),
        Subject("SD 3, toy", make_toy_sd3(folder / "sd3"), "StableDiffusion3Pipeline", 64, 4.0, None, many),
        Subject("FLUX, toy", make_toy_flux(folder / "flux"), "FluxPipeline", 64, 1.0, None, many),
        Subject(
            "Pingvas Mini",
            MINI,
            "StableDiffusionPipeline",
            card["width"],
            card["cfg_scale"],
            card["sampler"],
            rounds,
        ),
    ]


def _compare(subject: Subject, threads: int | None) -> str:
    engine = Engine("cpu", threads=threads)
    card = subject.folder / "studio.json"
    engine.load(subject.folder, json.loads(card.read_text()) if card.exists() else {})
    pipeline = _open_pipeline(subject)
    ours: list[float] = []
    theirs: list[float] = []
    for seed in range(subject.rounds + 1):
        request = EngineRequest(
            prompt="a red house at sunset",
            negative_prompt="rain",
            width=subject.side,
            height=subject.side,
            steps=STEPS,
            cfg_scale=subject.cfg_scale,
            sampler=subject.sampler or "euler",
            seed=seed,
        )
        calls: list[Callable[[], object]] = [
            lambda: engine.run(request, _listen, lambda: False),  # noqa: B023 - called at once
            lambda: _call(pipeline, subject, request),  # noqa: B023 - called at once
        ]
        # Whoever comes second finds warm caches, so they take turns.
        seconds = [_seconds(call) for call in (calls if seed % 2 else calls[::-1])]
        if seed % 2 == 0:
            seconds.reverse()
        if seed:  # the first of each warms up
            ours.append(seconds[0])
            theirs.append(seconds[1])
    # A busy machine disturbs single pictures; neighbours in time are disturbed alike.
    ratio = statistics.median(our / their for our, their in zip(ours, theirs, strict=True))
    return f"{ratio:.3f} ({statistics.median(ours):.3f} s against {statistics.median(theirs):.3f} s)"


def _listen(step: StepReport) -> None:
    if step.preview is not None and step.step % PREVIEW_EVERY == 0:
        step.preview()


def _open_pipeline(subject: Subject) -> Any:
    kind: Any = getattr(diffusers, subject.pipeline)
    more = {"safety_checker": None} if subject.pipeline == "StableDiffusionPipeline" else {}
    made = kind.from_pretrained(subject.folder, dtype=torch.float32, local_files_only=True, **more)
    if subject.sampler is not None:
        made.scheduler = schedulers.build(subject.sampler, made.scheduler.config)
    made.set_progress_bar_config(disable=True)
    return made


def _call(pipeline: Any, subject: Subject, request: EngineRequest) -> None:
    asked: dict[str, Any] = {
        "prompt": request.prompt,
        "width": request.width,
        "height": request.height,
        "num_inference_steps": request.steps,
        "generator": torch.Generator("cpu").manual_seed(request.seed),
    }
    if subject.pipeline != "FluxPipeline":
        asked |= {"negative_prompt": request.negative_prompt, "guidance_scale": request.cfg_scale}
    pipeline(**asked)


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
