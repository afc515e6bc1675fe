"""FLUX.1 dev and schnell: CLIP for the prompt as a whole, T5 for its words; FluxTransformer2DModel, AutoencoderKL."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from pingvas.engine.checkpoints.folder_parts import open_module, open_tokenizer
from pingvas.engine.errors import InvalidParameters, ModelLoadFailed
from pingvas.engine.families import schedulers
from pingvas.engine.families.family import Conditioning, Family, Residuals
from pingvas.engine.requests import EngineRequest
from pingvas.engine.samplers import FAMILY_SAMPLERS
from pingvas.engine.text.clip_text import encode_clip_pooled
from pingvas.engine.text.t5_text import encode_t5

# What each was trained with: dev, which takes its guidance as a number, read twice as much as schnell.
T5_TOKENS_GUIDED = 512
T5_TOKENS = 256
DEFAULT_GUIDANCE = 3.5


class Flux(Family):
    """A loaded model of this family: dev takes its guidance as a number, schnell takes none."""

    name = "flux"
    control_class = "FluxControlNetModel"
    flow = True
    samplers = FAMILY_SAMPLERS["flux"]
    # The network sees squares of two by two latents as one.
    patch = 2

    def __init__(
        self,
        *,
        tokenizer: Any,
        text_encoder: Any,
        tokenizer_2: Any,
        text_encoder_2: Any,
        transformer: Any,
        vae: Any,
        scheduler_config: dict[str, Any],
    ) -> None:
        self.channels = int(vae.config.latent_channels)
        if transformer.config.in_channels != self.channels * self.patch**2:
            raise ModelLoadFailed(
                f"This model's transformer takes {transformer.config.in_channels} channels instead of "
                f"{self.channels * self.patch**2}: it is not FLUX.1 dev or schnell. Its relatives that fill in or follow "
                "a drawing are not supported."
            )
        self.tokenizer = tokenizer
        self.text_encoder = text_encoder
        self.tokenizer_2 = tokenizer_2
        self.text_encoder_2 = text_encoder_2
        self.text_encoders = (text_encoder, text_encoder_2)
        self.network = transformer
        self.vae = vae
        self.scheduler_config = scheduler_config
        self.device = transformer.device
        self.dtype = transformer.dtype
        self.factor = 2 ** (len(vae.config.block_out_channels) - 1)
        self.takes_guidance = bool(transformer.config.guidance_embeds)

    @classmethod
    def open(cls, folder: Path, device: torch.device, dtype: torch.dtype) -> Flux:
        """Load a diffusers folder. Raises whatever diffusers and transformers raise on damaged files."""
        import diffusers
        import transformers

        # Both are only partly typed; what they make is checked by using it.
        models: Any = diffusers
        texts: Any = transformers
        return cls(
            tokenizer=open_tokenizer(texts.CLIPTokenizer, folder / "tokenizer"),
            text_encoder=open_module(texts.CLIPTextModel, folder / "text_encoder", device, dtype),
            tokenizer_2=open_tokenizer(texts.T5TokenizerFast, folder / "tokenizer_2"),
            text_encoder_2=open_module(texts.T5EncoderModel, folder / "text_encoder_2", device, dtype),
            transformer=open_module(models.FluxTransformer2DModel, folder / "transformer", device, dtype),
            vae=open_module(models.AutoencoderKL, folder / "vae", device, dtype),
            scheduler_config=models.FlowMatchEulerDiscreteScheduler.load_config(
                folder / "scheduler", local_files_only=True
            ),
        )

    def encode(self, request: EngineRequest) -> tuple[Conditioning, Conditioning | None]:
        guidance = request.guidance
        if guidance is None:
            guidance = float(self.defaults.get("guidance", DEFAULT_GUIDANCE))
        positive = self._embed(request.prompt, guidance)
        return positive, self._embed(request.negative_prompt, guidance) if request.guided else None

    def build_scheduler(self, request: EngineRequest) -> Any:
        self.expect_sampler(request.sampler)
        _, _, rows, columns = self.latent_shape(request.width, request.height)
        return schedulers.build_flow(
            request.sampler,
            self.scheduler_config,
            request.steps,
            device=self.device,
            mu=schedulers.shift_for(self.scheduler_config, (rows // self.patch) * (columns // self.patch)),
            sigmas=schedulers.even_shares(request.steps),
        )

    def predict(
        self,
        latents: torch.Tensor,
        timesteps: torch.Tensor,
        conditioning: Conditioning,
        residuals: Residuals | None = None,
    ) -> torch.Tensor:
        _, _, rows, columns = latents.shape
        packed: torch.Tensor = self.network(
            **self._inputs(latents, timesteps, conditioning),
            guidance=conditioning.get("guidance"),
            controlnet_block_samples=residuals.blocks or None if residuals else None,
            controlnet_single_block_samples=residuals.single or None if residuals else None,
            return_dict=False,
        )[0]
        return unpack(packed, rows, columns)

    def control(
        self,
        network: Any,
        latents: torch.Tensor,
        timesteps: torch.Tensor,
        conditioning: Conditioning,
        picture: torch.Tensor,
    ) -> Residuals:
        blocks, single = network(
            **self._inputs(latents, timesteps, conditioning),
            controlnet_cond=pack(picture),
            guidance=conditioning.get("guidance") if network.config.guidance_embeds else None,
            return_dict=False,
        )
        return Residuals(tuple(blocks or ()), single=tuple(single or ()))

    def control_picture(self, network: Any, pixels: torch.Tensor) -> torch.Tensor:
        """Latents, as the network sees pictures. Raises InvalidParameters for ControlNets that need to be told more."""
        if network.config.get("conditioning_embedding_channels") or network.config.get("num_mode"):
            raise InvalidParameters(
                "ControlNets for FLUX.1 with modes or with an encoder of their own are not taken."
            )
        moments = self.vae.encode((2 * pixels - 1).to(self.vae.dtype)).latent_dist.mode()
        latents: torch.Tensor = (moments - self.vae.config.shift_factor) * self.vae.config.scaling_factor
        return latents.to(self.dtype)

    def fits_control(self, network: Any) -> bool:
        names = ("in_channels", "joint_attention_dim", "pooled_projection_dim", "num_attention_heads")
        return all(network.config.get(name) == self.network.config.get(name) for name in names)

    def _inputs(
        self, latents: torch.Tensor, timesteps: torch.Tensor, conditioning: Conditioning
    ) -> dict[str, torch.Tensor]:
        """What the transformer and its ControlNets are both told."""
        _, _, rows, columns = latents.shape
        return {
            "hidden_states": pack(latents),
            # In float32: the network multiplies by 1000 again, after rounding to its own type.
            "timestep": timesteps / 1000,
            "pooled_projections": conditioning["pooled"],
            "encoder_hidden_states": conditioning["text"],
            "txt_ids": torch.zeros(conditioning["text"].shape[1], 3, device=latents.device),
            "img_ids": positions(rows // self.patch, columns // self.patch, latents.device),
        }

    def _embed(self, prompt: str, guidance: float) -> Conditioning:
        most = T5_TOKENS_GUIDED if self.takes_guidance else T5_TOKENS
        conditioning = {
            "text": encode_t5(self.tokenizer_2, self.text_encoder_2, prompt, most).to(self.dtype),
            "pooled": encode_clip_pooled(self.tokenizer, self.text_encoder, prompt).to(self.dtype),
        }
        if self.takes_guidance:
            conditioning["guidance"] = torch.full((1,), guidance, device=self.device)
        return conditioning


def pack(latents: torch.Tensor) -> torch.Tensor:
    """(n, channels, rows, columns) to (n, rows/2 × columns/2, 4 × channels): squares of two by two, in reading order."""
    return torch.nn.functional.pixel_unshuffle(latents, 2).flatten(2).transpose(1, 2)


def unpack(packed: torch.Tensor, rows: int, columns: int) -> torch.Tensor:
    """What `pack` made, back to (n, channels, rows, columns)."""
    pictures, _, channels = packed.shape
    squares = packed.transpose(1, 2).reshape(pictures, channels, rows // 2, columns // 2)
    return torch.nn.functional.pixel_shuffle(squares, 2)


def positions(rows: int, columns: int, device: torch.device) -> torch.Tensor:
    """(rows × columns, 3): 0, the row and the column of every square, in reading order."""
    row, column = torch.meshgrid(
        torch.arange(rows, device=device, dtype=torch.float32),
        torch.arange(columns, device=device, dtype=torch.float32),
        indexing="ij",
    )
    return torch.stack([torch.zeros_like(row), row, column], dim=-1).flatten(0, 1)
