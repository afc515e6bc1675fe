"""Latents kept on disk: the U-Net trains on them without touching pictures again.

    python -m models.recipe.latents --work DIR

writes DIR/latents.f16 (count x 8 x 16 x 16 half floats, in order of seed) with the encoder of DIR/vae. The file may be
read while it grows, and a second call goes on where the first stopped.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from models.recipe.autoencoder import HalfSize, pictures_of
from models.recipe.canvas import SIDE
from models.recipe.data import open_drawings
from models.recipe.device import add_device_argument, device_of, half_precision
from models.recipe.diffusion import AutoencoderKL

Latents = npt.NDArray[np.float16]


@torch.no_grad()
def write_latents(work: Path, batch: int = 16, device: torch.device | None = None) -> None:
    """Encodes all drawings to the mean of their latents; on the processor unless told otherwise."""
    device = device or torch.device("cpu")
    # The outermost block is a 2x2 mean, so the inner blocks on half the size give the same latents at a fourth the cost.
    inner = HalfSize(AutoencoderKL.from_pretrained(work / "vae")).eval().to(device)
    drawings = open_drawings(work)
    path, size = work / "latents.f16", int(np.prod(latent_shape(work))) * 2
    done = path.stat().st_size // size if path.exists() else 0
    with path.open("r+b" if path.exists() else "wb") as file:
        file.seek(done * size)
        file.truncate()
        for first in range(done, len(drawings), batch):
            pictures = pictures_of("half", drawings[first : first + batch])
            with half_precision(device):
                moments = inner.moments(pictures.to(device)).float()
            file.write(moments.chunk(2, dim=1)[0].half().cpu().numpy().tobytes())
            file.flush()
            if first // batch % 50 == 0:
                print(f"{first + len(pictures)} latents", flush=True)


def latent_shape(work: Path) -> tuple[int, int, int]:
    """(channels, height, width) of the latents of one 256x256 picture."""
    config = AutoencoderKL.load_config(work / "vae")
    side = SIDE // 2 ** (len(config["block_out_channels"]) - 1)
    return int(config["latent_channels"]), side, side


def open_latents(work: Path) -> Latents:
    """The latents written so far, (count, channels, height, width), in order of seed."""
    return read_latents(work, "latents.f16")


def read_latents(work: Path, name: str) -> Latents:
    """The latents in a file of half floats that may still grow, (count, channels, height, width), read as needed."""
    shape, path = latent_shape(work), work / name
    count = path.stat().st_size // (int(np.prod(shape)) * 2) if path.exists() else 0
    if not count:
        return np.empty((0, *shape), np.float16)
    return np.memmap(path, dtype=np.float16, mode="r", shape=(count, *shape))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    add_device_argument(parser)
    args = parser.parse_args()
    write_latents(args.work, device=device_of(args.device))


if __name__ == "__main__":
    main()
