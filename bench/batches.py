"""What is a shared batch worth? Pictures a minute by the bundled model: one by one, and 4 and 8 of different people at once.

"Uniform" requests differ in the seed alone. "Mixed" ones differ in prompt, guidance, sampler and number of steps as well, in
the way of the requests of several people; their steps add up to the same. The peer is StableDiffusionPipeline of diffusers with
`num_images_per_prompt`, which can only do the uniform kind.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from typing import Any

import torch
from diffusers import StableDiffusionPipeline

from bench._figures import report
from pingvas.base.settings import REPOSITORY
from pingvas.engine.engine import Engine
from pingvas.engine.families import schedulers
from pingvas.engine.requests import EngineRequest

MINI = REPOSITORY / "models" / "pingvas-mini"
STEPS = 20
SPREAD = (-4, -2, 0, 0, 0, 0, 2, 4)
SAMPLERS = ("dpmpp_2m", "euler", "ddim", "unipc")
PROMPTS = (
    "a red house at sunset",
    "pine forest, night, moon",
    "노을 지는 바다 위의 빨간 배",
    "a lighthouse by the sea",
)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int)
    args = parser.parse_args()
    card: dict[str, Any] = json.loads((MINI / "studio.json").read_text())
    engine = Engine("cpu", threads=args.threads)
    engine.load(MINI, card)
    pipeline = _open_pipeline(card)
    found: dict[str, list[float]] = {}
    for number in range(args.rounds + 1):
        measured = {"alone": _minute(lambda: engine.run(_uniform(card, 0)), 1)}
        for size in (4, 8):
            uniform = [_uniform(card, seed) for seed in range(size)]
            mixed = [_mixed(card, place, size) for place in range(size)]
            measured[f"{size} uniform"] = _minute(lambda asked=uniform: _together(engine, asked), size)
            measured[f"{size} mixed"] = _minute(lambda asked=mixed: _together(engine, asked), size)
            measured[f"{size} by diffusers"] = _minute(
                lambda count=size: _theirs(pipeline, card, count), size
            )
        if number:  # the first round warms up
            for name, value in measured.items():
                found.setdefault(name, []).append(value)
    rows = [(name, f"{statistics.median(values):.1f} pictures a minute") for name, values in found.items()]
    for size in (4, 8):
        ratios = [m / u for m, u in zip(found[f"{size} mixed"], found[f"{size} uniform"], strict=True)]
        rows.append((f"{size}: mixed ÷ uniform", f"{statistics.median(ratios):.2f}"))
        ratios = [u / t for u, t in zip(found[f"{size} uniform"], found[f"{size} by diffusers"], strict=True)]
        rows.append((f"{size}: uniform ÷ diffusers", f"{statistics.median(ratios):.2f}"))
    report(f"Pictures a minute, Pingvas Mini, {STEPS} steps, medians of {args.rounds}", rows)


def _uniform(card: dict[str, Any], seed: int) -> EngineRequest:
    asked = card["defaults"] | {"steps": STEPS, "sampler": "dpmpp_2m"}
    asked.pop("guidance", None)
    return EngineRequest(prompt=PROMPTS[0], negative_prompt="", seed=seed, **asked)


def _mixed(card: dict[str, Any], place: int, size: int) -> EngineRequest:
    steps = (
        STEPS + SPREAD[place * len(SPREAD) // size] if size == len(SPREAD) else STEPS + (-2, 0, 0, 2)[place]
    )
    asked = card["defaults"] | {"steps": steps, "sampler": SAMPLERS[place % 4], "cfg_scale": 2.0 + place / 4}
    asked.pop("guidance", None)
    return EngineRequest(prompt=PROMPTS[place % 4], negative_prompt="", seed=place, **asked)


def _together(engine: Engine, requests: list[EngineRequest]) -> None:
    batch = engine.open_batch()
    for request in requests:
        engine.join(batch, request)
    while batch.entries:
        engine.step(batch)


def _open_pipeline(card: dict[str, Any]) -> Any:
    kind: Any = StableDiffusionPipeline
    made = kind.from_pretrained(MINI, dtype=torch.float32, local_files_only=True, safety_checker=None)
    made.scheduler = schedulers.build("dpmpp_2m", made.scheduler.config)
    made.set_progress_bar_config(disable=True)
    return made


def _theirs(pipeline: Any, card: dict[str, Any], count: int) -> None:
    pipeline(
        PROMPTS[0],
        width=card["defaults"]["width"],
        height=card["defaults"]["height"],
        num_inference_steps=STEPS,
        guidance_scale=card["defaults"]["cfg_scale"],
        num_images_per_prompt=count,
        generator=[torch.Generator("cpu").manual_seed(seed) for seed in range(count)],
    )


def _minute(work: Any, pictures: int) -> float:
    began = time.perf_counter()
    work()
    return 60 * pictures / (time.perf_counter() - began)


if __name__ == "__main__":
    main()
