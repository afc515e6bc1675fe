"""The engine: keeps one model loaded and makes pictures with it, one call at a time, on the thread that calls."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from PIL import Image

from pingvas.engine.errors import Canceled, EngineError, OutOfMemory
from pingvas.engine.load import open_model, pick_device
from pingvas.engine.preview import Projection, draw_preview, read_projection
from pingvas.engine.requests import DENOISING, VAE_DECODE, PictureRequest, Result, StepReport
from pingvas.engine.stable_diffusion import Canvas, StableDiffusion

OnStep = Callable[[StepReport], None]
IsCanceled = Callable[[], bool]


def _nobody_listens(report: StepReport) -> None:
    """Stands in for a listener that is not there."""


def _never() -> bool:
    return False


class Engine:
    """Not for two threads at once. `device` as in the settings; `threads` None leaves torch's own choice."""

    def __init__(self, device: str = "auto", *, threads: int | None = None) -> None:
        if threads is not None:
            torch.set_num_threads(threads)
        self.device = pick_device(device)
        self.loaded: Path | None = None
        self._model: StableDiffusion | None = None
        self._projection: Projection | None = None

    @property
    def facts(self) -> dict[str, str]:
        """What else decides the pixels: kept beside a picture, so that a difference can be explained."""
        import diffusers

        dtype = str(self._model.dtype).removeprefix("torch.") if self._model else ""
        return {
            "device": self.device.type,
            "dtype": dtype,
            "torch": torch.__version__,
            "diffusers": diffusers.__version__,
        }

    def has(self, path: Path | str) -> bool:
        """Whether the model at `path` is the one in memory."""
        return self.loaded == Path(path)

    def load(self, path: Path | str, config: Mapping[str, Any]) -> None:
        """Make the model in folder `path` the loaded one; does nothing when it is. `config` is the catalog's.

        Raises ModelNotFound, ModelLoadFailed, OutOfMemory; the model before is gone then.
        """
        if self.has(path):
            return
        self._forget_model()
        model = None
        try:
            model = open_model(Path(path), self.device)
        except (MemoryError, RuntimeError) as error:
            if not _is_out_of_memory(error):
                raise
        # Outside the handler, where the traceback no longer holds the tensors that filled the memory.
        if model is None:
            self._free_memory()
            raise OutOfMemory("There is too little memory on this device for this model.")
        self._projection = read_projection(config, model.channels)
        self._model = model
        self.loaded = Path(path)

    def run(
        self,
        request: PictureRequest,
        on_step: OnStep = _nobody_listens,
        is_canceled: IsCanceled = _never,
    ) -> Result:
        """Make one picture. `on_step` is called on this thread after every step, so it must be quick.

        `is_canceled` is asked before every call of the model. Raises Canceled, OutOfMemory, InvalidParameters;
        each knows the seconds worked until then, and leaves the engine usable.
        """
        if self._model is None:
            raise RuntimeError("load a model first")
        started = time.monotonic()
        image = None
        try:
            with torch.inference_mode():
                image = self._make(self._model, request, on_step, is_canceled)
        except EngineError as error:
            error.gpu_seconds = time.monotonic() - started
            raise
        except (MemoryError, RuntimeError) as error:
            if not _is_out_of_memory(error):
                raise
        # Outside the handler, where the traceback no longer holds the tensors that filled the memory.
        if image is None:
            self._free_memory()
            failure = OutOfMemory(
                f"There is too little memory on this device for {request.width}x{request.height}. Try a smaller size."
            )
            failure.gpu_seconds = time.monotonic() - started
            raise failure
        return Result(image, time.monotonic() - started)

    def _make(
        self, model: StableDiffusion, request: PictureRequest, on_step: OnStep, is_canceled: IsCanceled
    ) -> Image.Image:
        canvas = model.begin(request)
        began = time.monotonic()
        while not canvas.done:
            if is_canceled():
                raise Canceled("The job was canceled.")
            before = canvas.step
            model.advance(canvas)
            if canvas.step == before:
                continue
            self._wait_for_device()
            seconds = (time.monotonic() - began) / canvas.step
            on_step(
                StepReport(canvas.step, request.steps, DENOISING, seconds, self._preview_of(model, canvas))
            )
        if is_canceled():
            raise Canceled("The job was canceled.")
        on_step(StepReport(request.steps, request.steps, VAE_DECODE))
        return model.decode(canvas)

    def _preview_of(self, model: StableDiffusion, canvas: Canvas) -> Callable[[], bytes | None]:
        """Draws what is on the canvas now, whenever it is called: tensors are replaced, never written into."""
        projection, guess = self._projection, model.guess(canvas)
        width, height = canvas.request.width, canvas.request.height

        def draw() -> bytes | None:
            if projection is None:
                return None
            with torch.inference_mode():
                return draw_preview(guess(), projection, width=width, height=height, factor=model.factor)

        return draw

    def _wait_for_device(self) -> None:
        """A card takes orders ahead of doing them: wait, or steps would be reported and timed before they are done."""
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)

    def _forget_model(self) -> None:
        if self._model is None:
            return
        self._model = None
        self._projection = None
        self.loaded = None
        self._free_memory()

    def _free_memory(self) -> None:
        gc.collect()
        if self.device.type == "cuda":
            torch.cuda.empty_cache()


def _is_out_of_memory(error: BaseException) -> bool:
    """torch says it by a type on a card and by words on a CPU."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return "DefaultCPUAllocator" in str(error) or "not enough memory" in str(error)
