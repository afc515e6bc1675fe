"""What each model family does when nobody says otherwise, and what it bears: published habits, as plain data."""

from collections.abc import Mapping
from typing import Any

from pingvas.engine.checkpoints.detected import Detected

_MEGAPIXEL = 1024 * 1024

_SD1: Mapping[str, Any] = {
    "defaults": {"width": 512, "height": 512, "steps": 25, "cfg_scale": 7.0, "sampler": "dpmpp_2m_karras"},
    "size": {"multiple": 8, "min": 128, "max": 1536, "max_pixels": _MEGAPIXEL},
}
_SD2_768: Mapping[str, Any] = {
    "defaults": {"width": 768, "height": 768, "steps": 25, "cfg_scale": 7.0, "sampler": "dpmpp_2m_karras"},
    "size": {"multiple": 8, "min": 128, "max": 1536, "max_pixels": 3 * _MEGAPIXEL // 2},
}
_SDXL: Mapping[str, Any] = {
    "defaults": {"width": 1024, "height": 1024, "steps": 30, "cfg_scale": 6.0, "sampler": "dpmpp_2m_karras"},
    "size": {"multiple": 8, "min": 256, "max": 2048, "max_pixels": 9 * _MEGAPIXEL // 4},
}
_SD3: Mapping[str, Any] = {
    "defaults": {"width": 1024, "height": 1024, "steps": 28, "cfg_scale": 4.5, "sampler": "euler"},
    "size": {"multiple": 16, "min": 256, "max": 2048, "max_pixels": 2 * _MEGAPIXEL},
}
_FLUX_SIZE: Mapping[str, Any] = {"multiple": 16, "min": 256, "max": 2048, "max_pixels": 2 * _MEGAPIXEL}
_FLUX_DEV: Mapping[str, Any] = {
    "defaults": {
        "width": 1024, "height": 1024, "steps": 28, "cfg_scale": 1.0, "guidance": 3.5, "sampler": "euler",
    },
    "size": _FLUX_SIZE,
}  # fmt: skip
_FLUX_SCHNELL: Mapping[str, Any] = {
    "defaults": {"width": 1024, "height": 1024, "steps": 4, "cfg_scale": 1.0, "sampler": "euler"},
    "size": _FLUX_SIZE,
}


def habits_of(detected: Detected) -> Mapping[str, Any]:
    """`defaults` and `size` of a checkpoint's family, in the words of a model's configuration."""
    match detected.family:
        case "sd2":
            return _SD2_768 if _predicts_velocity(detected) else _SD1
        case "sdxl":
            return _SDXL
        case "sd3":
            return _SD3
        case "flux":
            return _FLUX_SCHNELL if detected.variant == "schnell" else _FLUX_DEV
        case _:
            return _SD1


def _predicts_velocity(detected: Detected) -> bool:
    """A single file seldom says. Most of those of SD 2 that make pictures from words are for 768 pixels, and do."""
    if detected.prediction_type is None:
        return not detected.folder and detected.variant != "inpainting"
    return detected.prediction_type == "v_prediction"
