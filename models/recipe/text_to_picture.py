"""Trains the U-Net on cached latents and fresh captions.

    python -m models.recipe.text_to_picture --minutes 65 --work DIR

Needs DIR/vae, DIR/tokenizer, DIR/text and DIR/latents.f16 (which may still be growing). Writes DIR/text_to_picture.pt every few minutes: raw
weights, averaged weights, optimiser, counts; a second call goes on from it. DIR/loss.csv and DIR/loss.png show the curve.
`--minutes` counts this call only; the rate falls along a cosine so that it ends with the call. `--start-from FOLDER` begins
with the U-Net of a diffusers folder instead of a new one, when the world grew and the model shall learn the rest of it.
"""

from __future__ import annotations

import argparse
import itertools
import math
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from transformers import CLIPTextModel, CLIPTokenizer

from models.recipe.captions import training_caption
from models.recipe.device import add_device_argument, device_of, half_precision
from models.recipe.diffusion import AttnProcessor, DDPMScheduler, UNet2DConditionModel
from models.recipe.latents import latent_shape, open_latents
from models.recipe.loop import Progress, Step, average, descend, keep, train_for
from models.recipe.scene import Scene, sample_scene
from models.recipe.words import token_ids

CHANNELS = (80, 128, 144)
SNR_CAP = 5.0
# Below 1: training times lean towards strong noise.
TOWARDS_NOISE = 0.8
EMA_DECAY = 0.9985
# How much more often than it was drawn something is shown in training, where it is rare and hard.
_MORE_THINGS = {"none": 0.7, "castle": 1.8, "car": 1.8, "lighthouse": 1.4}
_HARD = 2.0
_MORE_STYLES = {"plain": 1.0, "pastel": 1.2, "monochrome": 1.5}


def noise_schedule() -> dict[str, object]:
    """Settings shared by training and by the scheduler that is exported.

    An end of 0.02 leaves 1.5 % of the picture at the last step: nights can be dark, and every scheduler accepts it.
    """
    return {
        "num_train_timesteps": 1000,
        "beta_start": 0.00085,
        "beta_end": 0.02,
        "beta_schedule": "scaled_linear",
        "prediction_type": "v_prediction",
        "timestep_spacing": "trailing",
        "steps_offset": 1,
    }


def new_unet(latent: tuple[int, int, int]) -> Any:
    """The denoiser; its residual branches start at zero, so that it starts as a nearly linear map."""
    unet = UNet2DConditionModel(
        sample_size=latent[1],
        in_channels=latent[0],
        out_channels=latent[0],
        layers_per_block=1,
        block_out_channels=CHANNELS,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=128,
        attention_head_dim=4,
        norm_num_groups=16,
    )
    for name, module in unet.named_modules():
        if name.endswith(("conv2", "proj_out")) or name == "conv_out":
            nn.init.zeros_(module.weight)
            nn.init.zeros_(module.bias)
    return unet


@dataclass
class Parts:
    """What makes a picture: the words, understood before (`models.recipe.words`) and kept as they are, and the U-Net."""

    tokenizer: CLIPTokenizer
    text: CLIPTextModel
    unet: Any

    def state(self) -> dict[str, torch.Tensor]:
        """All weights under one set of names."""
        text = {f"text.{k}": v for k, v in self.text.state_dict().items()}
        return text | {f"unet.{k}": v for k, v in self.unet.state_dict().items()}

    def load(self, state: dict[str, torch.Tensor]) -> None:
        for prefix, module in (("text.", self.text), ("unet.", self.unet)):
            module.load_state_dict(
                {k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)}
            )


def new_parts(work: Path, seed: int = 0, start_from: Path | None = None) -> Parts:
    torch.manual_seed(seed)
    tokenizer = CLIPTokenizer.from_pretrained(work / "tokenizer")
    text = CLIPTextModel.from_pretrained(work / "text", dtype=torch.float32)
    unet = new_unet(latent_shape(work))
    if start_from:
        known = UNet2DConditionModel.from_pretrained(start_from / "unet", torch_dtype=torch.float32)
        unet.load_state_dict(known.state_dict())
    return Parts(tokenizer, text.requires_grad_(False), unet)


def emphasis(scene: Scene) -> float:
    """How often a scene is shown in training, as a multiple of how often it was drawn: what is rare or hard, more."""
    more = _MORE_THINGS.get(scene.thing, 1.0) * _MORE_STYLES[scene.style]
    more *= 1.3 if scene.size != "medium" else 1.0
    more *= 1.5 if scene.stars else 1.0
    more *= 1.3 if scene.rainbow else 1.0
    return more * (_HARD if _is_hard(scene) else 1.0)


def _is_hard(scene: Scene) -> bool:
    """What stands out little from what is behind it, and what earlier versions drew worst."""
    if scene.thing == "none":
        return False
    pale = scene.colour == "white" and (scene.time in ("sunset", "dawn") or scene.style == "pastel")
    in_the_dark = (
        scene.time == "night" and scene.thing in ("car", "castle") and scene.place in ("city", "forest")
    )
    in_a_wet_forest = scene.place == "forest" and scene.weather in ("rain", "snowfall")
    before_a_rainbow = scene.rainbow and scene.thing == "balloon"
    green_on_green = (
        scene.colour == "green" and scene.thing != "tree" and scene.place in ("hills", "forest", "lake")
    )
    return pale or in_the_dark or in_a_wet_forest or before_a_rainbow or green_on_green


