"""What every model family can do: text to conditioning, latents to a prediction, pictures to latents and back.

A family is a loaded model. It keeps nothing about the pictures that are made with it, so any number of them may be
under way at once, each at its own step.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np
import torch
from PIL import Image

from pingvas.engine.errors import InvalidParameters
from pingvas.engine.families import schedulers
from pingvas.engine.requests import EngineRequest
from pingvas.engine.samplers import SAMPLERS

Conditioning = dict[str, torch.Tensor]
"""What the network is told beside the latents; every tensor has the picture as its first dimension."""


@dataclass(frozen=True)
class Residuals:
    """What ControlNets add inside the network, in the form the family's network takes."""

    blocks: tuple[torch.Tensor, ...]
    middle: torch.Tensor | None = None
    # Of networks with a second kind of block (FLUX.1).
    single: tuple[torch.Tensor, ...] = ()


@dataclass(frozen=True)
class RefinerHandover:
    """When another network goes on with a picture: before call `index`, with conditioning of its own."""

    index: int
    positive: Conditioning
    negative: Conditioning | None


class Family(ABC):
    """A loaded model. `factor`: pixels to one latent; `channels`: of the latents. Set by the family's `__init__`."""

    name: ClassVar[str]
    # Families trained on straight paths from noise to picture; the others walk along noise levels.
    flow: ClassVar[bool] = False
    samplers: ClassVar[tuple[str, ...]] = tuple(SAMPLERS)
    # Rows and columns of latents come in multiples of this.
    patch: int = 1
    # What the catalog says a request is to be where it says nothing itself.
    defaults: Mapping[str, Any] = MappingProxyType({})

    # The class in diffusers of this family's ControlNets.
    control_class: ClassVar[str]

    network: Any
    # `vae` is in use: the one the model brought, `own_vae`, or another that fits.
    vae: Any
    own_vae: Any
    text_encoders: tuple[Any, ...]
    scheduler_config: Mapping[str, Any]
    device: torch.device
    dtype: torch.dtype
    channels: int
    factor: int

    @classmethod
    @abstractmethod
    def open(cls, folder: Path, device: torch.device, dtype: torch.dtype) -> Family:
        """Load a diffusers folder. Raises whatever diffusers and transformers raise on damaged files."""

    def configure(self, config: Mapping[str, Any]) -> None:
        """Take over what the catalog says about this model."""
        self.defaults = config.get("defaults") or {}

    @abstractmethod
    def encode(self, request: EngineRequest) -> tuple[Conditioning, Conditioning | None]:
        """The conditioning of the prompt, and of the negative prompt where guidance is on; shapes alike."""

    @abstractmethod
    def predict(
        self,
        latents: torch.Tensor,
        timesteps: torch.Tensor,
        conditioning: Conditioning,
        residuals: Residuals | None = None,
    ) -> torch.Tensor:
        """One call of the network: latents (n, channels, h, w) as the scheduler scaled them and timesteps (n,) to
        a prediction of the same shape. Rows do not influence one another.
        """

    @abstractmethod
    def control(
        self,
        network: Any,
        latents: torch.Tensor,
        timesteps: torch.Tensor,
        conditioning: Conditioning,
        picture: torch.Tensor,
    ) -> Residuals:
        """What a ControlNet adds for rows of the network's own input. `picture` is what `control_picture` made."""

    def control_picture(self, network: Any, pixels: torch.Tensor) -> torch.Tensor:
        """The control picture, (1, 3, height, width) from 0 to 1, as the ControlNet takes it: once for all steps."""
        return pixels

    def fits_control(self, network: Any) -> bool:
        """Whether a ControlNet was made for a network of this one's shape."""
        names = ("block_out_channels", "cross_attention_dim")
        config, base = network.config, self.network.config
        same = all(_plain(config.get(name)) == _plain(base.get(name)) for name in names)
        return same and config.get("in_channels") == self.channels

    def build_scheduler(self, request: EngineRequest) -> Any:
        """A fresh scheduler with all its timesteps. Raises InvalidParameters for a sampler this family lacks."""
        self.expect_sampler(request.sampler)
        scheduler = schedulers.build(request.sampler, self.scheduler_config)
        scheduler.set_timesteps(request.steps, device=self.device)
        return scheduler

    def expect_sampler(self, sampler: str) -> None:
        """Raises InvalidParameters, naming those that fit."""
        if sampler not in self.samplers:
            raise InvalidParameters(
                f"This model's family ({self.name}) cannot use the sampler {sampler}; take one of {', '.join(self.samplers)}."
            )

    def latent_shape(self, width: int, height: int) -> tuple[int, int, int, int]:
        """(1, channels, rows, columns) that cover the picture; what sticks out is cut off after decoding."""
        rows, columns = (-(-side // (self.factor * self.patch)) * self.patch for side in (height, width))
        return 1, self.channels, rows, columns

    def encode_image(self, image: Image.Image) -> torch.Tensor:
        """An RGB picture to latents (1, channels, rows, columns): the middle of what the autoencoder sees, no chance."""
        _, _, rows, columns = self.latent_shape(*image.size)
        pixels = torch.from_numpy(
            np.asarray(pad_to(image, columns * self.factor, rows * self.factor), np.float32)
        )
        pixels = (pixels / 127.5 - 1).permute(2, 0, 1)[None]
        moments = self.vae.encode(pixels.to(self.device, self.vae.dtype)).latent_dist.mode()
        shift = self.vae.config.get("shift_factor") or 0.0
        latents: torch.Tensor = ((moments - shift) * self.vae.config.scaling_factor).to(self.dtype)
        return latents

    def decode(self, latents: torch.Tensor) -> torch.Tensor:
        """Latents (n, channels, rows, columns) to pixels (n, 3, height, width) around 0 to 1, float32."""
        shift = self.vae.config.get("shift_factor")
        latents = latents / self.vae.config.scaling_factor
        if shift is not None:
            latents = latents + shift
        pixels: torch.Tensor = self.vae.decode(latents.to(self.vae.dtype), return_dict=False)[0]
        return (pixels / 2 + 0.5).float()

    def noised(
        self, scheduler: Any, clean: torch.Tensor, noise: torch.Tensor, timestep: torch.Tensor
    ) -> torch.Tensor:
        """`clean` latents as they are at `timestep` (0-d) of the scheduler's walk."""
        add = scheduler.scale_noise if self.flow and hasattr(scheduler, "scale_noise") else None
        if add is not None:
            mixed: torch.Tensor = add(clean, timestep.reshape(1), noise)
        else:
            mixed = scheduler.add_noise(clean, noise, timestep.reshape(1))
        return mixed.to(self.dtype)

    def beside(
        self, request: EngineRequest, source: Image.Image | None, mask: torch.Tensor | None
    ) -> torch.Tensor | None:
        """Input channels beside the latents, for networks that want some (inpainting ones); None for the others."""
        return None

    def hand_over(
        self, request: EngineRequest, scheduler: Any, timesteps: torch.Tensor
    ) -> RefinerHandover | None:
        """Where a refiner takes over, for models that have one. Raises InvalidParameters when there is none."""
        if request.refiner_start is not None:
            raise InvalidParameters("This model has no refiner: leave refiner_start out.")
        return None

    def clean_guess(
        self, scheduler: Any, model_input: torch.Tensor, prediction: torch.Tensor, timestep: torch.Tensor
    ) -> Callable[[], torch.Tensor]:
        """The latents without noise that a prediction stands for, worked out when called: for previews."""
        if self.flow:
            return lambda: model_input - timestep / 1000 * prediction
        alphas, predicts = self._alphas(), self.scheduler_config.get("prediction_type", "epsilon")

        def guess() -> torch.Tensor:
            step = int(timestep.round().clamp(0, len(alphas) - 1))
            alpha = float(alphas[step].clamp(min=1e-4))
            signal, noise = alpha**0.5, (1 - alpha) ** 0.5
            clean = prediction  # what a "sample" model predicts
            if predicts == "v_prediction":
                clean = signal * model_input - noise * prediction
            elif predicts == "epsilon":
                clean = (model_input - noise * prediction) / signal
            return clean

        return guess

    def parts(self) -> tuple[Any, ...]:
        """Every module with weights that is the model's own."""
        return (*self.text_encoders, self.network, self.own_vae)

    def move(self, device: torch.device) -> None:
        """Put all weights on `device`."""
        for part in self.parts():
            part.to(device)
        self.device = device

    @contextmanager
    def less_memory(self) -> Iterator[None]:
        """Need less memory meanwhile: the autoencoder works in tiles, which shows a little in large pictures."""
        self.vae.enable_tiling()
        try:
            yield
        finally:
            self.vae.disable_tiling()

    def _alphas(self) -> torch.Tensor:
        if not hasattr(self, "_kept_alphas"):
            self._kept_alphas: torch.Tensor = schedulers.build("ddim", self.scheduler_config).alphas_cumprod
        return self._kept_alphas


def mask_and_masked(
    family: Family, request: EngineRequest, source: Image.Image | None, mask: torch.Tensor | None
) -> torch.Tensor:
    """What inpainting U-Nets see beside the latents: the mask, and the latents of the source with the masked part grey.

    Without a source everything is masked.
    """
    _, _, rows, columns = family.latent_shape(request.width, request.height)
    if mask is None:
        mask = torch.ones(1, 1, rows, columns)
    grey = Image.new("RGB", (request.width, request.height), (128, 128, 128))
    if source is not None:
        over = Image.fromarray((mask[0, 0].float().cpu().numpy() > 0.5).astype(np.uint8) * 255)
        source = Image.composite(grey, source, over.resize(source.size, Image.Resampling.NEAREST))
    masked = family.encode_image(source or grey)
    return torch.cat([mask.to(masked), masked], dim=1)


def unet_control(
    network: Any,
    latents: torch.Tensor,
    timesteps: torch.Tensor,
    text: torch.Tensor,
    picture: torch.Tensor,
    added: dict[str, torch.Tensor] | None = None,
) -> Residuals:
    """What a ControlNet beside a U-Net adds: to every block on the way down, and to the middle."""
    blocks, middle = network(
        latents,
        timesteps,
        encoder_hidden_states=text,
        controlnet_cond=picture,
        added_cond_kwargs=added,
        return_dict=False,
    )
    return Residuals(tuple(blocks), middle)


def _plain(value: Any) -> Any:
    """Configurations hold lists where they were read and tuples where they were made."""
    return list(value) if isinstance(value, list | tuple) else value


def pad_to(image: Image.Image, width: int, height: int) -> Image.Image:
    """The picture in the middle of a larger one, its edge pixels repeated; decoding cuts the same margins off."""
    if image.size == (width, height):
        return image
    left, top = (width - image.width) // 2, (height - image.height) // 2
    pixels = np.asarray(image)
    sides = [(top, height - image.height - top), (left, width - image.width - left)]
    return Image.fromarray(np.pad(pixels, sides + [(0, 0)] * (pixels.ndim - 2), mode="edge"))
