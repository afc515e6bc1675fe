"""Stable Diffusion 1.x and 2.x, and the bundled model: CLIPTextModel, UNet2DConditionModel, AutoencoderKL."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from PIL import Image

from pingvas.engine.errors import ModelLoadFailed
from pingvas.engine.families.family import Conditioning, Family, Residuals, mask_and_masked
from pingvas.engine.requests import PictureRequest


class StableDiffusion(Family):
    """A loaded model of this family. 9 input channels are those of an inpainting U-Net."""

    name = "sd"

    def __init__(
        self, *, tokenizer: Any, text_encoder: Any, unet: Any, vae: Any, scheduler_config: dict[str, Any]
    ) -> None:
        self.channels = int(vae.config.latent_channels)
        if unet.config.in_channels not in (self.channels, 2 * self.channels + 1):
            raise ModelLoadFailed(
                f"This model's U-Net takes {unet.config.in_channels} channels and its autoencoder makes "
                f"{self.channels}: it is neither one for pictures from text nor one for inpainting."
            )
        self.tokenizer = tokenizer
        self.text_encoder = text_encoder
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
        options = {"local_files_only": True, "use_safetensors": True}
        # Always name the dtype: transformers would keep fp16 files in fp16, where a CPU needs minutes a picture.
        text_encoder = texts.CLIPTextModel.from_pretrained(folder / "text_encoder", dtype=dtype, **options)
        unet = models.UNet2DConditionModel.from_pretrained(folder / "unet", dtype=dtype, **options)
        vae = models.AutoencoderKL.from_pretrained(folder / "vae", dtype=dtype, **options)
        for part in (text_encoder, unet, vae):
            part.eval().requires_grad_(False).to(device)
            if device.type == "cuda" and part is not text_encoder:
                part.to(memory_format=torch.channels_last)
        return cls(
            tokenizer=texts.CLIPTokenizer.from_pretrained(folder / "tokenizer", local_files_only=True),
            text_encoder=text_encoder,
            unet=unet,
            vae=vae,
            scheduler_config=models.DDIMScheduler.load_config(folder / "scheduler", local_files_only=True),
        )

    def encode(self, request: PictureRequest) -> tuple[Conditioning, Conditioning | None]:
        positive = {"text": self._embed(request.prompt)}
        return positive, {"text": self._embed(request.negative_prompt)} if request.guided else None

    def beside(
        self, request: PictureRequest, source: Image.Image | None, mask: torch.Tensor | None
    ) -> torch.Tensor | None:
        if self.network.config.in_channels == self.channels:
            return None
        return mask_and_masked(self, request, source, mask)

    def predict(
        self,
        latents: torch.Tensor,
        timesteps: torch.Tensor,
        conditioning: Conditioning,
        residuals: Residuals | None = None,
    ) -> torch.Tensor:
        added: dict[str, Any] = {}
        if residuals is not None:
            added = {
                "down_block_additional_residuals": residuals.blocks,
                "mid_block_additional_residual": residuals.middle,
            }
        prediction: torch.Tensor = self.network(
            latents, timesteps, encoder_hidden_states=conditioning["text"], return_dict=False, **added
        )[0]
        return prediction

    def _embed(self, text: str) -> torch.Tensor:
        tokens = self.tokenizer(
            text,
            padding="max_length",
            max_length=self.tokenizer.model_max_length,
            truncation=True,
            return_tensors="pt",
        )
        mask = None
        if getattr(self.text_encoder.config, "use_attention_mask", None):
            mask = tokens.attention_mask.to(self.device)
        hidden: torch.Tensor = self.text_encoder(tokens.input_ids.to(self.device), attention_mask=mask)[0]
        return hidden
