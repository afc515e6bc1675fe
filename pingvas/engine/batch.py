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

from PIL import Image

from pingvas.engine.encode_decode import Ends
from pingvas.engine.errors import Canceled, EngineError, OutOfMemory, Unforeseen
from pingvas.engine.families.family import Family
from pingvas.engine.memory.out_of_memory import Relief, is_out_of_memory, with_relief
from pingvas.engine.requests import DENOISING, VAE_DECODE, PictureRequest, Result, StepReport
from pingvas.engine.sampling import denoise
from pingvas.engine.sampling.denoise import ResidualsOf, Row
from pingvas.engine.sampling.side_stream import Aside
from pingvas.engine.sampling.time_shares import Meter, Share

log = logging.getLogger(__name__)

OnStep = Callable[[StepReport], None]
IsCanceled = Callable[[], bool]


@dataclass(eq=False)
class Seat:
    """One picture in a batch. `outcome` is there once it has left: the picture, or why there is none.

    A step's time is divided among the seats by the rows of the network's batch that each took.
    """

    request: PictureRequest
    on_step: OnStep
    is_canceled: IsCanceled
    row: Row
    ends: Ends
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
    `aside`, pictures are decoded there while the others go on.
    """

    def __init__(
        self,
        family: Family,
        *,
        draw: Callable[[Row], Callable[[], bytes | None]],
        sync: Callable[[], None],
        relief: Relief,
        residuals_of: ResidualsOf | None = None,
        aside: Aside | None = None,
    ) -> None:
        self.seats: list[Seat] = []
        self._family = family
        self._draw = draw
        self._sync = sync
        self._relief = relief
        self._residuals_of = residuals_of
        self._aside = aside
        self._meter = Meter()
        # How many go through the network at once, after more than that were too much for the device.
        self._together: int | None = None

    def join(self, request: PictureRequest, ends: Ends, on_step: OnStep, is_canceled: IsCanceled) -> Seat:
        """Take a seat before the next step. Raises EngineError when the picture cannot even begin."""
        share = Share()
        try:
            with self._meter.work((share, 1)):
                row = with_relief(ends.begin, self._relief, _size(request))
                self._sync()  # or what the device was told here would be everybody's time
        except EngineError as error:
            error.gpu_seconds = share.seconds
            raise
        seat = Seat(request, on_step, is_canceled, row, ends, share)
        self.seats.append(seat)
        return seat

    def step(self) -> list[Seat]:
        """Move everybody on by one call of the network; returns the seats that have ended, which have left.

        When nobody is left to move, it waits for a picture that is being decoded.
        """
        for seat in self.seats:
            if seat.decoding is None and seat.is_canceled():
                seat.end(Canceled("The job was canceled."))
        going = [seat for seat in self.seats if seat.outcome is None and not seat.row.done]
        with self._meter.work(*((seat.share, seat.row.calls) for seat in going)):
            if going:
                self._advance(going)
            for seat in self.seats:
                if seat.outcome is None and seat.row.done and seat.decoding is None:
                    self._finish(seat)
            self._collect(wait=not going)
        ended = [seat for seat in self.seats if seat.outcome is not None]
        self.seats = [seat for seat in self.seats if seat.outcome is None]
        return ended

    def _advance(self, seats: list[Seat]) -> None:
        before = [(seat.row.step, seat.gpu_seconds) for seat in seats]
        size = self._together or len(seats)
        for first in range(0, len(seats), size):
            self._advance_some(seats[first : first + size])
        self._sync()
        self._meter.settle()
        for seat, (step, seconds) in zip(seats, before, strict=True):
            seat.denoising_seconds += seat.gpu_seconds - seconds
            if seat.outcome is None and seat.row.step > step:
                self._report(seat)

    def _advance_some(self, seats: list[Seat]) -> None:
        indices = [seat.row.index for seat in seats]
        if not self._advance_together(seats):
            self._together = max(1, len(seats) // 2)
            # Memory may have run out after some had moved already.
            still = [seat for seat, index in zip(seats, indices, strict=True) if seat.row.index == index]
            self._advance_one_by_one(still)

    def _advance_together(self, seats: list[Seat]) -> bool:
        """False when all at once is too much for the device."""
        try:
            denoise.advance(self._family, [seat.row for seat in seats], self._residuals_of)
        except (MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
            return False
        return True

    def _advance_one_by_one(self, seats: list[Seat]) -> None:
        for seat in seats:
            self._relief.free()
            try:
                with_relief(lambda row=seat.row: self._alone(row), self._relief, _size(seat.request))  # type: ignore[misc]
            except OutOfMemory as error:
                seat.end(error)

    def _alone(self, row: Row) -> None:
        denoise.advance(self._family, [row], self._residuals_of)

    def _report(self, seat: Seat) -> None:
        row = seat.row
        pace = seat.denoising_seconds / max(1, row.step)
        seat.on_step(StepReport(row.step, row.total_steps, DENOISING, pace, self._draw(row)))

    def _finish(self, seat: Seat) -> None:
        if seat.is_canceled():
            seat.end(Canceled("The job was canceled."))
            return
        seat.on_step(StepReport(seat.row.total_steps, seat.row.total_steps, VAE_DECODE))
        if self._aside is None:
            seat.outcome = self._decode(seat)
        else:
            seat.decoding = self._aside.submit(lambda: self._decode(seat))

    def _decode(self, seat: Seat) -> Result | EngineError:
        """The end of a seat's way. Changes nothing but the seat, for it may run beside the others' steps."""
        found: Image.Image | EngineError
        with self._meter.work((seat.share, 1)):
            try:
                found = with_relief(lambda: seat.ends.finish(seat.row), self._relief, _size(seat.request))
            except EngineError as error:
                found = error
            except Exception as bug:
                log.exception("the end of a picture")
                found = Unforeseen("The engine met an error nobody foresaw at the end of this picture.")
                found.__cause__ = bug
        if isinstance(found, EngineError):
            found.gpu_seconds = seat.gpu_seconds
            return found
        return Result(found, seat.gpu_seconds)

    def _collect(self, *, wait: bool) -> None:
        """Take over what was decoded aside."""
        pending = {seat.decoding: seat for seat in self.seats if seat.decoding is not None}
        if wait and pending:
            futures.wait(pending, return_when=futures.FIRST_COMPLETED)
        for decoding, seat in pending.items():
            if decoding.done():
                seat.outcome = decoding.result()


def _size(request: PictureRequest) -> str:
    return f"{request.width}x{request.height}"
