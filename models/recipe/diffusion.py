"""The classes of diffusers that the recipe uses, untyped: what diffusers publishes about their types is wrong."""

from __future__ import annotations

from typing import Any

import diffusers
from diffusers.models.attention_processor import AttnProcessor as _AttnProcessor

AutoencoderKL: Any = diffusers.AutoencoderKL
UNet2DConditionModel: Any = diffusers.UNet2DConditionModel
DDPMScheduler: Any = diffusers.DDPMScheduler
EulerAncestralDiscreteScheduler: Any = diffusers.EulerAncestralDiscreteScheduler
StableDiffusionPipeline: Any = diffusers.StableDiffusionPipeline
AttnProcessor: Any = _AttnProcessor
