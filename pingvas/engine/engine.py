"""The engine: keeps models loaded and makes pictures with them, on the thread that calls.

`prepare` has what a batch shares in memory; `run` makes one picture, `open_batch` lets many be made together.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import torch

from pingvas.engine import denoise
from pingvas.engine.batch import Batch, Ends, IsCanceled, OnStep, Seat
from pingvas.engine.denoise import Row
from pingvas.engine.errors import EngineError, OutOfMemory
from pingvas.engine.families.family import Family
from pingvas.engine.load import open_model, pick_device, size_of
from pingvas.engine.preview import Projection, draw_preview, read_projection
from pingvas.engine.relief import Relief, is_out_of_memory
from pingvas.engine.requests import PictureRequest, Result, Setup, StepReport
from pingvas.engine.shelf import Book, Shelf


def _nobody_listens(report: StepReport) -> None:
    """Stands in for a listener that is not there."""


def _never() -> bool:
    return False


class Engine:
    """Not for two threads at once. `device` as in the settings; `threads` None leaves torch's own choice.

    `device_bytes` and `memory_bytes` bound the weights kept on the device and in memory; None: as many as fit one model
    at a time on the device, and none beside it.
    """

    def __init__(
        self,
        device: str = "auto",
        *,
        threads: int | None = None,
        device_bytes: int | None = 0,
        memory_bytes: int | None = 0,
    ) -> None:
        if threads is not None:
            torch.set_num_threads(threads)
        self.device = pick_device(device)
        self.setup: Setup | None = None
        self._family: Family | None = None
        self._projection: Projection | None = None
        self._shelf = Shelf(self.device, device_bytes=device_bytes, memory_bytes=memory_bytes)
        self._relief = Relief(self._free_memory, self._less_memory)

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

    def has(self, setup: Setup) -> bool:
        """Whether nothing needs to be loaded for it."""
        return self.setup == setup

    def load(self, path: Path | str, config: Mapping[str, Any]) -> None:
        """`prepare` for a model without parts of its own choice."""
        self.prepare(Setup(Path(path), config))

    def prepare(self, setup: Setup) -> None:
        """Have everything in memory that pictures of this setup share; does nothing when it is there.

        Raises ModelNotFound, ModelLoadFailed, InvalidParameters, OutOfMemory; nothing is prepared then.
        """
        if self.has(setup):
            return
        self.setup = None
        self._family = None
        family = self._open(setup.model)
        self._projection = read_projection(setup.config, family.channels)
        self._family = family
        self.setup = setup

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
        batch = self.open_batch()
        seat = self.join(batch, request, on_step, is_canceled)
        while seat.outcome is None:
            self.step(batch)
        if isinstance(seat.outcome, EngineError):
            raise seat.outcome
        return seat.outcome

    def open_batch(self) -> Batch:
        """A batch of pictures with the prepared setup; it ends when another setup is prepared."""
        return Batch(self._loaded(), draw=self._preview_of, sync=self._wait_for_device, relief=self._relief)

    def join(
        self,
        batch: Batch,
        request: PictureRequest,
        on_step: OnStep = _nobody_listens,
        is_canceled: IsCanceled = _never,
    ) -> Seat:
        """Let a picture join a batch before its next step. Raises EngineError when it cannot begin."""
        family = self._loaded()
        with torch.inference_mode():
            return batch.join(request, _ends_of(family, request), on_step, is_canceled)

    def step(self, batch: Batch) -> list[Seat]:
        """Move a batch on by one step; returns the seats that ended."""
        with torch.inference_mode():
            return batch.step()

    def _loaded(self) -> Family:
        if self._family is None:
            raise RuntimeError("prepare a setup first")
        return self._family

    def _open(self, path: Path) -> Family:
        family: Family | None = self._shelf.take(path)
        if family is not None:
            return family
        self._shelf.make_room(size_of(path))
        self._free_memory()
        try:
            family = open_model(path, self.device)
        except (MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
        # Outside the handler, where the traceback no longer holds the tensors that filled the memory.
        if family is None:
            self._shelf.forget()
            self._free_memory()
            raise OutOfMemory("There is too little memory on this device for this model.")
        self._shelf.put(path, Book(family, size_of(path), family.move, self.device))
        return family

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

    def _free_memory(self) -> None:
        gc.collect()
        if self.device.type == "cuda":
            torch.cuda.empty_cache()

    def _less_memory(self) -> AbstractContextManager[None]:
        return self._loaded().less_memory()


def _ends_of(family: Family, request: PictureRequest) -> Ends:
    return Ends(lambda: denoise.begin(family, request), lambda row: denoise.finish(family, row))
