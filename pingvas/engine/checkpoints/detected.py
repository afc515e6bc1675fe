"""What a model file or folder can be found to be, and why it cannot be opened: plain values that the `detect_…` modules share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["checkpoint", "lora", "controlnet", "vae", "upscaler", "text_encoder", "unknown"]
Family = Literal["sd1", "sd2", "sdxl", "sd3", "flux"]
Prediction = Literal["epsilon", "v_prediction", "sample", "flow"]
FAMILIES: tuple[Family, ...] = ("sd1", "sd2", "sdxl", "sd3", "flux")

# Width of the text that a U-Net listens to, for the sizes that were published.
FAMILY_BY_TEXT_WIDTH: Mapping[int, Family] = {768: "sd1", 1024: "sd2", 2048: "sdxl", 1280: "sdxl"}
REFINER_TEXT_WIDTH = 1280


@dataclass(frozen=True)
class Detected:
    """What a file or folder is. `family` is what it belongs to, or what it is made for (None: cannot be told).

    `variant` is `inpainting`, `refiner`, `pix2pix`, `dev`, `schnell`, `fill` or None. `folder` says that it is a
    diffusers folder. `parts` names what a checkpoint holds (`denoiser`, `vae`, `text_encoder`, `text_encoder_2`, …).
    `details` is for people: `scale` of an upscaler, `rank` and `network` of a LoRA, `text_width`, `channels`.

    `refusal` is why the engine cannot open it, a sentence without its subject and its point ("holds weights of 4 bits");
    None: it can. `missing` names the folders that a file can be opened with only if they are beside it.
    """

    kind: Kind
    family: Family | None = None
    prediction_type: Prediction | None = None
    variant: str | None = None
    folder: bool = False
    parts: tuple[str, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    refusal: str | None = None


def variant_of_channels(channels: int, latent_channels: int) -> str | None:
    """What a U-Net takes beside noise: a mask and the masked picture, or a picture to follow."""
    if latent_channels and channels == 2 * latent_channels + 1:
        return "inpainting"
    if latent_channels and channels == 2 * latent_channels:
        return "pix2pix"
    return None
