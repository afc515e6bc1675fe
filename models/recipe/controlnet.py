"""Trains a ControlNet that makes the model follow given edges.

    python -m models.recipe.controlnet --base models/pingvas-mini --work DIR --minutes 20 --to models/pingvas-canny

DIR holds the drawings and latents the model was trained with. Writes their edges to DIR/edges.bits, DIR/controlnet.pt every
two minutes (a second call goes on from it), and at the end an ordinary diffusers folder in half precision.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.nn import functional

from models.recipe.base import Base, captions_for, open_base
from models.recipe.canvas import SIDE
from models.recipe.data import open_drawings
from models.recipe.device import add_device_argument, device_of
from models.recipe.edges import canny
from models.recipe.fit import Plan, fit, put
from models.recipe.latents import open_latents
from models.recipe.scene import sample_scene
from models.recipe.text_to_picture import cheap_attention

ControlNetModel: Any = diffusers.ControlNetModel

# Each after the first halves the side: as many as the autoencoder's, which has cells of 16 pixels.
EMBEDDING = (8, 16, 32, 48, 64)
DRAWINGS = 4000
BATCH = 12


class Guided(nn.Module):
    """A frozen U-Net with a ControlNet beside it; called as the U-Net is, with the edges set before."""

    def __init__(self, unet: Any, control: Any) -> None:
        super().__init__()
        self.unet, self.control = unet, control
        self.edges = torch.empty(0)  # (n, 3, height, width) of the picture, 0 or 1

    def forward(self, noisy: torch.Tensor, times: torch.Tensor, words: torch.Tensor) -> Any:
        down, middle = self.control(noisy, times, words, controlnet_cond=self.edges, return_dict=False)
        return self.unet(
            noisy,
            times,
            words,
            down_block_additional_residuals=down,
            mid_block_additional_residual=middle,
        )


def new_control(unet: Any, seed: int = 1) -> Any:
    """A copy of the U-Net's first half that adds nothing until it has learnt."""
    torch.manual_seed(seed)
    control = ControlNetModel.from_unet(unet, conditioning_embedding_out_channels=EMBEDDING)
    return control.requires_grad_(True).train()


@torch.no_grad()
def wake(embedding: Any, edges: torch.Tensor) -> None:
    """Scales the layers that read edges so that each passes on differences between pictures in full.

    As they are drawn, nine layers on nearly empty pictures leave a millionth of them: 17,000 samples taught nothing.
    The layers are scaled one after another on a batch of edges (n, 3, h, w); the last to a third of what it is added to.
    """
    layers = [embedding.conv_in, *embedding.blocks, embedding.conv_out]
    nn.init.orthogonal_(embedding.conv_out.weight)
    h = edges
    for layer in layers:
        layer.bias.zero_()
        differences = layer(h).std(dim=0).square().mean().sqrt()
        layer.weight.mul_((0.3 if layer is layers[-1] else 1.0) / differences)
        h = functional.silu(layer(h))


def write_edges(work: Path, count: int = DRAWINGS) -> None:
    """The edges of drawings 0 to count - 1, eight pixels a byte, in DIR/edges.bits; goes on where it stopped."""
    drawings, path, size = open_drawings(work)[:count], work / "edges.bits", SIDE * SIDE // 8
    done = path.stat().st_size // size if path.exists() else 0
    with path.open("r+b" if path.exists() else "wb") as file:
        file.seek(done * size)
        file.truncate()
        for seed in range(done, len(drawings)):
            file.write(np.packbits(some_edges(drawings[seed], seed)).tobytes())


def some_edges(picture: npt.NDArray[np.uint8], seed: int) -> npt.NDArray[np.bool_]:
    """Edges with thresholds that differ by seed: people's edges come from any tool."""
    rng = np.random.default_rng(seed)
    high = float(np.exp(rng.uniform(np.log(50), np.log(250))))
    return canny(np.asarray(picture), rng.uniform(0.3, 0.6) * high, high)


def open_edges(work: Path) -> npt.NDArray[np.uint8]:
    """The edges written so far, packed, (count, SIDE * SIDE / 8)."""
    size = SIDE * SIDE // 8
    path = work / "edges.bits"
    return np.memmap(path, dtype=np.uint8, mode="r", shape=(path.stat().st_size // size, size))


def as_condition(masks: npt.NDArray[Any]) -> torch.Tensor:
    """Masks (n, h, w) to what a ControlNet is given: (n, 3, h, w) floats, 1 on a line."""
    return torch.from_numpy(masks.astype(np.float32))[:, None].repeat(1, 3, 1, 1)


def unpacked(packed: npt.NDArray[np.uint8]) -> torch.Tensor:
    """Packed edges (n, SIDE * SIDE / 8) as a ControlNet is given them, (n, 3, SIDE, SIDE)."""
    return as_condition(np.unpackbits(packed, axis=1).reshape(-1, SIDE, SIDE))


def train(
    base: Base, work: Path, minutes: float, lr: float, seed: int, start_from: Path | None = None
) -> Any:
    write_edges(work)
    edges, latents = open_edges(work), open_latents(work)
    count = min(len(edges), len(latents))
    scenes = [sample_scene(i) for i in range(count)]
    if start_from:
        control = ControlNetModel.from_pretrained(start_from, torch_dtype=torch.float32).train()
    else:
        control = new_control(base.parts.unet, seed)
        wake(control.controlnet_cond_embedding, unpacked(edges[:32]))
    cheap_attention(control, base.device)
    guided = Guided(base.parts.unet, control.to(base.device))

    def batch_loss(rng: np.random.Generator) -> tuple[torch.Tensor, int]:
        picks = rng.integers(count, size=BATCH)
        given = unpacked(edges[picks])
        if rng.random() < 0.2:  # thick lines, as drawn by hand
            given = functional.max_pool2d(given, 3, stride=1, padding=1)
        guided.edges = given.to(base.device)
        # Without words more often than in the base's training, so that the edges have to say what there is.
        captions = captions_for([scenes[i] for i in picks], rng, empty=0.2)
        return base.loss(guided, latents[picks], captions), BATCH

    fitted = fit(guided, batch_loss, Plan(work / "controlnet.pt", minutes, lr, seed, averaging=0.998))
    put(guided, fitted.weights)
    return guided.control.eval()


def export(control: Any, target: Path) -> None:
    control.to("cpu").half().save_pretrained(target, safe_serialization=True)
    config = target / "config.json"
    settings = json.loads(config.read_text())
    settings.pop("_name_or_path", None)  # no traces of the machine that trained
    config.write_text(json.dumps(settings, indent=2) + "\n")
    (target / "diffusion_pytorch_model.safetensors").chmod(0o644)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--base", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--to", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--lr", type=float, default=6e-4)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--start-from", type=Path, help="the ControlNet of an earlier version of the base")
    add_device_argument(parser)
    args = parser.parse_args()
    base = open_base(args.base, device_of(args.device))
    export(train(base, args.work, args.minutes, args.lr, args.seed, args.start_from), args.to)


if __name__ == "__main__":
    main()
