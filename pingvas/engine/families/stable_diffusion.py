"""Stable Diffusion 1.x and 2.x, and the bundled model: CLIPTextModel, UNet2DConditionModel, AutoencoderKL.

The two differ in what their files say: width and layers of the text encoder, and what the network predicts.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from PIL import Image

from pingvas.engine.checkpoints.folder_parts import open_module, open_tokenizer
from pingvas.engine.errors import ModelLoadFailed
from pingvas.engine.families.family import Conditioning, Family, Residuals, mask_and_masked, unet_control
from pingvas.engine.requests import EngineRequest
from pingvas.engine.text.clip_text import common_chunks, encode_clip


class StableDiffusion(Family):
    """A loaded model of this family. 9 input channels are those of an inpainting U-Net."""

    name = "sd"
    control_class = "ControlNetModel"

    def __init__(
        self, *, tokenizer: Any, text_encoder: Any, unet: Any, vae: Any, scheduler_config: dict[str, Any]
    ) -> None:
        self.channels = int(vae.config.latent_channels)
        expect_channels(unet, self.channels)
        expect_width(unet, text_encoder.config.hidden_size)
        self.tokenizers = (tokenizer,)
        self.network = unet
        self.vae = vae
        self.text_encoders = (text_encoder,)
        self.scheduler_config = scheduler_config
        self.device = unet.device
        self.dtype = unet.dtype
        self.factor = 2 ** (len(vae.config.block_out_channels) - 1)

    @classmethod
    def open(cls, folder: Path, device: torch.device, dtype: torch.dtype) -> StableDiffusion:
        """Load a diffusers folder. Raises whatever diffusers and transformers raise on damaged files."""
        import diffusers
        import transformers

        # Both are only partly typed; what they make is checked by using it.
        models: Any = diffusers
        texts: Any = transformers
        return cls(
            tokenizer=open_tokenizer(texts.CLIPTokenizer, folder / "tokenizer"),
            text_encoder=open_module(texts.CLIPTextModel, folder / "text_encoder", device, dtype),
            unet=open_module(models.UNet2DConditionModel, folder / "unet", device, dtype),
            vae=open_module(models.AutoencoderKL, folder / "vae", device, dtype),
            scheduler_config=models.DDIMScheduler.load_config(folder / "scheduler", local_files_only=True),
        )

    def encode(self, request: EngineRequest) -> tuple[Conditioning, Conditioning | None]:
        prompts = [request.prompt, *([request.negative_prompt] if request.guided else [])]
        chunks = common_chunks(self.tokenizers, prompts)
        positive, *negative = [{"text": self._embed(prompt, request.clip_skip, chunks)} for prompt in prompts]
        return positive, negative[0] if negative else None

    def beside(
        self, request: EngineRequest, source: Image.Image | None, mask: torch.Tensor | None
    ) -> torch.Tensor | None:
        if self.network.config.in_channels == self.channels:
            return None
        return mask_and_masked(self, request, source, mask)

    def control(
        self,
        network: Any,
        latents: torch.Tensor,
        timesteps: torch.Tensor,
        conditioning: Conditioning,
        picture: torch.Tensor,
    ) -> Residuals:
        return unet_control(network, latents, timesteps, conditioning["text"], picture)

    def predict(
        self,
        latents: torch.Tensor,
        timesteps: torch.Tensor,
        conditioning: Conditioning,
        residuals: Residuals | None = None,
    ) -> torch.Tensor:
        prediction: torch.Tensor = self.network(
            latents,
            timesteps,
            encoder_hidden_states=conditioning["text"],
            return_dict=False,
            **residuals_for_unet(residuals),
        )[0]
        return prediction

    def _embed(self, prompt: str, clip_skip: int, chunks: int) -> torch.Tensor:
        return encode_clip(
            self.tokenizers[0], self.text_encoders[0], prompt, clip_skip=clip_skip, chunks=chunks
        ).hidden


def residuals_for_unet(residuals: Residuals | None) -> dict[str, Any]:
    """What ControlNets add, by the names of a U-Net's arguments."""
    if residuals is None:
        return {}
    return {
        "down_block_additional_residuals": residuals.blocks,
        "mid_block_additional_residual": residuals.middle,
    }


def expect_channels(unet: Any, latent_channels: int) -> None:
    """Raises ModelLoadFailed for a U-Net that takes neither latents alone nor a mask and a masked picture with them."""
    if unet.config.in_channels not in (latent_channels, 2 * latent_channels + 1):
        raise ModelLoadFailed(
            f"This model's U-Net takes {unet.config.in_channels} channels and its autoencoder makes "
            f"{latent_channels}: it is neither one for pictures from text nor one for inpainting."
        )


def expect_width(unet: Any, width: int) -> None:
    """Raises ModelLoadFailed when the U-Net listens to vectors of another width than its text encoders make."""
    if unet.config.cross_attention_dim != width:
        raise ModelLoadFailed(
            f"This model's parts do not belong together: its text encoders make vectors of {width} numbers, "
            f"and its U-Net takes {unet.config.cross_attention_dim}."
        )
