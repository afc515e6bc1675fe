"""Writes the trained parts as an ordinary diffusers folder in half precision.

    python -m models.recipe.export --work DIR --to models/pingvas-mini

The folder loads with StableDiffusionPipeline and AutoPipelineForText2Image; studio.json beside it says what the studio
should know: default size, steps and guidance, and the matrix that turns latents into a rough preview.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch

from models.recipe.data import open_drawings, to_tensor
from models.recipe.diffusion import AutoencoderKL, DPMSolverMultistepScheduler, StableDiffusionPipeline
from models.recipe.latents import open_latents
from models.recipe.text_to_picture import new_parts, noise_schedule

DEFAULT_CFG = 2.0


def new_scheduler() -> Any:
    """DPM-Solver++ of second order on the schedule of the training."""
    return DPMSolverMultistepScheduler(
        **noise_schedule(),
        algorithm_type="dpmsolver++",
        solver_order=2,
        solver_type="midpoint",
        lower_order_final=True,
    )


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


def export(work: Path, target: Path) -> None:
    pipe = pipeline_of(work)
    for part in (pipe.vae, pipe.text_encoder, pipe.unet):
        part.half()
    pipe.save_pretrained(target, safe_serialization=True)
    weights, bias, r2 = latent_to_rgb(work)
    about = {
        "name": "pingvas-mini",
        "display_name": "Pingvas Mini",
        "version": "1",
        "family": "sd1",
        "defaults": {
            "width": 256,
            "height": 256,
            "steps": 20,
            "cfg_scale": DEFAULT_CFG,
            "sampler": "dpmpp_2m",
        },
        "latent_rgb": {"weights": weights, "bias": bias},
        "size": {"multiple": 8, "min": 128, "max": 512},
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
