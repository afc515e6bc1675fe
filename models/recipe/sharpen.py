"""Teaches the decoder crisp edges: against a critic that tells decoded patches from drawn ones.

    python -m models.recipe.sharpen --minutes 50 --work DIR

Losses that compare pixels make a decoder soft wherever the latents leave open where exactly an edge runs. A critic of
patches (PatchGAN, hinge loss, weighed by gradients as in VQGAN) makes it decide. The encoder stays as it is, and so do the
latents. Where DIR/sampled.f16 is there (`models.recipe.sampled`), the decoder also learns from latents as the U-Net makes
them, which have no drawing to be compared with: there the critic alone speaks.

Goes on from DIR/vae, with DIR/drawings.u8 and DIR/latents.f16; writes DIR/sharpen.pt every few minutes, with a .csv and a
.png of the curve beside it, and replaces DIR/vae at the end. A second call goes on from DIR/sharpen.pt.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils.parametrizations import spectral_norm

from models.recipe.autoencoder import NEON_SHARE, difference
from models.recipe.data import JUDGE_SEED, drawing, open_drawings, to_tensor
from models.recipe.device import add_device_argument, device_of, half_precision
from models.recipe.diffusion import AutoencoderKL
from models.recipe.latents import Latents, open_latents
from models.recipe.loop import Progress, Step, average, descend, keep, train_for
from models.recipe.neon import neon
from models.recipe.sampled import open_sampled

CRITIC_CHANNELS = (24, 48, 64)
# (until this share of the time, side in latents, drawn and sampled squares in a batch). Small ones give many steps, whole
# pictures true group statistics at the end.
BATCHES = ((0.65, 8, 2, 1), (1.0, 16, 1, 1))
# Noise on the latents, as a share of their deviation, from none to this: what the U-Net makes is never quite right.
MOST_NOISE = 0.12
# The critic's gradient at the decoder's last layer, as a share of that of the difference in pixels.
WEIGHT = 0.35
EMA_DECAY = 0.998


def new_critic() -> nn.Sequential:
    """Pictures (n, 3, h, w) to one opinion per patch, (n, 1, h / 8, w / 8): above 0 for drawn, below for decoded."""
    layers: list[nn.Module] = []
    before = 3
    for channels in CRITIC_CHANNELS:
        layers += [spectral_norm(nn.Conv2d(before, channels, 4, stride=2, padding=1)), nn.LeakyReLU(0.2)]
        before = channels
    return nn.Sequential(*layers, spectral_norm(nn.Conv2d(before, 1, 3, padding=1)))


def decode(vae: Any, latents: torch.Tensor) -> torch.Tensor:
    """Normalised latents (n, 8, h / 16, w / 16) to pictures."""
    picture: torch.Tensor = vae.decoder(vae.post_quant_conv(latents))
    return picture


def critic_loss(critic: nn.Module, drawn: torch.Tensor, decoded: torch.Tensor) -> torch.Tensor:
    """Hinge loss of the critic's opinions of both."""
    opinions = critic(torch.cat([drawn, decoded])).float()
    on_drawn, on_decoded = opinions[: len(drawn)], opinions[len(drawn) :]
    return functional.relu(1 - on_drawn).mean() + functional.relu(1 + on_decoded).mean()


