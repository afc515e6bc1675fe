"""Denoising: pictures under way, each at its own step of its own sampler, moved on together by one network call.

A row carries everything that is its own (scheduler, noise, position), so rows may join and leave between any two
steps. Noise is drawn on the CPU in float32 by the row's own generator: what a row becomes does not depend on its
neighbours or on the device.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

import torch
from PIL import Image

from pingvas.engine.errors import NotANumber
from pingvas.engine.families.family import Conditioning, Family, RefinerHandover, Residuals
from pingvas.engine.requests import EngineRequest
from pingvas.engine.sampling.generators import generator_for


@dataclass
class Repaint:
    """What inpainting keeps: clean latents of the source, the row's noise, and where to paint (1, 1, rows, columns)."""

    source: torch.Tensor
    noise: torch.Tensor
    mask: torch.Tensor


@dataclass
class Row:
    """One picture under way. Tensors are replaced, never written into, so what was taken from a row stays as it was."""

    request: EngineRequest
    scheduler: Any
    timesteps: torch.Tensor
    positive: Conditioning
    negative: Conditioning | None
    latents: torch.Tensor
    step_options: dict[str, Any]
    total_steps: int
    repaint: Repaint | None = None
    # Further input channels of the network (inpainting U-Nets): (1, more, rows, columns).
    beside: torch.Tensor | None = None
    controls: tuple[Any, ...] = ()
    hand_over: RefinerHandover | None = None
    index: int = 0
    model_input: torch.Tensor | None = None
    prediction: torch.Tensor | None = None
    # Shapes of the conditioning: rows that differ in them cannot share a network call.
    shapes: tuple[tuple[str, tuple[int, ...]], ...] = field(default=())

    def __post_init__(self) -> None:
        self.shapes = tuple((name, tuple(value.shape)) for name, value in sorted(self.positive.items()))
        self.change_over()

    def change_over(self) -> None:
        """Go on with the next network's conditioning, if it is its turn. ControlNets are for the first network only."""
        if self.hand_over is not None and self.index >= self.hand_over.index:
            self.positive, self.negative = self.hand_over.positive, self.hand_over.negative
            self.shapes = tuple((name, tuple(value.shape)) for name, value in sorted(self.positive.items()))
            self.hand_over, self.controls, self.beside = None, (), None

    @property
    def done(self) -> bool:
        return self.index >= len(self.timesteps)

    @property
    def step(self) -> int:
        """Steps done, as people count them: a second-order sampler calls the model about twice for one."""
        if self.done:
            return self.total_steps
        return min(self.index // int(self.scheduler.order), self.total_steps - 1)

    @property
    def calls(self) -> int:
        """Rows of the network's batch that this picture takes in a step."""
        return 1 if self.negative is None else 2


def begin(
    family: Family,
    request: EngineRequest,
    *,
    encode: Callable[[EngineRequest], tuple[Conditioning, Conditioning | None]] | None = None,
    source: Image.Image | None = None,
    mask: torch.Tensor | None = None,
    controls: tuple[Any, ...] = (),
) -> Row:
    """A row before its first step: text to conditioning, seed to noise, source to latents.

    `source` is RGB of the request's size; `mask` (1, 1, rows, columns) is 1 where latents are repainted. `encode`
    stands in for the family's own, where it is remembered.
    """
    positive, negative = (encode or family.encode)(request)
    scheduler = family.build_scheduler(request)
    timesteps, total_steps = scheduler.timesteps, request.steps
    generator = generator_for(request.seed)
    shape = family.latent_shape(request.width, request.height)
    noise = torch.randn(shape, generator=generator, dtype=torch.float32).to(family.device, family.dtype)
    repaint = None
    if source is None:
        latents = noise * getattr(scheduler, "init_noise_sigma", 1.0)
    else:
        total_steps = request.steps_to_run
        skipped = (request.steps - total_steps) * int(scheduler.order)
        timesteps = timesteps[skipped:]
        if hasattr(scheduler, "set_begin_index"):
            scheduler.set_begin_index(skipped)
        clean = family.encode_image(source)
        latents = family.noised(scheduler, clean, noise, timesteps[0])
        if mask is not None:
            repaint = Repaint(clean, noise, mask.to(family.device, family.dtype))
    draws = "generator" in inspect.signature(scheduler.step).parameters
    return Row(
        request=request,
        scheduler=scheduler,
        timesteps=timesteps,
        positive=positive,
        negative=negative,
        latents=latents,
        step_options={"generator": generator} if draws else {},
        total_steps=total_steps,
        repaint=repaint,
        beside=family.beside(request, source, mask),
        controls=controls,
        hand_over=family.hand_over(request, scheduler, timesteps),
    )


ResidualsOf = Callable[[Sequence[Row], torch.Tensor, torch.Tensor, Conditioning], Residuals | None]
"""What ControlNets add for a group of rows, given the network's own input for them."""


def advance(family: Family, rows: Sequence[Row], residuals_of: ResidualsOf | None = None) -> None:
    """Move every row on by one call of the network. Nothing has changed if the network raises."""
    times = [row.timesteps[row.index] for row in rows]
    inputs = [_scaled(row, time) for row, time in zip(rows, times, strict=True)]
    predictions: dict[int, torch.Tensor] = {}
    order = sorted(range(len(rows)), key=lambda number: (rows[number].shapes, number))
    for _, group in groupby(order, key=lambda number: rows[number].shapes):
        members = list(group)
        together = _predict(
            family,
            [rows[number] for number in members],
            [inputs[number] for number in members],
            [times[number] for number in members],
            residuals_of,
        )
        predictions.update(zip(members, together, strict=True))
    for number, row in enumerate(rows):
        _step(family, row, times[number], inputs[number], predictions[number])


def _scaled(row: Row, time: torch.Tensor) -> torch.Tensor:
    """A row's latents as its network wants them; straight-path schedulers leave them alone and say so by silence."""
    scale = getattr(row.scheduler, "scale_model_input", None)
    scaled: torch.Tensor = row.latents if scale is None else scale(row.latents, time)
    return scaled


def _predict(
    family: Family,
    rows: Sequence[Row],
    inputs: Sequence[torch.Tensor],
    times: Sequence[torch.Tensor],
    residuals_of: ResidualsOf | None,
) -> list[torch.Tensor]:
    """Guided predictions, one for each row, of one network call: first the rows' negatives, then all positives."""
    whole = [
        latents if row.beside is None else torch.cat([latents, row.beside], dim=1)
        for row, latents in zip(rows, inputs, strict=True)
    ]
    guided = [number for number, row in enumerate(rows) if row.negative is not None]
    order = [*guided, *range(len(rows))]
    latents = torch.cat([whole[number] for number in order])
    timesteps = torch.stack([times[number] for number in order]).float()
    conditioning = {
        name: torch.cat(
            [
                *(rows[number].negative[name] for number in guided),  # type: ignore[index]
                *(row.positive[name] for row in rows),
            ]
        )
        for name in rows[0].positive
    }
    residuals = residuals_of(rows, latents, timesteps, conditioning) if residuals_of is not None else None
    raw = torch.split(family.predict(latents, timesteps, conditioning, residuals), 1)
    predictions = list(raw[len(guided) :])
    for place, number in enumerate(guided):
        without, with_text = raw[place], predictions[number]
        predictions[number] = without + rows[number].request.cfg_scale * (with_text - without)
    return predictions


def _step(
    family: Family, row: Row, time: torch.Tensor, model_input: torch.Tensor, prediction: torch.Tensor
) -> None:
    row.model_input, row.prediction = model_input, prediction
    row.latents = row.scheduler.step(prediction, time, row.latents, **row.step_options, return_dict=False)[0]
    row.index += 1
    row.change_over()
    if row.repaint is not None:
        kept = row.repaint.source
        if not row.done:
            kept = family.noised(row.scheduler, kept, row.repaint.noise, row.timesteps[row.index])
        row.latents = (1 - row.repaint.mask) * kept + row.repaint.mask * row.latents


def guess(family: Family, row: Row) -> Callable[[], torch.Tensor]:
    """The latents this row would end with, as its last prediction sees it: clear from early on, for previews.

    Worked out when called, of the row as it is now.
    """
    latents, model_input, prediction = row.latents, row.model_input, row.prediction
    if model_input is None or prediction is None or row.done:
        return lambda: latents
    return family.clean_guess(row.scheduler, model_input, prediction, row.timesteps[row.index - 1])


def finish(family: Family, row: Row) -> Image.Image:
    """A row's latents as a picture of exactly the size asked for. Raises NotANumber when there is none to see."""
    _expect_numbers(row.latents, row.request)
    pixels = family.decode(row.latents)
    _expect_numbers(pixels, row.request)
    pixels = pixels[0].clamp(0, 1).permute(1, 2, 0).cpu()
    image = Image.fromarray((pixels * 255).round().to(torch.uint8).numpy())
    width, height = row.request.width, row.request.height
    if image.size == (width, height):
        return image
    left, top = (image.width - width) // 2, (image.height - height) // 2
    return image.crop((left, top, left + width, top + height))


def _expect_numbers(values: torch.Tensor, request: EngineRequest) -> None:
    if not bool(torch.isfinite(values).all()):
        raise NotANumber(
            "The picture turned into values that are not numbers. Try a lower cfg_scale than "
            f"{request.cfg_scale:g}, another sampler than {request.sampler}, or more steps."
        )
