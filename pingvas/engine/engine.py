"""The engine: makes pictures with loaded models, on the thread that calls.

`prepare` has what a batch shares in memory; `run` makes one picture, `open_batch` lets many be made together, and
`upscale` makes one larger.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import torch
from PIL import Image

from pingvas.engine.batch import Batch, BatchEntry, IsCanceled, OnStep
from pingvas.engine.devices import pick_device
from pingvas.engine.encode_decode import encode_decode_of
from pingvas.engine.errors import EngineError
from pingvas.engine.families.family import Conditioning, Family
from pingvas.engine.images.upscale import upscale
from pingvas.engine.loading.model_library import Library
from pingvas.engine.memory.model_cache import ModelCache
from pingvas.engine.memory.out_of_memory import MemoryFallback, is_out_of_memory
from pingvas.engine.requests import UPSCALING, EngineRequest, Result, Setup, StepReport
from pingvas.engine.sampling import denoise, lora
from pingvas.engine.sampling.control import residuals_of
from pingvas.engine.sampling.denoise import Row
from pingvas.engine.sampling.fit_projection import projection_for
from pingvas.engine.sampling.preview import Projection, draw_preview, read_projection
from pingvas.engine.sampling.side_stream import SideStream
from pingvas.engine.text.text_cache import TextCache

TEXT_CACHE_BYTES = 256 * 2**20


def _nobody_listens(report: StepReport) -> None:
    """Stands in for a listener that is not there."""


def _never() -> bool:
    return False


class Engine:
    """Not for two threads at once. `device` as in the settings; `threads` None leaves torch's own choice.

    `device_share` of a card's memory and `memory_bytes` of the machine's bound the weights that are kept there; what is in
    use stays whatever the bound. `folder` keeps what is worked out once per machine. `decode_aside` decodes pictures while
    others go on; None: on cards.
    """

    def __init__(
        self,
        device: str = "auto",
        *,
        threads: int | None = None,
        device_share: float = 0.7,
        memory_bytes: int = 0,
        folder: Path | None = None,
        compile_networks: bool = False,
        decode_aside: bool | None = None,
    ) -> None:
        if threads is not None:
            torch.set_num_threads(threads)
        self.device = pick_device(device)
        self.setup: Setup | None = None
        self._folder = folder
        self._family: Family | None = None
        self._projection: Projection | None = None
        on_card = self.total_bytes
        device_bytes = memory_bytes if on_card is None else int(on_card * device_share)
        model_cache = ModelCache(self.device, device_bytes=device_bytes, memory_bytes=memory_bytes)
        self._library = Library(self.device, model_cache, compile_networks=compile_networks)
        self._fallback = MemoryFallback(self._free, self._less_memory)
        self._texts = TextCache(TEXT_CACHE_BYTES)
        # On a CPU the cores are all there is, and two threads of torch fight for them.
        side_stream = self.device.type == "cuda" if decode_aside is None else decode_aside
        self._side_stream = SideStream(self.device) if side_stream else None

    @property
    def facts(self) -> dict[str, str]:
        """What else decides the pixels: kept beside a picture, so that a difference can be explained."""
        import diffusers

        dtype = str(self._family.dtype).removeprefix("torch.") if self._family else ""
        return {
            "device": self.device.type,
            "dtype": dtype,
            "torch": torch.__version__,
            "diffusers": diffusers.__version__,
        }

    @property
    def total_bytes(self) -> int | None:
        """The device's memory; None where it is the machine's own."""
        if self.device.type != "cuda":
            return None
        return int(torch.cuda.get_device_properties(self.device).total_memory)

    def has(self, setup: Setup) -> bool:
        """Whether nothing needs to be loaded for it."""
        return self.setup == setup

    def keeps(self, setup: Setup) -> bool:
        """Whether its model is in memory, if not in use: on the device, or ready to be moved there."""
        return self._library.has_family(setup.model, setup.config)

    def load(self, path: Path | str, config: Mapping[str, Any]) -> None:
        """`prepare` for a model without parts of one's own choice."""
        self.prepare(Setup(Path(path), config))

    def prepare(self, setup: Setup) -> None:
        """Have everything in memory that pictures of this setup share; does nothing when it is there.

        Raises ModelNotFound, ModelLoadFailed, InvalidParameters, OutOfMemory; nothing is prepared then.
        """
        if self.has(setup):
            return
        self.setup = None
        self._family = None
        self._texts.clear()
        family = self._library.family(setup.model, setup.config)
        family.configure(setup.config)
        family.vae = family.own_vae if setup.vae is None else self._library.vae(setup.vae, family)
        lora.attach(family, setup.loras)
        self._projection = read_projection(setup.config, family.channels)
        if self._projection is None:
            self._projection = projection_for(family, self._folder and self._folder / "projections")
        self._family = family
        self.setup = setup

    def run(
        self,
        request: EngineRequest,
        on_step: OnStep = _nobody_listens,
        is_canceled: IsCanceled = _never,
    ) -> Result:
        """Make one picture. `on_step` is called on this thread after every step, so it must be quick.

        `is_canceled` is asked before every call of the model. Raises Canceled, OutOfMemory, InvalidParameters;
        each knows the seconds worked until then, and leaves the engine usable.
        """
        batch = self.open_batch()
        entry = self.join(batch, request, on_step, is_canceled)
        while entry.outcome is None:
            self.step(batch)
        if isinstance(entry.outcome, EngineError):
            raise entry.outcome
        return entry.outcome

    def open_batch(self) -> Batch:
        """A batch of pictures with the prepared setup; it ends when another setup is prepared."""
        family = self._loaded()
        return Batch(
            family,
            draw=self._preview_of,
            sync=self._wait_for_device,
            fallback=self._fallback,
            residuals_of=lambda *known: residuals_of(family, *known),
            side_stream=self._side_stream,
        )

    def join(
        self,
        batch: Batch,
        request: EngineRequest,
        on_step: OnStep = _nobody_listens,
        is_canceled: IsCanceled = _never,
    ) -> BatchEntry:
        """Let a picture join a batch before its next step. Raises EngineError when it cannot begin.

        What has to be loaded for it is loaded first, in nobody's time: that is not paid for.
        """
        with torch.inference_mode():
            self._load_controls(request)
            ends = encode_decode_of(self._loaded(), request, self._library, self._encode)
            return batch.join(request, ends, on_step, is_canceled)

    def step(self, batch: Batch) -> list[BatchEntry]:
        """Move a batch on by one step; returns the entries that ended."""
        with torch.inference_mode():
            return batch.step()

    def upscale(
        self,
        path: Path,
        image: Image.Image,
        scale: float,
        on_step: OnStep = _nobody_listens,
        is_canceled: IsCanceled = _never,
    ) -> Result:
        """`image` (RGB or RGBA) `scale` times as large, by the upscaler at `path`. Reports and errors as `run`'s."""
        began = time.monotonic()

        def hear(done: int, total: int) -> None:
            pace = (time.monotonic() - began) / max(1, done)
            on_step(StepReport(done, total, UPSCALING, pace))

        try:
            upscaler = self._library.upscaler(path)
            began = time.monotonic()
            with torch.inference_mode():
                larger = upscale(upscaler, image, scale, on_progress=hear, is_canceled=is_canceled)
        except EngineError as error:
            self._library.free()
            error.gpu_seconds = time.monotonic() - began
            raise
        return Result(larger, time.monotonic() - began)

    def works(self) -> bool:
        """Whether the device still does what it is told: after some errors a card refuses everything while the process lives."""
        try:
            return bool(torch.ones(1, device=self.device).add(1).item() == 2)
        except RuntimeError as error:
            return is_out_of_memory(error)

    def _load_controls(self, request: EngineRequest) -> None:
        for use in request.controls:
            self._library.control(use.path, self._loaded())
            if use.depth_model is not None:
                self._library.depth(use.depth_model)

    def _loaded(self) -> Family:
        if self._family is None:
            raise RuntimeError("prepare a setup first")
        return self._family

    def _encode(self, request: EngineRequest) -> tuple[Conditioning, Conditioning | None]:
        """What the family makes of the request's words, remembered while the setup is the same."""
        key = (
            request.prompt,
            request.negative_prompt if request.guided else None,
            request.clip_skip,
            request.guidance,
            request.width,
            request.height,
        )
        positive, negative = self._texts.fetch(key, lambda: self._loaded().encode(request))
        return dict(positive), None if negative is None else dict(negative)

    def _preview_of(self, row: Row) -> Callable[[], bytes | None]:
        """Draws what a row shows now, whenever it is called: tensors are replaced, never written into."""
        family, projection = self._loaded(), self._projection
        guess = denoise.guess(family, row)
        width, height = row.request.width, row.request.height

        def draw() -> bytes | None:
            if projection is None:
                return None
            with torch.inference_mode():
                return draw_preview(guess(), projection, width=width, height=height, factor=family.factor)

        return draw

    def _wait_for_device(self) -> None:
        """A card takes orders ahead of doing them: wait, or steps would be reported and timed before they are done."""
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)

    def _free(self) -> None:
        self._texts.clear()
        self._library.free()

    def _less_memory(self) -> AbstractContextManager[None]:
        return self._loaded().less_memory()
