"""Trains a LoRA that gives the model's pictures another look, on the project's own drawings in that look.

    python -m models.recipe.lora --look pencil --base models/pingvas-mini --work DIR --minutes 6 --to models/pingvas-pencil

DIR holds the drawings and the autoencoder the model was trained with (DIR/drawings.u8, DIR/vae). Writes the drawings in their new
look and their latents to DIR/LOOK, DIR/lora-LOOK.pt every two minutes (a second call goes on from it), and at the end
one file of the layout that peft and diffusers share.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from peft import LoraConfig, get_peft_model_state_dict, set_peft_model_state_dict
from safetensors.torch import load_file, save_file

from models.recipe.base import Base, captions_for, open_base
from models.recipe.canvas import SIDE
from models.recipe.data import Bytes, open_drawings
from models.recipe.device import add_device_argument, device_of
from models.recipe.fit import Plan, fit, learning, put
from models.recipe.latents import open_latents, write_latents
from models.recipe.neon import neon
from models.recipe.pencil import pencil
from models.recipe.scene import sample_scene

LOOKS: dict[str, Callable[[Bytes], Bytes]] = {"pencil": pencil, "neon": neon}
RANK = 16
DRAWINGS = 1500
BATCH = 8
# Attention and convolutions alike: a look is colour and line everywhere, not only where words are.
LAYERS = ("to_q", "to_k", "to_v", "to_out.0", "net.0.proj", "net.2", "proj_in", "proj_out", "conv1", "conv2")


def add_lora(unet: Any, seed: int = 1) -> None:
    """Puts an adapter that does nothing yet on a frozen U-Net; only the adapter learns."""
    torch.manual_seed(seed)
    unet.add_adapter(LoraConfig(r=RANK, lora_alpha=RANK, target_modules=list(LAYERS)))


def write_looks(look: str, work: Path, count: int = DRAWINGS) -> Path:
    """Drawings 0 to count - 1 in a look, in DIR/LOOK; goes on where an earlier call stopped."""
    folder, drawings = work / look, open_drawings(work)[:count]
    folder.mkdir(exist_ok=True)
    path, size = folder / "drawings.u8", SIDE * SIDE * 3
    done = path.stat().st_size // size if path.exists() else 0
    with path.open("r+b" if path.exists() else "wb") as file:
        file.seek(done * size)
        file.truncate()
        for drawing in drawings[done:]:
            file.write(LOOKS[look](np.asarray(drawing)).tobytes())
    return folder


def take_over(unet: Any, earlier: Path) -> None:
    """Gives the adapter the weights of an exported one, made for an earlier version of the base."""
    stored = {name.removeprefix("unet."): value.float() for name, value in load_file(earlier).items()}
    outcome: Any = set_peft_model_state_dict(unet, stored)
    left = outcome.unexpected_keys
    if left or len(stored) != len(learning(unet)):
        raise ValueError(f"{earlier} does not fit: {len(stored)} tensors, unknown {left[:4]}")


def train(
    base: Base, look: str, work: Path, minutes: float, lr: float, seed: int, start_from: Path | None = None
) -> None:
    folder = write_looks(look, work)
    if not (folder / "vae").exists():
        (folder / "vae").symlink_to((work / "vae").resolve())
    write_latents(folder, device=base.device)
    latents = open_latents(folder)
    scenes = [sample_scene(i) for i in range(len(latents))]
    unet = base.parts.unet
    add_lora(unet, seed)
    if start_from:
        take_over(unet, start_from / "model.safetensors")

    def batch_loss(rng: np.random.Generator) -> tuple[torch.Tensor, int]:
        picks = rng.integers(len(scenes), size=BATCH)
        captions = captions_for([scenes[i] for i in picks], rng)
        return base.loss(unet, latents[picks], captions), BATCH

    fitted = fit(unet, batch_loss, Plan(work / f"lora-{look}.pt", minutes, lr, seed, averaging=0.995))
    put(unet, fitted.weights)


def export(base: Base, target: Path) -> int:
    """Writes the adapter of the base's U-Net in half precision; returns the number of tensors."""
    # Kept in peft's own names: converting those of convolutions mixes two layouts, and loading drops half of them.
    state = get_peft_model_state_dict(base.parts.unet)
    if len(state) != len(learning(base.parts.unet)):
        raise RuntimeError(f"{len(learning(base.parts.unet))} tensors learnt, {len(state)} would be written")
    target.mkdir(parents=True, exist_ok=True)
    file = target / "model.safetensors"
    about = {"unet.r": RANK, "unet.lora_alpha": RANK, "unet.target_modules": list(LAYERS)}
    save_file(
        {f"unet.{name}": value.detach().cpu().half().contiguous() for name, value in state.items()},
        file,
        metadata={"format": "pt", "lora_adapter_metadata": json.dumps(about)},
    )
    file.chmod(0o644)
    return len(state)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--look", choices=sorted(LOOKS), required=True)
    parser.add_argument("--base", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--to", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=6)
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--start-from", type=Path, help="the LoRA of an earlier version of the base")
    add_device_argument(parser)
    args = parser.parse_args()
    base = open_base(args.base, device_of(args.device))
    train(base, args.look, args.work, args.minutes, args.lr, args.seed, args.start_from)
    print(f"{export(base, args.to)} tensors in {args.to}")


if __name__ == "__main__":
    main()