def decoder_loss(
    vae: Any, critic: nn.Module, latents: torch.Tensor, crops: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Difference in pixels, with and without what the critic thinks, which pulls `WEIGHT` times as hard at the last layer.

    `crops` may be fewer than `latents`: the last ones show no drawing.
    """
    with half_precision(crops.device):
        out = decode(vae, latents)
        opinion = -critic(out).float().mean()
    apart, last = difference(out[: len(crops)].float(), crops), vae.decoder.conv_out.weight
    pull = [torch.autograd.grad(loss, last, retain_graph=True)[0].norm() for loss in (apart, opinion)]
    share = WEIGHT * (pull[0] / (pull[1] + 1e-6)).clamp(max=10.0).detach()
    return apart + share * opinion, apart


class Squares:
    """Squares of drawings with their latents, and squares of sampled latents."""

    def __init__(self, work: Path, vae: Any, rng: np.random.Generator, device: torch.device) -> None:
        self._drawings, self._latents = open_drawings(work), open_latents(work)
        self._sampled = open_sampled(work)
        self._vae, self._rng, self._device = vae, rng, device

    def next(self, side: int, drawn: int, sampled: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Latents (n, 8, side, side), noisy, and pictures (m, 3, 16 side, 16 side) of the first m of them."""
        latents, crops = self._drawn(side, drawn)
        noise = MOST_NOISE * torch.rand(len(latents), 1, 1, 1, device=self._device)
        latents = latents + noise * torch.randn_like(latents)
        if len(self._sampled):
            picks, corners = self._places(self._sampled, side, sampled)
            latents = torch.cat([latents, self._cut(self._sampled, side, picks, corners)])
        return latents, crops

    def _drawn(self, side: int, count: int) -> tuple[torch.Tensor, torch.Tensor]:
        picks, corners = self._places(self._latents, side, count)
        ends = corners + side
        places = zip(picks, 16 * corners, 16 * ends, strict=True)
        found = [self._drawings[i, top:bottom, left:right] for i, (top, left), (bottom, right) in places]
        if self._rng.random() >= NEON_SHARE:
            return self._cut(self._latents, side, picks, corners), to_tensor(np.stack(found)).to(self._device)
        crops = to_tensor(np.stack([neon(picture) for picture in found])).to(self._device)
        with torch.no_grad():
            return self._vae.encode(crops).latent_dist.mean, crops

    def _places(self, latents: Latents, side: int, count: int) -> tuple[Any, Any]:
        """Which ones, and the upper left corner in each."""
        return self._rng.integers(len(latents), size=count), self._rng.integers(0, 16 - side + 1, (count, 2))

    def _cut(self, latents: Latents, side: int, picks: Any, corners: Any) -> torch.Tensor:
        parts = [latents[i, :, y : y + side, x : x + side] for i, (y, x) in zip(picks, corners, strict=True)]
        return torch.from_numpy(np.stack(parts).astype(np.float32)).to(self._device)


@torch.no_grad()
def measure(vae: Any, count: int = 32) -> tuple[float, float]:
    """Over unseen drawings: peak signal to noise in decibels, and the energy of edges as a share of the drawings' own."""
    device = next(vae.parameters()).device
    errors, edges = [], [0.0, 0.0]
    for first in range(0, count, 8):
        seeds = range(first, min(first + 8, count))
        drawn = to_tensor(np.stack([drawing(JUDGE_SEED + seed) for seed in seeds])).to(device)
        with half_precision(device):
            out = decode(vae, vae.encode(drawn).latent_dist.mean).float().clamp(-1, 1)
        errors.append(((out - drawn) / 2).square().mean(dim=(1, 2, 3)))
        for number, picture in enumerate((out, drawn)):
            edges[number] += float(picture.diff(dim=2).square().sum() + picture.diff(dim=3).square().sum())
    return float((-10 * torch.cat(errors).log10()).mean()), edges[0] / edges[1]


class Match:
    """Decoder and critic, and how far they have come."""

    def __init__(self, work: Path, lr: float, device: torch.device) -> None:
        self.path, self.lr, self.device = work / "sharpen.pt", lr, device
        self.vae, self.critic = (
            AutoencoderKL.from_pretrained(work / "vae").to(device),
            new_critic().to(device),
        )
        self.vae.requires_grad_(False)
        self.made = nn.ModuleDict({"decoder": self.vae.decoder, "post_quant_conv": self.vae.post_quant_conv})
        self.made.requires_grad_(True)
        self.makers = torch.optim.AdamW(self.made.parameters(), lr, betas=(0.5, 0.98), weight_decay=1e-4)
        self.judges = torch.optim.AdamW(self.critic.parameters(), 2 * lr, betas=(0.5, 0.98))
        self.ema = {name: value.clone() for name, value in self.made.state_dict().items()}
        self.progress = Progress()
        if self.path.exists():
            self._load(torch.load(self.path, weights_only=True, map_location=device))

    def step(self, latents: torch.Tensor, crops: torch.Tensor, rate: float) -> Step:
        """One turn of each at `rate` times the learning rate; the difference in pixels, and the critic's loss beside."""
        self.critic.requires_grad_(False)
        made, apart = decoder_loss(self.vae, self.critic, latents, crops)
        descend(self.makers, made, self.made.parameters(), self.lr * rate)
        self.critic.requires_grad_(True)
        with half_precision(self.device):
            with torch.no_grad():
                out = decode(self.vae, latents)
            judged = critic_loss(self.critic, crops, out)
        lost = descend(self.judges, judged, self.critic.parameters(), 2 * self.lr * rate)
        average(self.ema, self.made.state_dict(), self.progress.steps + 1, EMA_DECAY)
        return Step(float(apart.detach()), len(latents), {"critic": lost})

    def save(self) -> None:
        """Keep everything."""
        parts: dict[str, Any] = {
            "model": self.made.state_dict(),
            "critic": self.critic.state_dict(),
            "ema": self.ema,
        }
        parts |= {"makers": self.makers.state_dict(), "judges": self.judges.state_dict()}
        keep(self.path, self.progress, parts)

    def _load(self, kept: dict[str, Any]) -> None:
        self.made.load_state_dict(kept["model"])
        self.critic.load_state_dict(kept["critic"])
        self.makers.load_state_dict(kept["makers"])
        self.judges.load_state_dict(kept["judges"])
        self.ema, self.progress = kept["ema"], Progress.of(kept, "squares")


def train(work: Path, minutes: float, lr: float, seed: int, device: torch.device) -> None:
    torch.manual_seed(seed)
    match = Match(work, lr, device)
    squares = Squares(work, match.vae, np.random.default_rng(seed + match.progress.seen), device)
    first = match.progress.steps

    def step(part: float) -> Step:
        # The critic has to know something before it is listened to; towards the end both come to rest.
        warm = (match.progress.steps - first + 1) / 200
        side, drawn, sampled = next(batch for until, *batch in BATCHES if part < until)
        return match.step(*squares.next(side, drawn, sampled), min(1.0, warm, max(0.05, 2.5 * (1 - part))))

    train_for(minutes, match.progress, step, match.save, save_seconds=240)
    match.made.load_state_dict(match.ema)
    print("unseen drawings: {:.2f} dB, {:.0%} of the energy of edges".format(*measure(match.vae)), flush=True)
    match.vae.save_pretrained(work / "vae")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=50)
    parser.add_argument("--lr", type=float, default=3e-4)
    parser.add_argument("--seed", type=int, default=1)
    add_device_argument(parser)
    args = parser.parse_args()
    train(args.work, args.minutes, args.lr, args.seed, device_of(args.device))


if __name__ == "__main__":
    main()
