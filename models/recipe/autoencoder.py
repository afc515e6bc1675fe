"""Trains the autoencoder: 256x256 RGB to 8x16x16 latents and back, in two stages.

    python -m models.recipe.autoencoder --stage half --minutes 16 --work DIR
    python -m models.recipe.autoencoder --stage full --minutes 12 --work DIR

`half` trains all inner blocks on pictures of half the size, four times cheaper; the outermost block of the encoder is a
plain 2x2 mean by construction, so afterwards the latents are final and caching and the U-Net may begin. `full` freezes
the encoder and trains the decoder at full size, from DIR/latents.f16 where it is there already. Both need the drawings of `models.recipe.data`, write
DIR/autoencoder-STAGE.pt every few minutes, with a .csv and a .png of the curve beside it, and export DIR/vae, whose latents have mean 0 and deviation 1 per channel.
"""

from __future__ import annotations

import argparse
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.nn import functional

from models.recipe.data import JUDGE_SEED, Bytes, drawing, open_drawings, to_tensor
from models.recipe.device import add_device_argument, device_of, half_precision
from models.recipe.diffusion import AutoencoderKL
from models.recipe.loop import Progress, Step, Weights, average, descend, keep, train_for
from models.recipe.neon import neon

Indices = npt.NDArray[np.int64]

CHANNELS = (16, 32, 64, 96, 128)
LATENT_CHANNELS = 8
# Small crops give many steps while the rate is high; large ones show whole shapes (and true group statistics) at the end.
# (until this share of the time, side in pixels of the stage's pictures, batch)
CROPS = {"half": ((0.6, 64, 4), (0.85, 96, 2), (1.0, 128, 2)), "full": ((0.5, 128, 3), (1.0, 256, 1))}
# Noise on the decoder's latents, as a share of their deviation: what the encoder itself would add.
DECODER_NOISE = 0.02

# How many drawings that training never saw say how good it is.
JUDGED = 32
# Without any, the autoencoder could not show bright lines on a dark ground, a style that a LoRA may add.
NEON_SHARE = 0.04


def new_autoencoder() -> Any:
    """An autoencoder that starts as a near-linear map: average on the way down, repeat on the way up."""
    blocks = len(CHANNELS)
    vae = AutoencoderKL(
        in_channels=3,
        out_channels=3,
        down_block_types=("DownEncoderBlock2D",) * blocks,
        up_block_types=("UpDecoderBlock2D",) * blocks,
        block_out_channels=CHANNELS,
        layers_per_block=1,
        latent_channels=LATENT_CHANNELS,
        norm_num_groups=4,  # more groups forget absolute colour
        mid_block_add_attention=False,
        sample_size=256,
        scaling_factor=1.0,
    )
    for name, module in vae.named_modules():
        if not isinstance(module, nn.Conv2d):
            continue
        if module.bias is not None:
            nn.init.zeros_(module.bias)
        if name.endswith("conv2"):
            nn.init.zeros_(module.weight)
        elif name.endswith("conv_shortcut"):
            nn.init.orthogonal_(module.weight)
        elif "downsamplers" in name:
            _init_down(module, plain=name.startswith("encoder.down_blocks.0."))
        elif "upsamplers" in name:
            nn.init.dirac_(module.weight)
    with torch.no_grad():
        centre = torch.zeros_like(vae.encoder.conv_in.weight)
        nn.init.orthogonal_(centre[:, :, 1, 1])
        vae.encoder.conv_in.weight.copy_(centre)
        for conv in (vae.quant_conv, vae.post_quant_conv):
            nn.init.dirac_(conv.weight)
        # The second half of the encoder's output is the logarithm of the variance: start it small.
        vae.encoder.conv_out.weight[LATENT_CHANNELS:].mul_(0.05)
        vae.quant_conv.bias[LATENT_CHANNELS:].fill_(-6.0)
    return vae


