"""Teaches the decoder crisp edges: against a critic that tells decoded patches from drawn ones.

    python -m models.recipe.sharpen --minutes 50 --work DIR

Losses that compare pixels make a decoder soft wherever the latents leave open where exactly an edge runs. A critic of
patches (PatchGAN, hinge loss, weighed by gradients as in VQGAN) makes it decide. The encoder stays as it is, and so do the latents.

Goes on from DIR/vae, with DIR/drawings.u8 and DIR/latents.f16; writes DIR/sharpen.pt every few minutes and replaces DIR/vae
at the end. A second call goes on from DIR/sharpen.pt.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils.parametrizations import spectral_norm

from models.recipe.autoencoder import difference
from models.recipe.data import JUDGE_SEED, drawing, open_drawings, to_tensor
from models.recipe.device import add_device_argument, device_of, half_precision
from models.recipe.diffusion import AutoencoderKL
from models.recipe.latents import open_latents
from models.recipe.neon import neon

CRITIC_CHANNELS = (24, 48, 64)
SIDE, BATCH = 128, 3
# Noise on the latents, as a share of their deviation, from none to this: what the U-Net makes is never quite right.
MOST_NOISE = 0.12
# The critic's gradient at the decoder's last layer, as a share of that of the difference in pixels.
WEIGHT = 0.35
EMA_DECAY = 0.998
# As in the stages before: a style that a LoRA may add.
NEON_SHARE = 0.04


def new_critic() -> nn.Sequential:
    """Pictures (n, 3, h, w) to one opinion per patch, (n, 1, h / 8, w / 8): above 0 for drawn, below for decoded."""
    layers: list[nn.Module] = []
    before = 3
    for channels in CRITIC_CHANNELS:
        layers += [
            spectral_norm(nn.Conv2d(before, channels, 4, stride=2, padding=1)),
            nn.LeakyReLU(0.2),
        ]
        before = channels
    return nn.Sequential(*layers, spectral_norm(nn.Conv2d(before, 1, 3, padding=1)))


def decode(vae: Any, latents: torch.Tensor) -> torch.Tensor:
    """Normalised latents (n, 8, h / 16, w / 16) to pictures."""
    picture: torch.Tensor = vae.decoder(vae.post_quant_conv(latents))
    return picture


def critic_loss(critic: nn.Module, drawn: torch.Tensor, decoded: torch.Tensor) -> torch.Tensor:
    """Hinge loss of the critic's opinions of both."""
    on_drawn, on_decoded = critic(torch.cat([drawn, decoded])).float().chunk(2)
    return functional.relu(1 - on_drawn).mean() + functional.relu(1 + on_decoded).mean()


def decoder_loss(vae: Any, critic: nn.Module, latents: torch.Tensor, crops: torch.Tensor) -> torch.Tensor:
    """Difference in pixels, and what the critic thinks, so weighed that it pulls `WEIGHT` times as hard at the last layer."""
    with half_precision(crops.device):
        out = decode(vae, latents)
        opinion = -critic(out).float().mean()
    apart, last = difference(out.float(), crops), vae.decoder.conv_out.weight
    pull = [torch.autograd.grad(loss, last, retain_graph=True)[0].norm() for loss in (apart, opinion)]
    share = WEIGHT * (pull[0] / (pull[1] + 1e-6)).clamp(max=10.0).detach()
    loss: torch.Tensor = apart + share * opinion
    return loss


