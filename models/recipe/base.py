"""The finished text-to-picture model as ground for what is added to it: frozen parts, its noise schedule, one loss."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import CLIPTextModel, CLIPTokenizer

from models.recipe.captions import training_caption
from models.recipe.diffusion import DDPMScheduler, UNet2DConditionModel
from models.recipe.scene import Scene
from models.recipe.text_to_picture import Parts, cheap_attention, loss_of
from models.recipe.words import token_ids


@dataclass
class Base:
    """A model's own words and U-Net, neither of which learns any more."""

    parts: Parts
    schedule: Any
    device: torch.device

    def ids(self, captions: list[str]) -> torch.Tensor:
        return token_ids(self.parts.tokenizer, captions).to(self.device)

    def loss(self, unet: Any, latents: np.ndarray[Any, Any], captions: list[str]) -> torch.Tensor:
        """The weighted error of `unet`, which stands in for the base's own; latents (n, c, h, w)."""
        parts = Parts(self.parts.tokenizer, self.parts.text, unet)
        clean = torch.from_numpy(latents.astype(np.float32)).to(self.device)
        return loss_of(parts, clean, self.ids(captions), self.schedule)


def open_base(folder: Path, device: torch.device) -> Base:
    """The parts of a diffusers folder, in single precision and frozen."""
    tokenizer = CLIPTokenizer.from_pretrained(folder / "tokenizer")
    text: Any = CLIPTextModel.from_pretrained(folder / "text_encoder", dtype=torch.float32)
    unet = UNet2DConditionModel.from_pretrained(folder / "unet", torch_dtype=torch.float32)
    schedule = DDPMScheduler.from_pretrained(folder / "scheduler")
    schedule.alphas_cumprod = schedule.alphas_cumprod.to(device)
    for part in (text, unet):
        part.requires_grad_(False).eval().to(device)
    cheap_attention(unet, device)
    return Base(Parts(tokenizer, text, unet), schedule, device)


def captions_for(scenes: list[Scene], rng: np.random.Generator, empty: float = 0.0) -> list[str]:
    """A fresh caption for each scene; `empty` of them are left out on top of those the captions leave out."""
    words = random.Random(int(rng.integers(2**31)))
    return ["" if words.random() < empty else training_caption(scene, words) for scene in scenes]
