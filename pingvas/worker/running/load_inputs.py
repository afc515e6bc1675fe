"""Loads what a job is made from before the engine is asked: models on this machine's disk, pictures in memory.

Nothing here needs the engine, so the engine works on while files come over the network.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from pingvas.adapters.model_source import ModelFilesMissing, read_source
from pingvas.adapters.storage import ObjectMissing
from pingvas.engine.errors import InvalidParameters
from pingvas.engine.images.masks import mask_of
from pingvas.engine.images.sources import open_source
from pingvas.engine.requests import ControlUse, EngineRequest, Inpaint, LoraUse, Setup
from pingvas.generation.job_parameters import (
    DiffusionParameters,
    FromImageParameters,
    InpaintParameters,
    UpscaleParameters,
)
from pingvas.generation.lifecycle.claims import ClaimedJob
from pingvas.generation.pricing.large_sources import more_pixels
from pingvas.generation.requests.job_inputs import (
    InputModel,
    JobInputs,
    StoredImage,
    find_inputs,
    find_key,
    refuse_what_the_plan_lost,
)
from pingvas.worker.running.engine_input import EngineInput, Enlarge
from pingvas.worker.running.job_context import JobContext

# The share of the way after which a refiner takes over, as its makers advise.
REFINER_START = 0.8


async def load_inputs(job: ClaimedJob, context: JobContext) -> EngineInput:
    """Everything that the job's parameters name. Close what is returned.

    Raises NoLongerInPlan, EngineError and the errors of model files for what is gone or damaged, StorageUnavailable and
    ModelFilesUnavailable for what may be there again later, DatabaseUnavailable.
    """
    asked = job.parameters
    async with context.database.read() as session:
        inputs = await find_inputs(session, job.user_id, asked)
        if job.user_id is not None:
            parts = [(part.name, part.tiers, part.config) for part in inputs.models]
            asked_for = [(job.model_name, job.model_tiers, job.model_config), *parts]
            await refuse_what_the_plan_lost(session, job.user_id, asked_for)
    with ExitStack() as copies:
        reader = _Reader(context, copies)
        model = await reader.model(job.model_name, job.model_origin, job.model_config)
        if isinstance(asked, UpscaleParameters):
            loaded = await _to_enlarge(asked, inputs, model, reader)
        else:
            loaded = EngineInput(
                setup=await _setup(job, inputs, model, reader),
                request=await _request(asked, inputs, reader, _refiner_start(job.model_config)),
                more=more_pixels(asked, inputs.sizes),
            )
        loaded.files = copies.pop_all()
    return loaded


@dataclass(frozen=True)
class _Reader:
    context: JobContext
    copies: ExitStack

    async def model(self, name: str, origin: str, config: Mapping[str, Any]) -> Path:
        try:
            copy = await self.context.model_files.ensure(read_source(origin, config))
        except ModelFilesMissing as error:
            raise ModelFilesMissing(f"{name}: {error.detail}") from error
        self.copies.enter_context(copy)
        return copy.path

    async def part(self, part: InputModel) -> Path:
        return await self.model(part.name, part.origin, part.config)

    async def picture(self, stored: StoredImage, what: str) -> Image.Image:
        try:
            data = await self._bytes_of(stored)
        except ObjectMissing as error:
            raise InvalidParameters(f"{what} is not in the storage any more; upload it again.") from error
        return await asyncio.to_thread(open_source, data, what)

    async def _bytes_of(self, stored: StoredImage) -> bytes:
        try:
            return await self.context.storage.get(stored.key)
        except ObjectMissing:
            async with self.context.database.read() as session:
                key = await find_key(session, stored.id)
            if key in (None, stored.key):
                raise
            # A file of an earlier version, which was written anew since this job's inputs were looked up.
            return await self.context.storage.get(key)


async def _setup(job: ClaimedJob, inputs: JobInputs, model: Path, reader: _Reader) -> Setup:
    return Setup(
        model,
        job.model_config,
        tuple(
            [LoraUse(lora.model.name, await reader.part(lora.model), lora.weight) for lora in inputs.loras]
        ),
        await reader.part(inputs.vae) if inputs.vae is not None else None,
    )


async def _request(
    asked: DiffusionParameters, inputs: JobInputs, reader: _Reader, refiner_start: float | None
) -> EngineRequest:
    source, inpaint = None, None
    if inputs.source is not None:
        source = await reader.picture(inputs.source, "the source image")
        if isinstance(asked, InpaintParameters):
            mask = await reader.picture(inputs.mask, "the mask image") if inputs.mask is not None else None
            where = await asyncio.to_thread(mask_of, source, mask, invert=asked.mask_invert)
            inpaint = Inpaint(
                where,
                blur=asked.mask_blur,
                only_masked=asked.inpaint_area == "masked",
                padding=asked.mask_padding,
                # Without a mask what was clear is what is painted, so nothing of it stays clear.
                keep_clear=mask is not None or asked.mask_invert,
            )
    controls = [
        ControlUse(
            path=await reader.part(control.model),
            image=await reader.picture(control.image, "the ControlNet's image"),
            preprocessor=control.parameters.preprocessor,
            weight=control.parameters.weight,
            start=control.parameters.start,
            end=control.parameters.end,
            depth_model=reader.context.settings.depth_model_dir
            if control.parameters.preprocessor == "depth"
            else None,
        )
        for control in inputs.controls
    ]
    return EngineRequest(
        prompt=asked.prompt_to_run,
        negative_prompt=asked.negative_prompt_to_run,
        width=asked.width,
        height=asked.height,
        steps=asked.steps,
        cfg_scale=asked.cfg_scale,
        sampler=asked.sampler,
        seed=asked.seed,
        clip_skip=asked.clip_skip,
        guidance=asked.guidance,
        refiner_start=refiner_start,
        source=source,
        strength=asked.strength if isinstance(asked, FromImageParameters) else 1.0,
        inpaint=inpaint,
        controls=tuple(controls),
    )


async def _to_enlarge(
    asked: UpscaleParameters, inputs: JobInputs, model: Path, reader: _Reader
) -> EngineInput:
    if inputs.source is None:
        raise InvalidParameters("There is nothing to enlarge: name a source image.")
    source = await reader.picture(inputs.source, "the source image")
    loaded = EngineInput(enlarge=Enlarge(model, source, asked.scale))
    refine = asked.refine
    if refine is not None and inputs.refine is not None:
        loaded.setup = Setup(await reader.part(inputs.refine), inputs.refine.config)
        loaded.request = EngineRequest(
            prompt=refine.prompt_to_run,
            negative_prompt=refine.negative_prompt_to_run,
            # Models make sides of eights; the engine cuts the picture back to its size.
            width=-(-asked.width // 8) * 8,
            height=-(-asked.height // 8) * 8,
            steps=refine.steps,
            cfg_scale=refine.cfg_scale,
            sampler=refine.sampler,
            seed=refine.seed,
            source=source,
            strength=refine.strength,
        )
    return loaded


def _refiner_start(config: Mapping[str, Any]) -> float | None:
    """Where the model's refiner takes over, for models that name one."""
    return float(config.get("refiner_start", REFINER_START)) if config.get("refiner") else None
