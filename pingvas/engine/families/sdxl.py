"""Stable Diffusion XL: two text encoders, the picture's size as a further condition, and a refiner for the last steps.

A refiner is of this family too, with the larger text encoder alone. It may be used by itself.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from PIL import Image

from pingvas.engine.checkpoints.folder_parts import open_module, open_tokenizer, read_config, vae_dtype
from pingvas.engine.errors import InvalidParameters, ModelLoadFailed
from pingvas.engine.families.family import (
    Conditioning,
    Family,
    RefinerHandover,
    Residuals,
    mask_and_masked,
    unet_control,
)
from pingvas.engine.families.stable_diffusion import expect_channels, expect_width, residuals_for_unet
from pingvas.engine.requests import EngineRequest
from pingvas.engine.text.clip_text import common_chunks, encode_clip

# How pleasing the picture is to be, for models that were told so in training: what diffusers asks for.
_AESTHETIC, _NOT_AESTHETIC = 6.0, 2.5
# Conditioning under these names is for the refiner, so its rows never share a network call with others.
_REFINER = "refiner_"


class StableDiffusionXL(Family):
    """A loaded model of this family. 9 input channels are those of an inpainting U-Net.

    The last of the text encoders is the one with a projection. `zeros_for_empty`: an empty negative prompt is no
    prompt at all, rather than an empty one.
    """

    name = "sdxl"
    control_class = "ControlNetModel"

    def __init__(
        self,
        *,
        tokenizers: tuple[Any, ...],
        text_encoders: tuple[Any, ...],
        unet: Any,
        vae: Any,
        scheduler_config: dict[str, Any],
        zeros_for_empty: bool = True,
    ) -> None:
        self.channels = int(vae.config.latent_channels)
        expect_channels(unet, self.channels)
        expect_width(unet, sum(encoder.config.hidden_size for encoder in text_encoders))
        self.scored = _count_sizes(unet, text_encoders[-1]) == 5
        self.tokenizers = tokenizers
        self.text_encoders = text_encoders
        self.network = unet
        self.vae = vae
        self.scheduler_config = scheduler_config
        self.zeros_for_empty = zeros_for_empty
        self.refiner: StableDiffusionXL | None = None
        self.device = unet.device
        self.dtype = unet.dtype
        self.factor = 2 ** (len(vae.config.block_out_channels) - 1)

    @classmethod
    def open(cls, folder: Path, device: torch.device, dtype: torch.dtype) -> StableDiffusionXL:
        """Load a diffusers folder. Raises whatever diffusers and transformers raise on damaged files."""
        import diffusers
        import transformers

        # Both are only partly typed; what they make is checked by using it.
        models: Any = diffusers
        texts: Any = transformers
        kinds = [("_2", texts.CLIPTextModelWithProjection)]
        if (folder / "text_encoder").is_dir():
            kinds.insert(0, ("", texts.CLIPTextModel))
        vae_config = read_config(folder / "vae" / "config.json")
        return cls(
            tokenizers=tuple(
                open_tokenizer(texts.CLIPTokenizer, folder / f"tokenizer{end}") for end, _ in kinds
            ),
            text_encoders=tuple(
                open_module(kind, folder / f"text_encoder{end}", device, dtype) for end, kind in kinds
            ),
            unet=open_module(models.UNet2DConditionModel, folder / "unet", device, dtype),
            vae=open_module(models.AutoencoderKL, folder / "vae", device, vae_dtype(vae_config, dtype)),
            scheduler_config=models.DDIMScheduler.load_config(folder / "scheduler", local_files_only=True),
            zeros_for_empty=bool(
                read_config(folder / "model_index.json").get("force_zeros_for_empty_prompt", True)
            ),
        )

    def attach_refiner(self, refiner: Family) -> None:
        """Have `refiner` end the pictures that ask for it. Raises ModelLoadFailed when it does not fit."""
        if not isinstance(refiner, StableDiffusionXL) or refiner.network.config.in_channels != self.channels:
            raise ModelLoadFailed("What is named as this model's refiner is none for Stable Diffusion XL.")
        # Only one of the two autoencoders is ever used.
        refiner.vae = self.vae
        self.refiner = refiner

    def encode(self, request: EngineRequest) -> tuple[Conditioning, Conditioning | None]:
        zeros = self.zeros_for_empty and not request.negative_prompt.strip()
        prompts = [request.prompt]
        if request.guided and not zeros:
            prompts.append(request.negative_prompt)
        chunks = common_chunks(self.tokenizers, prompts)
        positive, *others = [self._embed(prompt, request.clip_skip, chunks) for prompt in prompts]
        negative: Conditioning | None = None
        if request.guided:
            negative = (
                others[0] if others else {name: torch.zeros_like(value) for name, value in positive.items()}
            )
            negative["sizes"] = self._sizes(request, _NOT_AESTHETIC)
        positive["sizes"] = self._sizes(request, _AESTHETIC)
        return positive, negative

    def beside(
        self, request: EngineRequest, source: Image.Image | None, mask: torch.Tensor | None
    ) -> torch.Tensor | None:
        if self.network.config.in_channels == self.channels:
            return None
        return mask_and_masked(self, request, source, mask)

    def hand_over(
        self, request: EngineRequest, scheduler: Any, timesteps: torch.Tensor
    ) -> RefinerHandover | None:
        if request.refiner_start is None:
            return None
        if self.refiner is None:
            raise InvalidParameters(
                "This model has no refiner: leave refiner_start out, or name one in the model's configuration."
            )
        positive, negative = self.refiner.encode(request)
        trained = int(scheduler.config.num_train_timesteps)
        calls = int((timesteps >= round(trained * (1 - request.refiner_start))).sum())
        # A second-order sampler's two calls of one step are not taken apart.
        calls -= calls % int(scheduler.order)
        return RefinerHandover(calls, _for_refiner(positive), negative and _for_refiner(negative))

    def predict(
        self,
        latents: torch.Tensor,
        timesteps: torch.Tensor,
        conditioning: Conditioning,
        residuals: Residuals | None = None,
    ) -> torch.Tensor:
        if self.refiner is not None and f"{_REFINER}text" in conditioning:
            own = {name.removeprefix(_REFINER): value for name, value in conditioning.items()}
            return self.refiner.predict(latents, timesteps, own)
        prediction: torch.Tensor = self.network(
            latents,
            timesteps,
            encoder_hidden_states=conditioning["text"],
            added_cond_kwargs=_added(conditioning),
            return_dict=False,
            **residuals_for_unet(residuals),
        )[0]
        return prediction

    def control(
        self,
        network: Any,
        latents: torch.Tensor,
        timesteps: torch.Tensor,
        conditioning: Conditioning,
        picture: torch.Tensor,
    ) -> Residuals:
        return unet_control(network, latents, timesteps, conditioning["text"], picture, _added(conditioning))

    def parts(self) -> tuple[Any, ...]:
        refiner = self.refiner
        return (*super().parts(), *((*refiner.text_encoders, refiner.network) if refiner else ()))

    def move(self, device: torch.device) -> None:
        super().move(device)
        if self.refiner is not None:
            self.refiner.device = device

    def _embed(self, prompt: str, clip_skip: int, chunks: int) -> Conditioning:
        texts = [
            encode_clip(tokenizer, encoder, prompt, clip_skip=clip_skip, layer="penultimate", chunks=chunks)
            for tokenizer, encoder in zip(self.tokenizers, self.text_encoders, strict=True)
        ]
        return {"text": torch.cat([text.hidden for text in texts], dim=-1), "pooled": texts[-1].pooled}

    def _sizes(self, request: EngineRequest, aesthetic: float) -> torch.Tensor:
        """(1, 5 or 6): the size it was, where it was cut, and the size it is to be, or a score; all as asked for.

        float32 whatever the model's dtype: bf16 would round the sizes.
        """
        size = [float(request.height), float(request.width)]
        return torch.tensor([[*size, 0.0, 0.0, *([aesthetic] if self.scored else size)]], device=self.device)


def _added(conditioning: Conditioning) -> dict[str, torch.Tensor]:
    """What U-Nets and ControlNets of this family take beside the text."""
    return {"text_embeds": conditioning["pooled"], "time_ids": conditioning["sizes"]}


def _for_refiner(conditioning: Conditioning) -> Conditioning:
    return {f"{_REFINER}{name}": value for name, value in conditioning.items()}


def _count_sizes(unet: Any, text_encoder: Any) -> int:
    """How many numbers about the picture's size the U-Net takes beside the pooled text. Raises ModelLoadFailed."""
    config = unet.config
    each, width = config.addition_time_embed_dim, config.projection_class_embeddings_input_dim
    projected = int(text_encoder.config.projection_dim)
    if config.addition_embed_type != "text_time" or not each or not width or (width - projected) % each:
        raise ModelLoadFailed("This model's U-Net and text encoder do not belong together.")
    count = (width - projected) // each
    if count not in (5, 6):
        raise ModelLoadFailed(f"This model's U-Net takes {count} numbers about sizes; it should take 5 or 6.")
    return int(count)
