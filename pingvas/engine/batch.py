"""A batch: pictures of different people that share one loaded model and are moved on together, step by step.

Pictures join and leave between any two steps. Each has its own listener, its own way to be canceled and its own
failure: what happens to one does not touch the others.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent import futures
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial

from PIL import Image

from pingvas.engine.encode_decode import EncodeDecode
from pingvas.engine.errors import Canceled, EngineError, OutOfMemory, Unforeseen
from pingvas.engine.families.family import Family
from pingvas.engine.memory.out_of_memory import MemoryFallback, is_out_of_memory, with_memory_fallback
from pingvas.engine.requests import DENOISING, VAE_DECODE, EngineRequest, Result, StepReport
from pingvas.engine.sampling import denoise
from pingvas.engine.sampling.denoise import ResidualsOf, Row
from pingvas.engine.sampling.side_stream import SideStream
from pingvas.engine.sampling.time_shares import Share, TimeMeter

log = logging.getLogger(__name__)

OnStep = Callable[[StepReport], None]
IsCanceled = Callable[[], bool]


@dataclass(eq=False)
class BatchEntry:
    """One picture in a batch. `outcome` is there once it has left: the picture, or why there is none.

    A step's time is divided among the entries by the rows of the network's batch that each took.
    """

    request: EngineRequest
    on_step: OnStep
    is_canceled: IsCanceled
    row: Row
    ends: EncodeDecode
    share: Share
    outcome: Result | EngineError | None = None
    denoising_seconds: float = field(default=0.0, repr=False)
    decoding: Future[Result | EngineError] | None = field(default=None, repr=False)

    @property
    def gpu_seconds(self) -> float:
        """Its share of the time that the device has worked for the batch."""
        return self.share.seconds

    def end(self, error: EngineError) -> None:
        """Leave without a picture."""
        error.gpu_seconds = self.gpu_seconds
        self.outcome = error


class Batch:
    """Pictures that share one loaded model. For the engine's thread alone.

    `draw` makes a row's preview, to be called later. `sync` waits until the device has done what it was told. With
    `side_stream`, pictures are decoded there while the others go on.
    """

    def __init__(
        self,
        family: Family,
        *,
        draw: Callable[[Row], Callable[[], bytes | None]],
        sync: Callable[[], None],
        fallback: MemoryFallback,
        residuals_of: ResidualsOf | None = None,
        side_stream: SideStream | None = None,
    ) -> None:
        self.entries: list[BatchEntry] = []
        self._family = family
        self._draw = draw
        self._sync = sync
        self._fallback = fallback
        self._residuals_of = residuals_of
        self._side_stream = side_stream
        self._meter = TimeMeter()
        # How many go through the network at once, after more than that were too much for the device.
        self._together: int | None = None

    def join(
        self, request: EngineRequest, ends: EncodeDecode, on_step: OnStep, is_canceled: IsCanceled
    ) -> BatchEntry:
        """Join before the next step. Raises EngineError when the picture cannot even begin."""
        share = Share()
        try:
            with self._meter.work((share, 1)):
                row = with_memory_fallback(ends.begin, self._fallback, _size(request))
                self._sync()  # or what the device was told here would be everybody's time
        except EngineError as error:
            error.gpu_seconds = share.seconds
            raise
        entry = BatchEntry(request, on_step, is_canceled, row, ends, share)
        self.entries.append(entry)
        return entry

    def step(self) -> list[BatchEntry]:
        """Move everybody on by one call of the network; returns the entries that have ended, which have left.

        When nobody is left to move, it waits for a picture that is being decoded.
        """
        for entry in self.entries:
            if entry.decoding is None and entry.is_canceled():
                entry.end(Canceled("The job was canceled."))
        going = [entry for entry in self.entries if entry.outcome is None and not entry.row.done]
        with self._meter.work(*((entry.share, entry.row.calls) for entry in going)):
            if going:
                self._advance(going)
            for entry in self.entries:
                if entry.outcome is None and entry.row.done and entry.decoding is None:
                    self._finish(entry)
            self._collect(wait=not going)
        ended = [entry for entry in self.entries if entry.outcome is not None]
        self.entries = [entry for entry in self.entries if entry.outcome is None]
        return ended

    def _advance(self, entries: list[BatchEntry]) -> None:
        before = [(entry.row.step, entry.gpu_seconds) for entry in entries]
        size = self._together or len(entries)
        for first in range(0, len(entries), size):
            self._advance_some(entries[first : first + size])
        self._sync()
        self._meter.settle()
        for entry, (step, seconds) in zip(entries, before, strict=True):
            entry.denoising_seconds += entry.gpu_seconds - seconds
            if entry.outcome is None and entry.row.step > step:
                self._report(entry)

    def _advance_some(self, entries: list[BatchEntry]) -> None:
        indices = [entry.row.index for entry in entries]
        if not self._advance_together(entries):
            self._together = max(1, len(entries) // 2)
            # Memory may have run out after some had moved already.
            still = [entry for entry, index in zip(entries, indices, strict=True) if entry.row.index == index]
            self._advance_one_by_one(still)

    def _advance_together(self, entries: list[BatchEntry]) -> bool:
        """False when all at once is too much for the device."""
        try:
            denoise.advance(self._family, [entry.row for entry in entries], self._residuals_of)
        except (MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
            return False
        return True

    def _advance_one_by_one(self, entries: list[BatchEntry]) -> None:
        for entry in entries:
            self._fallback.free()
            try:
                with_memory_fallback(partial(self._alone, entry.row), self._fallback, _size(entry.request))
            except OutOfMemory as error:
                entry.end(error)

    def _alone(self, row: Row) -> None:
        denoise.advance(self._family, [row], self._residuals_of)

    def _report(self, entry: BatchEntry) -> None:
        row = entry.row
        pace = entry.denoising_seconds / max(1, row.step)
        entry.on_step(StepReport(row.step, row.total_steps, DENOISING, pace, self._draw(row)))

    def _finish(self, entry: BatchEntry) -> None:
        if entry.is_canceled():
            entry.end(Canceled("The job was canceled."))
            return
        entry.on_step(StepReport(entry.row.total_steps, entry.row.total_steps, VAE_DECODE))
        if self._side_stream is None:
            entry.outcome = self._decode(entry)
        else:
            entry.decoding = self._side_stream.submit(lambda: self._decode(entry))

    def _decode(self, entry: BatchEntry) -> Result | EngineError:
        """The end of an entry's way. Changes nothing but the entry, for it may run beside the others' steps."""
        found: Image.Image | EngineError
        with self._meter.work((entry.share, 1)):
            try:
                found = with_memory_fallback(
                    lambda: entry.ends.finish(entry.row), self._fallback, _size(entry.request)
                )
            except EngineError as error:
                found = error
            except Exception as bug:
                log.exception("the end of a picture")
                found = Unforeseen("The engine met an error nobody foresaw at the end of this picture.")
                found.__cause__ = bug
        if isinstance(found, EngineError):
            found.gpu_seconds = entry.gpu_seconds
            return found
        return Result(found, entry.gpu_seconds)

    def _collect(self, *, wait: bool) -> None:
        """Take over what was decoded beside the steps."""
        pending = {entry.decoding: entry for entry in self.entries if entry.decoding is not None}
        if wait and pending:
            futures.wait(pending, return_when=futures.FIRST_COMPLETED)
        for decoding, entry in pending.items():
            if decoding.done():
                entry.outcome = decoding.result()


def _size(request: EngineRequest) -> str:
    return f"{request.width}x{request.height}"
