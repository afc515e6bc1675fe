"""Latents as a finished model makes them, for a decoder to learn from: they are never quite those of a drawing.

    python -m models.recipe.sampled --model models/pingvas-mini --count 600 --work DIR

writes DIR/sampled.f16 (count x 8 x 16 x 16 half floats), one for each of as many captions; a second call goes on where the
first stopped.
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path
from typing import Any

import torch

from models.recipe.captions import training_caption
from models.recipe.export import DEFAULT_CFG
from models.recipe.judge import open_pipeline
from models.recipe.latents import Latents, read_latents
from models.recipe.scene import sample_scene
from models.recipe.text_to_picture import cheap_attention

BATCH = 8
# Other scenes than those the model learnt from.
FIRST_SEED = 40_000_000


def write_sampled(pipe: Any, work: Path, count: int, cfg: float = DEFAULT_CFG, steps: int = 20) -> None:
    """Runs `pipe` up to its latents for captions of scenes that it has not seen."""
    path, done = work / "sampled.f16", len(open_sampled(work))
    words = random.Random(FIRST_SEED + done)
    with path.open("ab") as file:
        for first in range(done, count, BATCH):
            seeds = [FIRST_SEED + first + i for i in range(min(BATCH, count - first))]
            made = pipe(
                [training_caption(sample_scene(seed), words) for seed in seeds],
                num_inference_steps=steps,
                guidance_scale=cfg,
                generator=[torch.Generator().manual_seed(seed) for seed in seeds],
                output_type="latent",
            )
            file.write(made.images.half().numpy().tobytes())
            file.flush()
            print(f"{first + len(seeds)} sampled latents", flush=True)


def open_sampled(work: Path) -> Latents:
    """The latents made so far, (count, channels, height, width); none where there is no such file."""
    return read_latents(work, "sampled.f16")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--count", type=int, default=600)
    args = parser.parse_args()
    pipe = open_pipeline(args.model)
    cheap_attention(pipe.unet, torch.device("cpu"))
    write_sampled(pipe, args.work, args.count)


if __name__ == "__main__":
    main()
