"""A request made complete: defaults filled in from the model, limits checked, prompts resolved for each seed.

What comes out is stored with the job, and is all it takes to make the image again.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pingvas.base.errors import BadField, Invalid
from pingvas.catalog.models import Limits, defaults_of, limits_of
from pingvas.engine.errors import PromptNotUnderstood
from pingvas.engine.samplers import SAMPLERS
from pingvas.engine.text.prompts import LoraTag, resolve_wildcards, take_loras
from pingvas.generation.job_parameters import (
    ControlParameters,
    DiffusionParameters,
    ImageToImageParameters,
    InpaintParameters,
    LoraParameters,
    RefineParameters,
    TextToImageParameters,
    UpscaleParameters,
)
from pingvas.generation.pricing.price import own_scale
from pingvas.generation.requests.job_request import (
    MAX_LORA_WEIGHT,
    MAX_LORAS,
    ImageRequest,
    RefineRequest,
    UpscaleRequest,
    draw_seed,
    seeds,
)
from pingvas.generation.requests.lookup import RequestInputs
from pingvas.generation.requests.prompt_rules import why_no_prompt, why_not_read

AnyImageParameters = TextToImageParameters | ImageToImageParameters | InpaintParameters


@dataclass(frozen=True)
class ResolvedPrompts:
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


def resolve(request: ImageRequest) -> list[ResolvedPrompts]:
    """The prompts of each image: `{a|b}` decided by its seed, `<lora:…>` taken out. Raises Invalid."""
    listed = {lora.name: lora.weight for lora in request.loras}
    if len(listed) < len(request.loras):
        raise Invalid("A LoRA is listed twice.", errors=[BadField("loras", "names one LoRA more than once")])
    return [_resolve(request, seed, listed) for seed in seeds(request)]


def _resolve(request: ImageRequest, seed: int, listed: Mapping[str, float]) -> ResolvedPrompts:
    errors: list[BadField] = []
    prompt, tags = _read("prompt", request.prompt, seed, errors, is_needed=request.job_type == "txt2img")
    negative, misplaced = _read("negative_prompt", request.negative_prompt, seed, errors)
    # A tag says it again rather than more: so a stored list and a stored prompt together mean the same picture.
    loras = {**listed, **{tag.name: float(tag.weight) for tag in tags}}
    if misplaced:
        errors.append(BadField("negative_prompt", "<lora:…> belongs in the prompt, with a weight below 0"))
    if len(loras) > MAX_LORAS:
        errors.append(BadField("prompt", f"names LoRAs beyond the {MAX_LORAS} that may be used at once"))
    if any(not abs(weight) <= MAX_LORA_WEIGHT for weight in loras.values()):
        errors.append(
            BadField(
                "prompt", f"the weight of a LoRA must be from -{MAX_LORA_WEIGHT:g} to {MAX_LORA_WEIGHT:g}"
            )
        )
    if errors:
        raise Invalid("The prompt asks for something that cannot be done.", errors=errors)
    return ResolvedPrompts(seed, prompt, negative, loras)


def _read(
    name: str, typed: str, seed: int, errors: list[BadField], *, is_needed: bool = False
) -> tuple[str, tuple[LoraTag, ...]]:
    """A prompt as it is run with this seed, and the LoRAs it names. What is wrong with it goes to `errors`."""
    try:
        run, tags = take_loras(resolve_wildcards(typed, seed))
    except PromptNotUnderstood as error:
        errors.append(BadField(name, str(error)))
        return typed, ()
    # A negative prompt of blanks asks for nothing, as an empty one does.
    said = typed.strip() if name.endswith("negative_prompt") else typed
    if wrong := why_no_prompt(said, is_needed=is_needed) or why_not_read(run):
        errors.append(BadField(name, wrong))
    return run, tags


def complete(
    request: ImageRequest, found: RequestInputs, resolved: Sequence[ResolvedPrompts]
) -> list[AnyImageParameters]:
    """The parameters of each image of a request. Raises Invalid, naming every field that the model cannot do."""
    config = found.model.config
    defaults, limits = defaults_of(config), limits_of(config)
    width, height = _default_size(request, found)
    # Everything that the images of one request share.
    shared: dict[str, Any] = {
        "model": request.model,
        "prompt": request.prompt,
        "negative_prompt": request.negative_prompt,
        "width": width if request.width is None else request.width,
        "height": height if request.height is None else request.height,
        "steps": defaults.steps if request.steps is None else request.steps,
        "cfg_scale": defaults.cfg_scale if request.cfg_scale is None else request.cfg_scale,
        "sampler": defaults.sampler if request.sampler is None else request.sampler,
        "clip_skip": request.clip_skip,
        "guidance": defaults.guidance if request.guidance is None else request.guidance,
        "controlnet": tuple(ControlParameters(**control.__dict__) for control in request.controlnet),
        "vae": request.vae,
        "format": request.format,
        "visibility": request.visibility,
        "tags": request.tags,
    }
    kind: type[AnyImageParameters] = TextToImageParameters
    if request.job_type != "txt2img":
        kind = ImageToImageParameters
        shared |= {"source_image": request.source_image, "strength": request.strength}
    if request.job_type == "inpaint":
        kind = InpaintParameters
        shared |= {
            "mask_image": request.mask_image,
            "mask_blur": request.mask_blur,
            "inpaint_area": request.inpaint_area,
            "mask_padding": request.mask_padding,
            "mask_invert": request.mask_invert,
        }
    images = [kind(**shared, **_of_one_image(request, each)) for each in resolved]
    errors = [*_check_size(images[0], limits), *_check_steps(images[0], limits)]
    if request.guidance is not None and config.get("family") not in (None, "flux"):
        errors.append(BadField("guidance", f"only flux models take it, and this is {config['family']}"))
    if errors:
        raise Invalid("The request asks for something this model cannot do.", errors=errors)
    return images


def _of_one_image(request: ImageRequest, resolved: ResolvedPrompts) -> dict[str, Any]:
    """What an image has for itself. What is run is kept beside what was typed where it differs."""
    loras = tuple(LoraParameters(name=name, weight=weight) for name, weight in resolved.loras.items())
    own: dict[str, Any] = {"loras": loras, "seed": resolved.seed}
    if resolved.prompt != request.prompt:
        own["resolved_prompt"] = resolved.prompt
    if resolved.negative_prompt != request.negative_prompt:
        own["resolved_negative_prompt"] = resolved.negative_prompt
    return own


def complete_upscale(
    request: UpscaleRequest, found: RequestInputs, largest: OutputLimits
) -> UpscaleParameters:
    """Everything an enlarged picture needs; width and height are those it will have. Raises Invalid."""
    source = found.images[request.source_image]
    own = own_scale(found.model.config)
    scale = own if request.scale is None else request.scale
    width, height = round(source.width * scale), round(source.height * scale)
    if max(width, height) > largest.side or width * height > largest.pixels:
        raise Invalid(
            f"The picture would have {width}×{height} pixels.",
            errors=[
                BadField(
                    "scale", f"at most {largest.side} pixels a side and {largest.pixels} in all are made"
                )
            ],
        )
    # A smaller scale than the model's own is made large first and small again; that has an end too.
    if source.width * source.height * own**2 > 4 * largest.pixels:
        raise Invalid(
            f"{found.model.name!r} enlarges ×{own:g}, which is too much for this picture.",
            errors=[BadField("model", "name an upscaler of a smaller scale, or take a smaller picture")],
        )
    return UpscaleParameters(
        model=found.model.name,
        source_image=request.source_image,
        scale=scale,
        width=width,
        height=height,
        refine=None if request.refine is None else _complete_refine(request.refine, found),
        format=request.format,
        visibility=request.visibility,
        tags=request.tags,
    )


def _complete_refine(request: RefineRequest, found: RequestInputs) -> RefineParameters:
    assert found.refine is not None  # noqa: S101 - whoever asks for it has named its model
    config, seed = found.refine.config, draw_seed(request.seed)
    defaults = defaults_of(config)
    prompts, errors = _resolve_for_refining(request, seed)
    refine = RefineParameters(
        model=request.model,
        prompt=request.prompt,
        negative_prompt=request.negative_prompt,
        strength=request.strength,
        steps=defaults.steps if request.steps is None else request.steps,
        cfg_scale=defaults.cfg_scale if request.cfg_scale is None else request.cfg_scale,
        sampler=defaults.sampler if request.sampler is None else request.sampler,
        seed=seed,
        **prompts,
    )
    errors += _check_steps(refine, limits_of(config), within="refine.")
    if errors:
        raise Invalid("The refining model cannot do what is asked of it.", errors=errors)
    return refine


def _resolve_for_refining(request: RefineRequest, seed: int) -> tuple[dict[str, str], list[BadField]]:
    """The prompts as they are run, where that differs, and what is wrong with them."""
    prompts: dict[str, str] = {}
    errors: list[BadField] = []
    for name, typed in (("prompt", request.prompt), ("negative_prompt", request.negative_prompt)):
        run, tags = _read(f"refine.{name}", typed, seed, errors)
        if tags:
            said = "<lora:…> is not taken here: refining uses the model as it is"
            errors.append(BadField(f"refine.{name}", said))
        if run != typed:
            prompts[f"resolved_{name}"] = run
    return prompts, errors


def _default_size(request: ImageRequest, found: RequestInputs) -> tuple[int, int]:
    """The source's size as the model can make it; the model's own for new pictures and for a masked area alone."""
    defaults = defaults_of(found.model.config)
    only_masked = request.job_type == "inpaint" and request.inpaint_area == "masked"
    if request.source_image is None or only_masked:
        return defaults.width, defaults.height
    source = found.images[request.source_image]
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


def _check_size(parameters: DiffusionParameters, limits: Limits) -> list[BadField]:
    errors = []
    for side, pixels in (("width", parameters.width), ("height", parameters.height)):
        if pixels % limits.multiple:
            errors.append(BadField(side, f"must be a multiple of {limits.multiple}"))
        if not limits.min_size <= pixels <= limits.max_size:
            errors.append(BadField(side, f"must be from {limits.min_size} to {limits.max_size}"))
    if parameters.width * parameters.height > limits.max_pixels:
        errors.append(BadField("width", f"width × height must not exceed {limits.max_pixels} pixels"))
    return errors


def _check_steps(
    parameters: DiffusionParameters | RefineParameters, limits: Limits, within: str = ""
) -> list[BadField]:
    errors = []
    if parameters.sampler not in limits.samplers:
        said = f"must be one of {', '.join(limits.samplers)} with this model"
        errors.append(BadField(f"{within}sampler", said))
    sampler = SAMPLERS.get(parameters.sampler)
    max_steps = min(limits.max_steps, (sampler and sampler.max_steps) or limits.max_steps)
    if not 1 <= parameters.steps <= max_steps:
        errors.append(BadField(f"{within}steps", f"must be from 1 to {max_steps}"))
    return errors