class Patches:
    """Squares of drawings with their latents."""

    def __init__(self, work: Path, vae: Any, rng: np.random.Generator, device: torch.device) -> None:
        self._drawings, self._latents = open_drawings(work), open_latents(work)
        self._vae, self._rng, self._device = vae, rng, device

    def next(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Noisy latents (n, 8, s / 16, s / 16) and pictures (n, 3, s, s)."""
        cells = SIDE // 16
        corners = self._rng.integers(0, 16 - cells + 1, (BATCH, 2))
        picks = self._rng.integers(len(self._latents), size=BATCH)
        places = list(zip(picks, corners, strict=True))
        found = [
            self._drawings[i, 16 * y : 16 * (y + cells), 16 * x : 16 * (x + cells)] for i, (y, x) in places
        ]
        if self._rng.random() < NEON_SHARE:
            crops = to_tensor(np.stack([neon(picture) for picture in found])).to(self._device)
            with torch.no_grad():
                latents = self._vae.encode(crops).latent_dist.mean
        else:
            crops = to_tensor(np.stack(found)).to(self._device)
            kept = [self._latents[i, :, y : y + cells, x : x + cells] for i, (y, x) in places]
            latents = torch.from_numpy(np.stack(kept).astype(np.float32)).to(self._device)
        noise = MOST_NOISE * torch.rand(len(latents), 1, 1, 1, device=self._device)
        return latents + noise * torch.randn_like(latents), crops


@torch.no_grad()
def measure(vae: Any, count: int = 32) -> tuple[float, float]:
    """Over unseen drawings: peak signal to noise in decibels, and the energy of edges as a share of the drawings' own."""
    device = next(vae.parameters()).device
    errors, edges = [], [0.0, 0.0]
    for first in range(0, count, 8):
        drawn = to_tensor(np.stack([drawing(JUDGE_SEED + i) for i in range(first, first + 8)])).to(device)
        with half_precision(device):
            out = decode(vae, vae.encode(drawn).latent_dist.mean).float().clamp(-1, 1)
        errors.append(((out - drawn) / 2).square().mean(dim=(1, 2, 3)))
        for number, picture in enumerate((out, drawn)):
            edges[number] += float(picture.diff(dim=2).square().mean() + picture.diff(dim=3).square().mean())
    return float((-10 * torch.cat(errors).log10()).mean()), edges[0] / edges[1]


def train(work: Path, minutes: float, lr: float, seed: int, device: torch.device) -> None:
    torch.manual_seed(seed)
    path = work / "sharpen.pt"
    vae, critic = AutoencoderKL.from_pretrained(work / "vae").to(device), new_critic().to(device)
    vae.requires_grad_(False)
    parts = nn.ModuleDict({"decoder": vae.decoder, "post_quant_conv": vae.post_quant_conv}).requires_grad_(
        True
    )
    makers = torch.optim.AdamW(parts.parameters(), lr, betas=(0.5, 0.98), weight_decay=1e-4)
    judges = torch.optim.AdamW(critic.parameters(), 2 * lr, betas=(0.5, 0.98))
    seen, spent = 0, 0.0
    ema = {k: v.clone() for k, v in parts.state_dict().items()}
    if path.exists():
        kept = torch.load(path, weights_only=True, map_location=device)
        parts.load_state_dict(kept["model"])
        critic.load_state_dict(kept["critic"])
        makers.load_state_dict(kept["makers"])
        judges.load_state_dict(kept["judges"])
        ema, seen, spent = kept["ema"], kept["seen"], kept["seconds"]
        print(f"going on after {seen} crops, {spent / 60:.1f} minutes", flush=True)
    else:
        print("before: {:.2f} dB, edges {:.3f}".format(*measure(vae)), flush=True)
    patches = Patches(work, vae, np.random.default_rng(seed + seen), device)
    start, last_log, last_save, step = time.monotonic(), 0.0, 0.0, 0
    losses: list[tuple[float, float]] = []

    def save(clock: float) -> None:
        kept = {"model": parts.state_dict(), "critic": critic.state_dict(), "ema": ema}
        kept |= {"makers": makers.state_dict(), "judges": judges.state_dict()}
        torch.save(kept | {"seen": seen, "seconds": spent + clock}, path.with_suffix(".new"))
        path.with_suffix(".new").replace(path)

    while (clock := time.monotonic() - start) < minutes * 60:
        # The critic has to know something before it is listened to; towards the end all of it comes to rest.
        rate = min(1.0, (step + 1) / 200, max(0.05, 2.5 * (1 - clock / (minutes * 60))))
        for optimiser, full in ((makers, lr), (judges, 2 * lr)):
            for group in optimiser.param_groups:
                group["lr"] = full * rate
        latents, crops = patches.next()
        critic.requires_grad_(False)
        made = decoder_loss(vae, critic, latents, crops)
        makers.zero_grad(set_to_none=True)
        made.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(parts.parameters(), 1.0)
        makers.step()
        critic.requires_grad_(True)
        with half_precision(device):
            with torch.no_grad():
                out = decode(vae, latents)
            judged = critic_loss(critic, crops, out)
        judges.zero_grad(set_to_none=True)
        judged.backward()  # type: ignore[no-untyped-call]
        judges.step()
        step, seen = step + 1, seen + BATCH
        losses.append((float(made.detach()), float(judged.detach())))
        decay = min(EMA_DECAY, (1 + step) / (10 + step))
        with torch.no_grad():
            for key, value in parts.state_dict().items():
                ema[key].lerp_(value, 1 - decay)
        if clock - last_log > 30:
            last_log = clock
            made_mean, judged_mean = np.mean(losses[-100:], axis=0)
            print(
                f"{clock / 60:5.1f} min  {seen:7d} crops  {step / clock:5.2f} steps/s  "
                f"decoder {made_mean:.4f}  critic {judged_mean:.4f}",
                flush=True,
            )
        if clock - last_save > 240:
            last_save = clock
            save(clock)
    save(time.monotonic() - start)
    parts.load_state_dict(ema)
    print("after: {:.2f} dB, edges {:.3f}".format(*measure(vae)), flush=True)
    vae.save_pretrained(work / "vae")


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