@torch.no_grad()
def _init_down(conv: nn.Conv2d, plain: bool) -> None:
    """Stride 2, padded right and below: a 2x2 mean; or half means, a quarter each of level and upright differences."""
    conv.weight.zero_()
    n = conv.out_channels
    for i in range(n):
        conv.weight[i, i, :2, :2] = 0.25
        if not plain and i >= n // 2:
            block = torch.tensor([[0.5, -0.5], [0.5, -0.5]])
            conv.weight[i, i, :2, :2] = block if i < 3 * n // 4 else block.T


class HalfSize(nn.Module):
    """The inner blocks of an autoencoder, on pictures of half the size (n, 3, 128, 128); `head` shows their result."""

    def __init__(self, vae: Any) -> None:
        super().__init__()
        self.vae = vae
        self.head = nn.Sequential(
            nn.GroupNorm(4, CHANNELS[1]), nn.SiLU(), nn.Conv2d(CHANNELS[1], 3, 3, padding=1)
        )

    def moments(self, pictures: torch.Tensor) -> torch.Tensor:
        """Mean and log-variance, as the whole encoder finds them on a picture whose 2x2 means are `pictures`."""
        encoder = self.vae.encoder
        h = functional.conv2d(pictures, encoder.conv_in.weight[:, :, 1:2, 1:2], encoder.conv_in.bias)
        for block in encoder.down_blocks[1:]:
            h = block(h)
        h = encoder.conv_out(functional.silu(encoder.conv_norm_out(encoder.mid_block(h))))
        moments: torch.Tensor = self.vae.quant_conv(h)
        return moments

    def decode(self, latents: torch.Tensor) -> torch.Tensor:
        decoder = self.vae.decoder
        h = decoder.mid_block(decoder.conv_in(self.vae.post_quant_conv(latents)))
        for block in decoder.up_blocks[:-2]:
            h = block(h)
        for resnet in decoder.up_blocks[-2].resnets:
            h = resnet(h, temb=None)
        picture: torch.Tensor = self.head(h)
        return picture


class FullSize(nn.Module):
    """The whole autoencoder with its encoder frozen."""

    def __init__(self, vae: Any) -> None:
        super().__init__()
        self.vae = vae
        for part in (vae.encoder, vae.quant_conv):
            part.requires_grad_(False)

    def moments(self, pictures: torch.Tensor) -> torch.Tensor:
        moments: torch.Tensor = self.vae.quant_conv(self.vae.encoder(pictures))
        return moments

    def decode(self, latents: torch.Tensor) -> torch.Tensor:
        picture: torch.Tensor = self.vae.decoder(self.vae.post_quant_conv(latents))
        return picture


def new_stage(stage: str) -> HalfSize | FullSize:
    return HalfSize(new_autoencoder()) if stage == "half" else FullSize(new_autoencoder())


