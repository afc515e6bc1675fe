"""Writes the trained parts as an ordinary diffusers folder in half precision.

    python -m models.recipe.export --work DIR --to models/pingvas-mini

The folder loads with StableDiffusionPipeline and AutoPipelineForText2Image; studio.json beside it says what the studio
should know: default size, steps and guidance, and the matrix that turns latents into a rough preview.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from models.recipe.data import open_drawings, to_tensor
from models.recipe.diffusion import (
    AutoencoderKL,
    EulerAncestralDiscreteScheduler,
    StableDiffusionPipeline,
)
from models.recipe.latents import open_latents
from models.recipe.text_to_picture import new_parts, noise_schedule

DEFAULT_CFG = 2.0


def new_scheduler() -> Any:
    """Euler ancestral on the schedule of the training: fresh noise at every step lets it take back a second house."""
    return EulerAncestralDiscreteScheduler(**noise_schedule())


def pipeline_of(work: Path, averaged: bool = True) -> Any:
    """The pipeline of a training folder, in single precision."""
    parts = new_parts(work)
    kept = torch.load(work / "text_to_picture.pt", weights_only=True)
    parts.load(kept["ema" if averaged else "model"])
    return StableDiffusionPipeline(
        vae=AutoencoderKL.from_pretrained(work / "vae"),
        text_encoder=parts.text,
        tokenizer=parts.tokenizer,
        unet=parts.unet,
        scheduler=new_scheduler(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def latent_to_rgb(work: Path, count: int = 48) -> tuple[list[list[float]], list[float], float]:
    """Least squares from latents (8) to colours 0..1 at the latents' size; returns weights 8x3, bias 3 and R squared."""
    latents = np.asarray(open_latents(work)[:count], dtype=np.float64)
    n, channels, side, _ = latents.shape
    pictures = (
        torch.nn.functional.adaptive_avg_pool2d(to_tensor(open_drawings(work)[:count]), side).numpy() / 2
        + 0.5
    )
    x = np.concatenate(
        [latents.transpose(0, 2, 3, 1).reshape(-1, channels), np.ones((n * side * side, 1))], axis=1
    )
    y = pictures.transpose(0, 2, 3, 1).reshape(-1, 3)
    found = np.linalg.lstsq(x, y, rcond=None)[0]
    r2 = 1 - ((x @ found - y) ** 2).sum() / ((y - y.mean(axis=0)) ** 2).sum()
    return found[:-1].round(5).tolist(), found[-1].round(5).tolist(), float(r2)


def measured_cost(pipe: Any, steps: int = 20) -> dict[str, float]:
    """Seconds of a picture with guidance on this machine: once, and per step and megapixel."""
    pipe.set_progress_bar_config(disable=True)

    def seconds(steps: int) -> float:
        start = time.monotonic()
        pipe("a house", num_inference_steps=steps, guidance_scale=DEFAULT_CFG, width=256, height=256)
        return time.monotonic() - start

    seconds(2)  # the first call is slower
    short, long = (min(seconds(n) for _ in range(3)) for n in (2, steps))
    per_step = (long - short) / (steps - 2)
    megapixels = 256 * 256 / 1e6
    return {
        "fixed_seconds": round(max(0.0, short - 2 * per_step), 3),
        "seconds_per_megapixel_step": round(per_step / megapixels, 3),
    }


def export(work: Path, target: Path) -> None:
    pipe = pipeline_of(work)
    for part in (pipe.vae, pipe.text_encoder, pipe.unet):
        part.half()
    pipe.save_pretrained(target, safe_serialization=True)
    for part in (pipe.vae, pipe.text_encoder, pipe.unet):
        part.float()  # halves are slow on a processor
    weights, bias, r2 = latent_to_rgb(work)
    about = {
        "name": "pingvas-mini",
        "display_name": "Pingvas Mini",
        "version": "5",
        "family": "sd1",
        "base": "pingvas-mini",
        "defaults": {
            "width": 256,
            "height": 256,
            "steps": 20,
            "cfg_scale": DEFAULT_CFG,
            "sampler": "euler_a",
        },
        "latent_rgb": {"weights": weights, "bias": bias},
        "size": {"multiple": 16, "min": 128, "max": 512},
        "cost": measured_cost(pipe),
    }
    (target / "studio.json").write_text(json.dumps(about, indent=2) + "\n")
    for path in target.rglob("*.json"):  # no traces of the machine that trained
        settings = json.loads(path.read_text())
        if isinstance(settings, dict) and settings.pop("_name_or_path", None) is not None:
            path.write_text(json.dumps(settings, indent=2, ensure_ascii=False) + "\n")
    for path in target.rglob("*.safetensors"):
        path.chmod(0o644)  # the library writes them for their owner only
    size = sum(path.stat().st_size for path in target.rglob("*") if path.is_file())
    print(f"{target}: {size / 1e6:.1f} MB; preview matrix explains {r2:.1%} of the colours")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--to", type=Path, required=True)
    args = parser.parse_args()
    export(args.work, args.to)


if __name__ == "__main__":
    main()
