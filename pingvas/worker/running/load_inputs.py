"""Loads what a job is made from before the engine is asked: models on this machine's disk, pictures in memory.

Nothing here needs the engine, so the engine works on while files come over the network.
"""

from __future__ import annotations

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
from pingvas.engine.images.sources import open_picture
from pingvas.engine.images.transparency import filled
from pingvas.engine.requests import ControlUse, Inpaint, LoraUse, PictureRequest, Setup
from pingvas.generation.queue.claims import ClaimedJob
from pingvas.generation.queue.job_inputs import ModelPart, Parts, StoredPicture, load_parts
from pingvas.worker.running.engine_input import EngineInput, Enlarge
from pingvas.worker.running.job_context import JobContext

# The share of the way after which a refiner takes over, as its makers advise.
REFINER_START = 0.8


async def load_inputs(job: ClaimedJob, context: JobContext) -> EngineInput:
    """Everything that the job's parameters name. Close what is returned.

    Raises EngineError and the errors of model files for what is gone or damaged, StorageUnavailable and
    ModelFilesUnavailable for what may be there again later, DatabaseUnavailable.
    """
    async with context.database.read() as session:
        parts = await load_parts(session, job)
    with ExitStack() as copies:
        reader = _Reader(context, copies)
        model = await reader.model(job.model_name, job.model_origin, job.model_config)
        if job.job_type == "upscale":
            loaded = await _to_enlarge(job, parts, model, reader)
        else:
            loaded = EngineInput(
                setup=await _setup(job, parts, model, reader), request=await _request(job, parts, reader)
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

    async def part(self, part: ModelPart) -> Path:
        return await self.model(part.name, part.origin, part.config)

    async def picture(self, stored: StoredPicture, what: str) -> Image.Image:
        try:
            data = await self.context.storage.get(stored.key)
        except ObjectMissing as error:
            raise InvalidParameters(f"{what} is not in the storage any more; upload it again.") from error
        return open_picture(data, what)


async def _setup(job: ClaimedJob, parts: Parts, model: Path, reader: _Reader) -> Setup:
    return Setup(
        model,
        job.model_config,
        tuple([LoraUse(lora.model.name, await reader.part(lora.model), lora.weight) for lora in parts.loras]),
        await reader.part(parts.vae) if parts.vae is not None else None,
    )


async def _request(job: ClaimedJob, parts: Parts, reader: _Reader) -> PictureRequest:
    asked = job.parameters
    source, inpaint = None, None
    if parts.source is not None:
        source = await reader.picture(parts.source, "the source image")
        if job.job_type == "inpaint":
            mask = await reader.picture(parts.mask, "the mask image") if parts.mask is not None else None
            where = mask_of(source, mask, invert=asked["mask_invert"])
            if mask is None and not asked["mask_invert"]:
                source = filled(source)  # what was clear is what is painted, so nothing of it stays clear
            inpaint = Inpaint(
                where,
                blur=asked["mask_blur"],
                only_masked=asked["inpaint_area"] == "masked",
                padding=asked["mask_padding"],
            )
    controls = [
        ControlUse(
            path=await reader.part(control.model),
            image=await reader.picture(control.image, "the ControlNet's image"),
            preprocessor=control.preprocessor,
            weight=control.weight,
            start=control.start,
            end=control.end,
            depth_model=reader.context.settings.depth_model_dir if control.preprocessor == "depth" else None,
        )
        for control in parts.controls
    ]
    return PictureRequest(
        prompt=_run(asked, "prompt"),
        negative_prompt=_run(asked, "negative_prompt"),
        width=asked["width"],
        height=asked["height"],
        steps=asked["steps"],
        cfg_scale=asked["cfg_scale"],
        sampler=asked["sampler"],
        seed=asked["seed"],
        clip_skip=asked.get("clip_skip", 1),
        guidance=asked.get("guidance"),
        refiner_start=_refiner_start(job.model_config),
        source=source,
        strength=asked.get("strength", 1.0),
        inpaint=inpaint,
        controls=tuple(controls),
    )


async def _to_enlarge(job: ClaimedJob, parts: Parts, model: Path, reader: _Reader) -> EngineInput:
    asked = job.parameters
    if parts.source is None:
        raise InvalidParameters("There is nothing to enlarge: name a source image.")
    source = await reader.picture(parts.source, "the source image")
    loaded = EngineInput(enlarge=Enlarge(model, source, asked["scale"]))
    refine = asked.get("refine")
    if refine is not None and parts.refine is not None:
        loaded.setup = Setup(await reader.part(parts.refine), parts.refine.config)
        loaded.request = PictureRequest(
            prompt=_run(refine, "prompt"),
            negative_prompt=_run(refine, "negative_prompt"),
            # Models make sides of eights; the engine cuts the picture back to its size.
            width=-(-asked["width"] // 8) * 8,
            height=-(-asked["height"] // 8) * 8,
            steps=refine["steps"],
            cfg_scale=refine["cfg_scale"],
            sampler=refine["sampler"],
            seed=refine["seed"],
            source=source,
            strength=refine["strength"],
        )
    return loaded


def _refiner_start(config: Mapping[str, Any]) -> float | None:
    """Where the model's refiner takes over, for models that name one."""
    return float(config.get("refiner_start", REFINER_START)) if config.get("refiner") else None


def _run(asked: Mapping[str, Any], name: str) -> str:
    """A prompt as it is run: what stands beside the typed one, where it differs."""
    return str(asked.get(f"resolved_{name}", asked[name]))