def _gradients(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    return x[..., 1:, :] - x[..., :-1, :], x[..., :, 1:] - x[..., :, :-1]


def loss_of(model: HalfSize | FullSize, crops: torch.Tensor) -> torch.Tensor:
    """What is lost from crops (n, 3, h, w), -1 to 1, on their way through the autoencoder, and a little KL."""
    with half_precision(crops.device):
        mean, logvar = model.moments(crops).float().chunk(2, dim=1)
        logvar = logvar.clamp(-12, 6)
        out = model.decode(mean + torch.randn_like(mean) * (0.5 * logvar).exp()).float()
    kl = 0.5 * (mean.square() + logvar.exp() - 1 - logvar).mean()
    return difference(out, crops) + 2e-4 * kl


def decoder_loss_of(model: FullSize, latents: torch.Tensor, crops: torch.Tensor) -> torch.Tensor:
    """The same for latents (n, 8, h / 16, w / 16) that are known: the frozen encoder need not run."""
    with half_precision(crops.device):
        out = model.decode(latents).float()
    return difference(out, crops)


def difference(out: torch.Tensor, crops: torch.Tensor) -> torch.Tensor:
    """L1 + MSE + edges + local colour.

    Without the colour term the third colour axis (red against green) is learnt last: yellow trees come out red.
    """
    down, across = ((a - b).abs().mean() for a, b in zip(_gradients(out), _gradients(crops), strict=True))
    red, green, blue = functional.avg_pool2d(out - crops, 4).unbind(1)
    warm, cold = red - green, blue - (red + green) / 2
    colour = warm.abs().mean() + cold.abs().mean() + 4 * (warm.square().mean() + cold.square().mean())
    return (out - crops).abs().mean() + 2 * functional.mse_loss(out, crops) + 0.5 * (down + across) + colour


def pictures_of(stage: str, drawings: Bytes) -> torch.Tensor:
    """Drawings (n, h, w, 3) as a stage sees them: whole, or as 2x2 means."""
    return to_tensor(drawings) if stage == "full" else functional.avg_pool2d(to_tensor(drawings), 2)


@torch.no_grad()
def psnr(stage: str, model: HalfSize | FullSize) -> float:
    """Peak signal to noise in decibels over whole drawings that training never saw, without sampling noise."""
    device = next(model.parameters()).device
    pictures = pictures_of(stage, np.stack([drawing(JUDGE_SEED + i) for i in range(JUDGED)])).to(device)
    errors = []
    for part in torch.split(pictures, 8):
        with half_precision(device):
            out = model.decode(model.moments(part).chunk(2, dim=1)[0]).float().clamp(-1, 1)
        errors.append(((out - part) / 2).square().mean(dim=(1, 2, 3)))
    return float((-10 * torch.cat(errors).log10()).mean())


@dataclass(frozen=True)
class Crops:
    """Squares of drawings, and of their latents where those are known."""

    stage: str
    work: Path
    device: torch.device
    rng: np.random.Generator

    def loss(self, model: HalfSize | FullSize, side: int, batch: int) -> torch.Tensor:
        """Of a batch of squares of `side` pixels of the stage's pictures; a few steps show glowing lines on a dark ground."""
        drawings, whole = open_drawings(self.work), side * (2 if self.stage == "half" else 1)
        # Corners on the grid of 16 pixels: each latent then sees the same cell as in a whole picture.
        corners = self.rng.integers(0, (256 - whole) // 16 + 1, (batch, 2)) * 16
        picks = self.rng.integers(len(drawings), size=batch)
        glowing = self.rng.random() < NEON_SHARE
        found = [drawings[i, y : y + whole, x : x + whole] for i, (y, x) in zip(picks, corners, strict=True)]
        if glowing:
            found = [neon(picture) for picture in found]
        crops = pictures_of(self.stage, np.stack(found)).to(self.device)
        if isinstance(model, HalfSize) or glowing or not (self.work / "latents.f16").exists():
            return loss_of(model, crops)
        return decoder_loss_of(model, self._latents(picks, corners // 16, whole // 16), crops)

    def _latents(self, picks: Indices, corners: Indices, side: int) -> torch.Tensor:
        """The latents of squares, as the encoder gives them: without the normalisation they are kept with."""
        shape = (-1, LATENT_CHANNELS, 16, 16)
        kept = np.memmap(self.work / "latents.f16", np.float16, "r").reshape(shape)
        parts = [kept[i, :, y : y + side, x : x + side] for i, (y, x) in zip(picks, corners, strict=True)]
        latents = torch.from_numpy(np.stack(parts).astype(np.float32))
        latents += DECODER_NOISE * torch.randn_like(latents)
        mean, std = torch.load(self.work / "latent-statistics.pt", weights_only=True)
        as_encoded: torch.Tensor = latents * std[:, None, None] + mean[:, None, None]
        return as_encoded.to(self.device)


def train(stage: str, work: Path, minutes: float, lr: float, seed: int, device: torch.device) -> None:
    torch.manual_seed(seed)
    model, path = new_stage(stage).to(device), work / f"autoencoder-{stage}.pt"
    optimiser = torch.optim.AdamW(
        [p for p in model.parameters() if p.requires_grad], lr, betas=(0.9, 0.98), weight_decay=1e-3
    )
    progress, ema = Progress(), None
    if path.exists():
        kept = torch.load(path, weights_only=True, map_location=device)
        model.load_state_dict(kept["model"])
        optimiser.load_state_dict(kept["optimiser"])
        progress, ema = Progress.of(kept, "crops"), kept["ema"]
    elif stage == "full":
        kept = torch.load(work / "autoencoder-half.pt", weights_only=True, map_location=device)
        model.load_state_dict({k: v for k, v in kept["ema"].items() if not k.startswith("head.")})
    averaged: Weights = ema or {k: v.clone() for k, v in model.state_dict().items()}
    # A call that goes on draws other squares than the one before, and warms up again.
    source = Crops(stage, work, device, np.random.default_rng(seed + progress.seen))
    first = progress.steps

    def step(part: float) -> Step:
        side, batch = next((s, b) for until, s, b in CROPS[stage] if part < until)
        number = progress.steps - first
        loss = source.loss(model, side, batch)
        lost = descend(optimiser, loss, model.parameters(), lr * _rate(part, number))
        average(averaged, model.state_dict(), number + 1, 0.998)
        return Step(lost, batch)

    def save() -> None:
        parts = {"model": model.state_dict(), "optimiser": optimiser.state_dict(), "ema": averaged}
        keep(path, progress, parts)

    def report() -> str:
        return f"unseen drawings: {_with(stage, averaged):.2f} dB"

    train_for(minutes, progress, step, save, report=report)
    export(work, stage)


def _rate(part: float, step: int) -> float:
    """Warm-up over 100 steps, flat for a while, cosine to 2 % over the last 65 % of the time."""
    tail = 1.0 if part < 0.35 else 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * (part - 0.35) / 0.65))
    return min(1.0, (step + 1) / 100) * tail


def _with(stage: str, weights: dict[str, torch.Tensor]) -> float:
    model = new_stage(stage)
    model.load_state_dict(weights)
    return psnr(stage, model)


@torch.no_grad()
def _statistics(work: Path, vae: Any) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and deviation of each latent channel over drawings, found once: the U-Net depends on them."""
    path = work / "latent-statistics.pt"
    if not path.exists():
        half = HalfSize(vae)
        parts = torch.split(pictures_of("half", open_drawings(work)[:768]), 32)
        means = torch.cat([half.moments(p).chunk(2, dim=1)[0] for p in parts])
        torch.save((means.mean(dim=(0, 2, 3)), means.std(dim=(0, 2, 3))), path)
    mean, std = torch.load(path, weights_only=True)
    return mean, std


@torch.no_grad()
def export(work: Path, stage: str) -> None:
    """Writes DIR/vae from the averaged weights, with the statistics moved into the 1x1 convolutions."""
    model = new_stage(stage)
    kept = torch.load(work / f"autoencoder-{stage}.pt", weights_only=True, map_location="cpu")
    model.load_state_dict(kept["ema"])
    before, vae, n = psnr(stage, model), model.vae, LATENT_CHANNELS
    mean, std = _statistics(work, vae)
    vae.post_quant_conv.bias.add_((vae.post_quant_conv.weight[:, :, 0, 0] * mean).sum(1))
    vae.post_quant_conv.weight.mul_(std[None, :, None, None])
    vae.quant_conv.bias[:n].sub_(mean).div_(std)
    vae.quant_conv.weight[:n].div_(std[:, None, None, None])
    vae.quant_conv.bias[n:].sub_(2 * std.log())
    print(
        f"unseen drawings: {before:.2f} dB, {psnr(stage, model):.2f} dB with normalised latents", flush=True
    )
    vae.save_pretrained(work / "vae")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--stage", choices=("half", "full"), required=True)
    parser.add_argument("--minutes", type=float, default=16)
    parser.add_argument("--lr", type=float, default=1.5e-3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--export-only", action="store_true")
    add_device_argument(parser)
    args = parser.parse_args()
    if not args.export_only:
        train(args.stage, args.work, args.minutes, args.lr, args.seed, device_of(args.device))
    else:
        export(args.work, args.stage)


if __name__ == "__main__":
    main()
