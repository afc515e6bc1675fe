"""The Stable Diffusion family: CLIPTextModel, UNet2DConditionModel, AutoencoderKL, in a diffusers folder.

The denoising loop is ours and steps one picture at a time: `begin`, `advance` until done, `decode`. A picture
carries its own scheduler, noise and position, so several may share the model and stop between any two steps.
What comes out is bit-equal to diffusers' StableDiffusionPipeline given the same noise.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from PIL import Image

from pingvas.engine import schedulers
from pingvas.engine.errors import ModelLoadFailed, NotANumber
from pingvas.engine.requests import PictureRequest

PIPELINES = ("StableDiffusionPipeline",)


@dataclass
class Canvas:
    """One picture under way: latents (1, channels, h, w) on the model's device, and where its sampler stands."""

    request: PictureRequest
    scheduler: Any
    timesteps: torch.Tensor
    embeddings: torch.Tensor
    latents: torch.Tensor
    step_options: dict[str, Any]
    index: int = 0
    model_input: torch.Tensor | None = None
    prediction: torch.Tensor | None = None

    @property
    def guided(self) -> bool:
        """Whether classifier-free guidance is on: two predictions a step instead of one."""
        return self.request.cfg_scale > 1

    @property
    def done(self) -> bool:
        return self.index >= len(self.timesteps)

    @property
    def step(self) -> int:
        """Steps done, as people count them: a second-order sampler calls the model about twice for one."""
        if self.done:
            return self.request.steps
        return min(self.index // int(self.scheduler.order), self.request.steps - 1)


class StableDiffusion:
    """A loaded model. Knows how to make pictures and keeps nothing between them."""

    def __init__(
        self, *, tokenizer: Any, text_encoder: Any, unet: Any, vae: Any, scheduler_config: dict[str, Any]
    ) -> None:
        if unet.config.in_channels != vae.config.latent_channels:
            raise ModelLoadFailed(
                f"This model's U-Net takes {unet.config.in_channels} channels and its autoencoder makes "
                f"{vae.config.latent_channels}: it is not one for pictures from text alone."
            )
        self.tokenizer = tokenizer
        self.text_encoder = text_encoder
        self.unet = unet
        self.vae = vae
        self.scheduler_config = scheduler_config
        self.device: torch.device = unet.device
        self.dtype: torch.dtype = unet.dtype
        self.channels: int = unet.config.in_channels
        self.factor: int = 2 ** (len(vae.config.block_out_channels) - 1)
        betas = schedulers.build("ddim", scheduler_config)
        self._alphas: torch.Tensor = betas.alphas_cumprod
        self._predicts: str = betas.config.prediction_type

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

    def begin(self, request: PictureRequest) -> Canvas:
        """Text to embeddings and seed to noise: a canvas before its first step.

        The noise is drawn on the CPU in float32, so a seed means the same picture on every device.
        """
        scheduler = schedulers.build(request.sampler, self.scheduler_config)
        scheduler.set_timesteps(request.steps, device=self.device)
        generator = torch.Generator("cpu").manual_seed(request.seed)
        shape = (1, self.channels, *self._latent_size(request))
        noise = torch.randn(shape, generator=generator, dtype=torch.float32)
        latents = noise.to(self.device, self.dtype) * scheduler.init_noise_sigma
        embeddings = self._embed(request.prompt)
        if request.cfg_scale > 1:
            embeddings = torch.cat([self._embed(request.negative_prompt), embeddings])
        draws = "generator" in inspect.signature(scheduler.step).parameters
        return Canvas(
            request=request,
            scheduler=scheduler,
            timesteps=scheduler.timesteps,
            embeddings=embeddings,
            latents=latents,
            step_options={"generator": generator} if draws else {},
        )

    def advance(self, canvas: Canvas) -> None:
        """One call of the U-Net and what the sampler makes of it."""
        time = canvas.timesteps[canvas.index]
        canvas.model_input = canvas.scheduler.scale_model_input(canvas.latents, time)
        batch = torch.cat([canvas.model_input] * 2) if canvas.guided else canvas.model_input
        prediction = self.unet(batch, time, encoder_hidden_states=canvas.embeddings, return_dict=False)[0]
        if canvas.guided:
            without, with_text = prediction.chunk(2)
            prediction = without + canvas.request.cfg_scale * (with_text - without)
        canvas.prediction = prediction
        canvas.latents = canvas.scheduler.step(
            prediction, time, canvas.latents, **canvas.step_options, return_dict=False
        )[0]
        canvas.index += 1

    def guess(self, canvas: Canvas) -> Callable[[], torch.Tensor]:
        """The latents this canvas would end with, as its last prediction sees it: clear from early on, for previews.

        Worked out when called, of the canvas as it is now: tensors are replaced, never written into.
        """
        latents, model_input, prediction = canvas.latents, canvas.model_input, canvas.prediction
        if model_input is None or prediction is None or canvas.done:
            return lambda: latents
        time = canvas.timesteps[canvas.index - 1]

        def without_noise() -> torch.Tensor:
            step = int(time.round().clamp(0, len(self._alphas) - 1))
            alpha = float(self._alphas[step].clamp(min=1e-4))
            signal, noise = alpha**0.5, (1 - alpha) ** 0.5
            clean = prediction  # what a "sample" model predicts
            if self._predicts == "v_prediction":
                clean = signal * model_input - noise * prediction
            elif self._predicts == "epsilon":
                clean = (model_input - noise * prediction) / signal
            return clean

        return without_noise

    def decode(self, canvas: Canvas) -> Image.Image:
        """Latents to a picture of exactly the size asked for. Raises NotANumber when there is none to see."""
        self._expect_numbers(canvas.latents, canvas.request)
        pixels = self.vae.decode(canvas.latents / self.vae.config.scaling_factor, return_dict=False)[0]
        self._expect_numbers(pixels, canvas.request)
        pixels = (pixels[0] / 2 + 0.5).clamp(0, 1).permute(1, 2, 0).float().cpu()
        image = Image.fromarray((pixels * 255).round().to(torch.uint8).numpy())
        width, height = canvas.request.width, canvas.request.height
        if image.size == (width, height):
            return image
        left, top = (image.width - width) // 2, (image.height - height) // 2
        return image.crop((left, top, left + width, top + height))

    def _latent_size(self, request: PictureRequest) -> tuple[int, int]:
        """Rows and columns of latents that cover the picture; what sticks out is cut off after decoding."""
        return -(-request.height // self.factor), -(-request.width // self.factor)

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

    def _expect_numbers(self, values: torch.Tensor, request: PictureRequest) -> None:
        if not bool(torch.isfinite(values).all()):
            raise NotANumber(
                "The picture turned into values that are not numbers. Try a lower cfg_scale than "
                f"{request.cfg_scale:g}, another sampler than {request.sampler}, or more steps."
            )
