"""A wish made complete: defaults filled in from the model, limits checked, prompts resolved for each seed.

What stands here is stored with the job, under the API's own names, and is all it takes to make the picture again.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from pingvas.base.errors import Invalid
from pingvas.catalog.models import Limits, defaults_of, limits_of
from pingvas.engine.errors import PromptNotUnderstood
from pingvas.engine.sampling.samplers import SAMPLERS
from pingvas.engine.text.prompts import LoraTag, resolve_wildcards, take_loras
from pingvas.generation.pricing.price import own_scale
from pingvas.generation.requests.job_request import (
    MAX_LORA_WEIGHT,
    MAX_LORAS,
    RefineWish,
    UpscaleWish,
    Wish,
    draw_seed,
)
from pingvas.generation.requests.lookup import Ingredients, bad_field
from pingvas.generation.requests.prompt_rules import why_no_prompt, why_not_read


@dataclass(frozen=True)
class Resolved:
    """One picture's prompts as they are run, and its LoRAs by name: those of the list and those of the prompt."""

    seed: int
    prompt: str
    negative_prompt: str
    loras: Mapping[str, float]


@dataclass(frozen=True)
class OutputLimits:
    """How large a picture may become: pixels of a side, and in all."""

    side: int = 8192
    pixels: int = 8192 * 8192


def resolve(wish: Wish, seeds: Sequence[int]) -> list[Resolved]:
    """The prompts of each picture: `{a|b}` decided by its seed, `<lora:…>` taken out. Raises Invalid."""
    listed = {lora.name: lora.weight for lora in wish.loras}
    if len(listed) < len(wish.loras):
        raise Invalid("A LoRA is listed twice.", errors=[bad_field("loras", "names one LoRA more than once")])
    return [_resolve(wish, seed, listed) for seed in seeds]


def _resolve(wish: Wish, seed: int, listed: Mapping[str, float]) -> Resolved:
    errors: list[dict[str, Any]] = []
    prompt, tags = _read("prompt", wish.prompt, seed, errors, is_needed=wish.job_type == "txt2img")
    negative, misplaced = _read("negative_prompt", wish.negative_prompt, seed, errors)
    # A tag says it again rather than more: so a stored list and a stored prompt together mean the same picture.
    loras = {**listed, **{tag.name: float(tag.weight) for tag in tags}}
    if misplaced:
        errors.append(bad_field("negative_prompt", "<lora:…> belongs in the prompt, with a weight below 0"))
    if len(loras) > MAX_LORAS:
        errors.append(bad_field("prompt", f"names LoRAs beyond the {MAX_LORAS} that may be used at once"))
    if any(not abs(weight) <= MAX_LORA_WEIGHT for weight in loras.values()):
        errors.append(
            bad_field(
                "prompt", f"the weight of a LoRA must be from -{MAX_LORA_WEIGHT:g} to {MAX_LORA_WEIGHT:g}"
            )
        )
    if errors:
        raise Invalid("The prompt asks for something that cannot be done.", errors=errors)
    return Resolved(seed, prompt, negative, loras)


def _read(
    name: str, typed: str, seed: int, errors: list[dict[str, Any]], *, is_needed: bool = False
) -> tuple[str, tuple[LoraTag, ...]]:
    """A prompt as it is run with this seed, and the LoRAs it names. What is wrong with it goes to `errors`."""
    try:
        run, tags = take_loras(resolve_wildcards(typed, seed))
    except PromptNotUnderstood as error:
        errors.append(bad_field(name, str(error)))
        return typed, ()
    # A negative prompt of blanks asks for nothing, as an empty one does.
    said = typed.strip() if name == "negative_prompt" else typed
    if wrong := why_no_prompt(said, is_needed=is_needed) or why_not_read(run):
        errors.append(bad_field(name, wrong))
    return run, tags


def complete(wish: Wish, found: Ingredients) -> dict[str, Any]:
    """Everything the pictures of one wish share. Raises Invalid, naming every field the model cannot do."""
    config = found.model.config
    defaults, limits = defaults_of(config), limits_of(config)
    width, height = _default_size(wish, found)
    parameters: dict[str, Any] = {
        "model": wish.model,
        "prompt": wish.prompt,
        "negative_prompt": wish.negative_prompt,
        "width": width if wish.width is None else wish.width,
        "height": height if wish.height is None else wish.height,
        "steps": defaults.steps if wish.steps is None else wish.steps,
        "cfg_scale": defaults.cfg_scale if wish.cfg_scale is None else wish.cfg_scale,
        "sampler": defaults.sampler if wish.sampler is None else wish.sampler,
        "clip_skip": wish.clip_skip,
        "guidance": defaults.guidance if wish.guidance is None else wish.guidance,
        "controlnet": [asdict(control) | {"image": str(control.image)} for control in wish.controlnet],
        "vae": wish.vae,
        "format": wish.format,
        "visibility": wish.visibility,
    }
    if wish.job_type != "txt2img":
        parameters |= {"source_image": str(wish.source_image), "strength": wish.strength}
    if wish.job_type == "inpaint":
        parameters |= {
            "mask_image": None if wish.mask_image is None else str(wish.mask_image),
            "mask_blur": wish.mask_blur,
            "inpaint_area": wish.inpaint_area,
            "mask_padding": wish.mask_padding,
            "mask_invert": wish.mask_invert,
        }
    errors = [*_check_size(parameters, limits), *_check_steps(parameters, limits)]
    if wish.guidance is not None and config.get("family") not in (None, "flux"):
        errors.append(bad_field("guidance", f"only flux models take it, and this is {config['family']}"))
    if errors:
        raise Invalid("The request asks for something this model cannot do.", errors=errors)
    return parameters


