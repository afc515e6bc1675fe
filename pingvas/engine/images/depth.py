"""How far away everything in a picture is, by a depth model (DPT, Depth Anything and their like) in a folder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from pingvas.engine.errors import ModelLoadFailed, ModelNotFound, NotANumber, OutOfMemory
from pingvas.engine.images.without_torchvision import hide_broken_torchvision
from pingvas.engine.memory.out_of_memory import is_out_of_memory


@dataclass(frozen=True)
class DepthModel:
    """Call it with a picture: it gives one of mode L and the same size, white the nearest and black the farthest."""

    name: str
    network: Any
    processor: Any

    def __call__(self, image: Image.Image) -> Image.Image:
        """Raises NotANumber, OutOfMemory."""
        depth = None
        try:
            inputs = self.processor(images=image.convert("RGB"), return_tensors="pt")
            with torch.inference_mode():
                pixels = inputs["pixel_values"].to(self.network.device, self.network.dtype)
                depth = self.network(pixels).predicted_depth[0].float().cpu().numpy()
        except (MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
        # Outside the handler, where the traceback no longer holds the tensors that filled the memory.
        if depth is None:
            raise OutOfMemory("There is too little memory on this device for the depth of this picture.")
        if not np.isfinite(depth).all():
            raise NotANumber(f"The depth model {self.name} made no numbers of this picture; take another.")
        # Most models say how near things are; those that measure say how far.
        if getattr(self.network.config, "depth_estimation_type", "relative") == "metric":
            depth = -depth
        low, high = float(depth.min()), float(depth.max())
        values = (depth - low) / (high - low) if high > low else np.zeros_like(depth)
        drawn = Image.fromarray((values * 255).round().astype(np.uint8))
        return drawn.resize(image.size, Image.Resampling.BICUBIC)


def open_depth_model(folder: Path, device: torch.device) -> DepthModel:
    """Load a transformers folder: safetensors only, no network. Raises ModelNotFound, ModelLoadFailed, OutOfMemory."""
    if not (folder / "config.json").is_file():
        raise ModelNotFound(f"There is no depth model in {folder.name}: config.json is missing.")
    if not any(folder.glob("*.safetensors")):
        raise ModelLoadFailed(
            f"The depth model {folder.name} has no safetensors file, and nothing else is loaded: convert it first."
        )
    hide_broken_torchvision()
    from transformers import AutoImageProcessor, AutoModelForDepthEstimation
    from transformers.utils import logging

    silence: Callable[[], None] = logging.disable_progress_bar
    silence()
    network = None
    try:
        # The same arithmetic with torchvision installed and without.
        open_processor: Callable[..., Any] = AutoImageProcessor.from_pretrained
        processor = open_processor(folder, local_files_only=True, backend="pil")
        network = AutoModelForDepthEstimation.from_pretrained(
            folder, local_files_only=True, use_safetensors=True, trust_remote_code=False, dtype=torch.float32
        )
        network.to(device).eval()
    # A damaged file shows itself in many ways, and all of them mean the same here.
    except Exception as error:
        if not is_out_of_memory(error):
            raise ModelLoadFailed(f"The depth model {folder.name} cannot be loaded: {error}") from error
        network = None
    if network is None:
        raise OutOfMemory("There is too little memory on this device for the depth model.")
    return DepthModel(folder.name, network, processor)