def cheap_attention(unet: Any, device: torch.device) -> None:
    """On processors attention written out trains a tenth faster than the library's fused call at these small sizes."""
    if device.type == "cpu":
        unet.set_attn_processor(AttnProcessor())


def training_times(n: int) -> torch.Tensor:
    """`n` steps from 0 to 999 in random order: one from each n-th of the range, more of them in strong noise.

    One from each part leaves less noise in the loss than independent draws. What stands where, and how often, is
    settled in strong noise.
    """
    even = (torch.arange(n) + torch.rand(n)) / n
    return (even.pow(TOWARDS_NOISE) * 1000).long().clamp(0, 999)[torch.randperm(n)]


def loss_weights(kept: torch.Tensor) -> torch.Tensor:
    """Min-SNR weights for v-prediction, from the share of the picture's variance kept at a step.

    Plain min-SNR divides by snr + 1 and thereby all but ignores the steps of strong noise, where the composition is
    settled: things then appear twice, and suns not at all. One is added above too, so that those steps weigh one.
    """
    snr = kept / (1 - kept)
    return (snr.clamp(max=SNR_CAP) + 1) / (snr + 1)


def loss_of(parts: Parts, latents: torch.Tensor, ids: torch.Tensor, schedule: Any) -> torch.Tensor:
    """Weighted v-prediction error; latents (n, c, h, w), ids (n, 77), both on the device of the parts."""
    device = latents.device
    times = training_times(len(latents)).to(device)
    noise = torch.randn_like(latents)
    noisy = schedule.add_noise(latents, noise, times)
    target = schedule.get_velocity(latents, noise, times)
    backends = [SDPBackend.MATH]
    if device.type != "cpu":
        backends = [SDPBackend.FLASH_ATTENTION, SDPBackend.EFFICIENT_ATTENTION, SDPBackend.MATH]
    with half_precision(device), sdpa_kernel(backends):
        with torch.no_grad():
            words = parts.text(ids)[0]
        guess = parts.unet(noisy, times, words).sample.float()
    weight = loss_weights(schedule.alphas_cumprod.to(device)[times])
    errors: torch.Tensor = (guess - target).square().mean(dim=(1, 2, 3))
    loss: torch.Tensor = (weight * errors).mean() / weight.mean()
    return loss


def train(
    work: Path,
    minutes: float,
    batch: int,
    lr: float,
    seed: int,
    device: torch.device,
    start_from: Path | None = None,
) -> None:
    path = work / "text_to_picture.pt"
    parts = new_parts(work, seed, None if path.exists() else start_from)
    modules: list[nn.Module] = [parts.text, parts.unet]
    for module in modules:
        module.to(device)
    parts.unet.train()
    cheap_attention(parts.unet, device)
    optimiser = torch.optim.AdamW(
        parts.unet.parameters(), lr=lr, betas=(0.9, 0.98), weight_decay=1e-2, fused=True
    )
    averaged = {k: v.clone() for k, v in parts.state().items()}
    schedule, progress = DDPMScheduler(**noise_schedule()), Progress()
    if path.exists():
        kept = torch.load(path, weights_only=True, map_location=device)
        parts.load(kept["model"])
        optimiser.load_state_dict(kept["optimiser"])
        averaged, progress = kept["ema"], Progress.of(kept)
    torch.manual_seed(seed + progress.seen)
    rng = random.Random(seed + progress.seen)
    shown = _Shown(work)
    # A call that goes on warms up again: the first steps after a change of the words or the latents are rough.
    first = progress.steps

    def step(part: float) -> Step:
        picks = shown.pick(rng, batch)
        ids = token_ids(parts.tokenizer, [training_caption(shown.scenes[i], rng) for i in picks])
        wanted = torch.from_numpy(shown.latents[picks].astype(np.float32))
        loss = loss_of(parts, wanted.to(device), ids.to(device), schedule)
        rate = lr * min(1.0, (progress.steps - first + 1) / 200) * _tail(part)
        lost = descend(optimiser, loss, parts.unet.parameters(), rate)
        unet = {f"unet.{k}": v for k, v in parts.unet.state_dict().items()}
        average(averaged, unet, progress.steps + 1, EMA_DECAY)
        return Step(lost, batch)

    def save() -> None:
        kept = {"model": parts.state(), "optimiser": optimiser.state_dict(), "ema": averaged}
        keep(path, progress, kept, curve=work / "loss")

    train_for(minutes, progress, step, save, after_log=shown.look_again)


class _Shown:
    """The latents there are, with their scenes; more of them may come while training goes on."""

    def __init__(self, work: Path) -> None:
        self._work = work
        self.scenes: list[Scene] = []
        self.look_again()

    def look_again(self) -> None:
        self.latents = open_latents(self._work)
        if len(self.latents) > len(self.scenes):
            self.scenes += [sample_scene(i) for i in range(len(self.scenes), len(self.latents))]
            self._shares = list(itertools.accumulate(map(emphasis, self.scenes)))

    def pick(self, rng: random.Random, count: int) -> list[int]:
        """Numbers of scenes, what is rare or hard more often."""
        return rng.choices(range(len(self.scenes)), cum_weights=self._shares, k=count)


def _tail(part: float) -> float:
    """Flat for the first 45 % of the call, then a cosine down to 1 %."""
    return 1.0 if part < 0.45 else 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * (part - 0.45) / 0.55))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=65)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--lr", type=float, default=8e-4)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--start-from", type=Path)
    add_device_argument(parser)
    args = parser.parse_args()
    train(args.work, args.minutes, args.batch, args.lr, args.seed, device_of(args.device), args.start_from)


if __name__ == "__main__":
    main()