def of_one_picture(shared: Mapping[str, Any], wish: Wish, resolved: Resolved) -> dict[str, Any]:
    """The complete parameters of one picture of a wish. What is run is kept beside what was typed where it differs."""
    parameters = {
        **shared,
        "loras": [{"name": name, "weight": weight} for name, weight in resolved.loras.items()],
        "seed": resolved.seed,
    }
    if resolved.prompt != wish.prompt:
        parameters["resolved_prompt"] = resolved.prompt
    if resolved.negative_prompt != wish.negative_prompt:
        parameters["resolved_negative_prompt"] = resolved.negative_prompt
    return parameters


def complete_upscale(wish: UpscaleWish, found: Ingredients, largest: OutputLimits) -> dict[str, Any]:
    """Everything an enlarged picture needs; width and height are those it will have. Raises Invalid."""
    source = found.images[wish.source_image]
    own = own_scale(found.model.config)
    scale = own if wish.scale is None else wish.scale
    width, height = round(source.width * scale), round(source.height * scale)
    if max(width, height) > largest.side or width * height > largest.pixels:
        raise Invalid(
            f"The picture would have {width}×{height} pixels.",
            errors=[
                bad_field(
                    "scale", f"at most {largest.side} pixels a side and {largest.pixels} in all are made"
                )
            ],
        )
    # A smaller scale than the model's own is made large first and small again; that has an end too.
    if source.width * source.height * own**2 > 4 * largest.pixels:
        raise Invalid(
            f"{found.model.name!r} enlarges ×{own:g}, which is too much for this picture.",
            errors=[bad_field("model", "name an upscaler of a smaller scale, or take a smaller picture")],
        )
    return {
        "model": found.model.name,
        "source_image": str(wish.source_image),
        "scale": scale,
        "width": width,
        "height": height,
        "refine": None if wish.refine is None else _complete_refine(wish.refine, found),
        "format": wish.format,
        "visibility": wish.visibility,
    }


def _complete_refine(wish: RefineWish, found: Ingredients) -> dict[str, Any]:
    assert found.refine is not None  # noqa: S101 - whoever wishes for it has named its model
    config, seed = found.refine.config, draw_seed(wish.seed)
    defaults = defaults_of(config)
    parameters: dict[str, Any] = {
        "model": wish.model,
        "prompt": wish.prompt,
        "negative_prompt": wish.negative_prompt,
        "strength": wish.strength,
        "steps": defaults.steps if wish.steps is None else wish.steps,
        "cfg_scale": defaults.cfg_scale if wish.cfg_scale is None else wish.cfg_scale,
        "sampler": defaults.sampler if wish.sampler is None else wish.sampler,
        "seed": seed,
    }
    errors = _check_steps(parameters, limits_of(config))
    for name in ("prompt", "negative_prompt"):
        run, tags = _read(name, parameters[name], seed, errors)
        if tags:
            errors.append(bad_field(name, "<lora:…> is not taken here: refining uses the model as it is"))
        if run != parameters[name]:
            parameters[f"resolved_{name}"] = run
    if errors:
        wrong = [error | {"loc": ["body", "refine", error["loc"][-1]]} for error in errors]
        raise Invalid("The refining model cannot do what is asked of it.", errors=wrong)
    return parameters


def _default_size(wish: Wish, found: Ingredients) -> tuple[int, int]:
    """The source's size as the model can make it; the model's own for new pictures and for a masked area alone."""
    defaults = defaults_of(found.model.config)
    only_masked = wish.job_type == "inpaint" and wish.inpaint_area == "masked"
    if wish.source_image is None or only_masked:
        return defaults.width, defaults.height
    source = found.images[wish.source_image]
    return fit(source.width, source.height, limits_of(found.model.config))


def fit(width: int, height: int, limits: Limits) -> tuple[int, int]:
    """The size nearest to width × height (pixels, any) that the limits allow, of the same shape as far as they do."""
    factor = min(1.0, limits.max_size / max(width, height), math.sqrt(limits.max_pixels / (width * height)))
    factor = max(factor, limits.min_size / min(width, height))
    multiple = limits.multiple
    least = math.ceil(limits.min_size / multiple) * multiple
    most = limits.max_size // multiple * multiple

    def rounded(side: int) -> int:
        return min(most, max(least, round(side * factor / multiple) * multiple))

    wide, high = rounded(width), rounded(height)
    while wide * high > limits.max_pixels and max(wide, high) > least:
        if wide >= high:
            wide -= multiple
        else:
            high -= multiple
    return wide, high


def _check_size(parameters: Mapping[str, Any], limits: Limits) -> list[dict[str, Any]]:
    errors = []
    for side in ("width", "height"):
        pixels = parameters[side]
        if pixels % limits.multiple:
            errors.append(bad_field(side, f"must be a multiple of {limits.multiple}"))
        if not limits.min_size <= pixels <= limits.max_size:
            errors.append(bad_field(side, f"must be from {limits.min_size} to {limits.max_size}"))
    if parameters["width"] * parameters["height"] > limits.max_pixels:
        errors.append(bad_field("width", f"width × height must not exceed {limits.max_pixels} pixels"))
    return errors


def _check_steps(parameters: Mapping[str, Any], limits: Limits) -> list[dict[str, Any]]:
    errors = []
    if parameters["sampler"] not in limits.samplers:
        errors.append(bad_field("sampler", f"must be one of {', '.join(limits.samplers)} with this model"))
    sampler = SAMPLERS.get(parameters["sampler"])
    max_steps = min(limits.max_steps, (sampler and sampler.max_steps) or limits.max_steps)
    if not 1 <= parameters["steps"] <= max_steps:
        errors.append(bad_field("steps", f"must be from 1 to {max_steps}"))
    return errors
