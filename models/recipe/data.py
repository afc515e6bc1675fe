"""Drawings kept on disk between stages, so that no stage draws the same picture twice.

    python -m models.recipe.data --count 16000 --work DIR

writes DIR/drawings.u8 (count x 256 x 256 x 3 bytes, memory-mapped when read), in order of seed. The file may be read
while it grows, and a second call goes on where the first stopped.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from models.recipe.canvas import SIDE
from models.recipe.draw import draw
from models.recipe.scene import sample_scene

# Seeds below are for training; judging starts far above, so that no picture is ever shared.
JUDGE_SEED = 10_000_000

Bytes = npt.NDArray[np.uint8]


def drawing(seed: int, held_out: bool = False) -> Bytes:
    """The drawing of a seed as bytes, (256, 256, 3)."""
    return np.asarray(draw(sample_scene(seed, held_out)), dtype=np.uint8)


def write_drawings(work: Path, count: int) -> None:
    """Draws seeds 0 to count - 1 into one file; goes on where an earlier call stopped."""
    path = work / "drawings.u8"
    size = SIDE * SIDE * 3
    done = path.stat().st_size // size if path.exists() else 0
    with path.open("r+b" if path.exists() else "wb") as file:
        file.seek(done * size)
        file.truncate()
        for seed in range(done, count):
            file.write(drawing(seed).tobytes())
            if seed % 64 == 63:
                file.flush()
            if seed % 1000 == 999:
                print(f"{seed + 1} drawings", flush=True)


def open_drawings(work: Path) -> Bytes:
    """The drawings written so far, (count, 256, 256, 3), read from disk as needed."""
    path = work / "drawings.u8"
    count = path.stat().st_size // (SIDE * SIDE * 3)
    return np.memmap(path, dtype=np.uint8, mode="r", shape=(count, SIDE, SIDE, 3))


def to_tensor(pictures: Bytes) -> torch.Tensor:
    """Bytes (n, h, w, 3) to floats (n, 3, h, w) from -1 to 1."""
    return torch.from_numpy(np.array(pictures)).permute(0, 3, 1, 2).float() / 127.5 - 1


def to_bytes(pictures: torch.Tensor) -> Bytes:
    """Floats (n, 3, h, w) from -1 to 1 to bytes (n, h, w, 3)."""
    scaled = ((pictures.float().clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)
    return scaled.permute(0, 2, 3, 1).cpu().numpy()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--count", type=int, default=16_000)
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    write_drawings(args.work, args.count)


if __name__ == "__main__":
    main()
