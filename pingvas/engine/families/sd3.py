"""Stable Diffusion 3 and 3.5: two CLIP encoders and, where it is there, T5; SD3Transformer2DModel, AutoencoderKL."""

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
from pingvas.engine.text.clip_text import common_chunks, encode_clip
from pingvas.engine.text.t5_text import encode_t5

T5_TOKENS = 256
_CLIP = ("", "_2")


class StableDiffusion3(Family):
    """A loaded model of this family. Without T5 (`text_encoder_3` None) its part of the text is zeros, as in training."""

    name = "sd3"
    control_class = "SD3ControlNetModel"
    flow = True
    samplers = FAMILY_SAMPLERS["sd3"]

    def __init__(
        self,
        *,
        tokenizers: tuple[Any, ...],
        text_encoders: tuple[Any, ...],
        tokenizer_3: Any | None,
        text_encoder_3: Any | None,
        transformer: Any,
        vae: Any,
        scheduler_config: dict[str, Any],
    ) -> None:
        self.channels = int(vae.config.latent_channels)
        if transformer.config.in_channels != self.channels:
            raise ModelLoadFailed(
                f"This model's transformer takes {transformer.config.in_channels} channels and its autoencoder makes "
                f"{self.channels}: they do not belong together."
            )
        self.clip = tuple(zip(tokenizers, text_encoders, strict=True))
        self.tokenizer_3 = tokenizer_3
        self.text_encoder_3 = text_encoder_3
        self.text_encoders = (*text_encoders, *([] if text_encoder_3 is None else [text_encoder_3]))
        self.network = transformer
        self.vae = vae
        self.scheduler_config = scheduler_config
        self.device = transformer.device
        self.dtype = transformer.dtype
        self.factor = 2 ** (len(vae.config.block_out_channels) - 1)
        self.patch = int(transformer.config.patch_size)

    @classmethod
    def open(cls, folder: Path, device: torch.device, dtype: torch.dtype) -> StableDiffusion3:
        """Load a diffusers folder, with or without T5. Raises whatever diffusers and transformers raise."""
        import diffusers
        import transformers

        # Both are only partly typed; what they make is checked by using it.
        models: Any = diffusers
        texts: Any = transformers
        t5 = tokenizer_3 = None
        if (folder / "text_encoder_3").is_dir():
            t5 = open_module(texts.T5EncoderModel, folder / "text_encoder_3", device, dtype)
            tokenizer_3 = open_tokenizer(texts.T5TokenizerFast, folder / "tokenizer_3")
        return cls(
            tokenizers=tuple(
                open_tokenizer(texts.CLIPTokenizer, folder / f"tokenizer{part}") for part in _CLIP
            ),
            text_encoders=tuple(
                open_module(texts.CLIPTextModelWithProjection, folder / f"text_encoder{part}", device, dtype)
                for part in _CLIP
            ),
            tokenizer_3=tokenizer_3,
            text_encoder_3=t5,
            transformer=open_module(models.SD3Transformer2DModel, folder / "transformer", device, dtype),
            vae=open_module(models.AutoencoderKL, folder / "vae", device, dtype),
            scheduler_config=models.FlowMatchEulerDiscreteScheduler.load_config(
                folder / "scheduler", local_files_only=True
            ),
        )

    def encode(self, request: EngineRequest) -> tuple[Conditioning, Conditioning | None]:
        prompts = [request.prompt, *([request.negative_prompt] if request.guided else [])]
        chunks = common_chunks([tokenizer for tokenizer, _ in self.clip], prompts)
        positive, *negative = (self._embed(prompt, request.clip_skip, chunks) for prompt in prompts)
        return positive, negative[0] if negative else None

    def build_scheduler(self, request: EngineRequest) -> Any:
        self.expect_sampler(request.sampler)
        mu = None
        if self.scheduler_config.get("use_dynamic_shifting"):
            _, _, rows, columns = self.latent_shape(request.width, request.height)
            mu = schedulers.shift_for(self.scheduler_config, (rows // self.patch) * (columns // self.patch))
        return schedulers.build_flow(
            request.sampler, self.scheduler_config, request.steps, device=self.device, mu=mu
        )

    def latent_shape(self, width: int, height: int) -> tuple[int, int, int, int]:
        """Raises InvalidParameters for sides that the model knows no positions for."""
        shape = super().latent_shape(width, height)
        most = int(self.network.config.pos_embed_max_size) * self.patch
        if max(shape[2:]) > most:
            raise InvalidParameters(
                f"This model draws at most {most * self.factor} pixels a side, not {width}x{height}. "
                "Try a smaller size, and enlarge the picture afterwards."
            )
        return shape

    def predict(
        self,
        latents: torch.Tensor,
        timesteps: torch.Tensor,
        conditioning: Conditioning,
        residuals: Residuals | None = None,
    ) -> torch.Tensor:
        prediction: torch.Tensor = self.network(
            hidden_states=latents,
            timestep=timesteps,
            encoder_hidden_states=conditioning["text"],
            pooled_projections=conditioning["pooled"],
            block_controlnet_hidden_states=list(residuals.blocks) if residuals else None,
            return_dict=False,
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
        pooled = conditioning["pooled"]
        if network.config.force_zeros_for_pooled_projection:
            pooled = torch.zeros_like(pooled)
        blocks = network(
            hidden_states=latents,
            timestep=timesteps,
            encoder_hidden_states=conditioning["text"] if network.config.joint_attention_dim else None,
            pooled_projections=pooled,
            controlnet_cond=picture,
            return_dict=False,
        )[0]
        return Residuals(tuple(blocks))

    def control_picture(self, network: Any, pixels: torch.Tensor) -> torch.Tensor:
        """Latents, as the network sees pictures; not shifted for ControlNets that were trained so."""
        shift = 0.0 if network.config.force_zeros_for_pooled_projection else self.vae.config.shift_factor
        moments = self.vae.encode((2 * pixels - 1).to(self.vae.dtype)).latent_dist.mode()
        latents: torch.Tensor = (moments - shift) * self.vae.config.scaling_factor
        return latents.to(self.dtype)

    def fits_control(self, network: Any) -> bool:
        config, base = network.config, self.network.config
        names = ("in_channels", "num_attention_heads", "attention_head_dim", "pooled_projection_dim")
        known = config.joint_attention_dim in (None, base.joint_attention_dim)
        return known and all(config.get(name) == base.get(name) for name in names)

    def _embed(self, prompt: str, clip_skip: int, chunks: int) -> Conditioning:
        """CLIP's vectors side by side, filled up to T5's width, and T5's behind them."""
        clip = [
            encode_clip(tokenizer, encoder, prompt, clip_skip=clip_skip, layer="penultimate", chunks=chunks)
            for tokenizer, encoder in self.clip
        ]
        words = torch.cat([text.hidden for text in clip], dim=-1).to(self.dtype)
        width = int(self.network.config.joint_attention_dim)
        if self.text_encoder_3 is None:
            sentences = torch.zeros(1, T5_TOKENS, width, device=self.device, dtype=self.dtype)
        else:
            sentences = encode_t5(self.tokenizer_3, self.text_encoder_3, prompt, T5_TOKENS).to(self.dtype)
        words = torch.nn.functional.pad(words, (0, width - words.shape[-1]))
        return {
            "text": torch.cat([words, sentences], dim=1),
            "pooled": torch.cat([text.pooled for text in clip], dim=-1).to(self.dtype),
        }
