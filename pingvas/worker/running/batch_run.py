"""A batch under way on the engine's thread: guests come in between two steps, and each leaves with its own outcome.

It never waits for the network: who is ready comes along, who is not joins later.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from pingvas.engine.batch import Batch, Seat
from pingvas.engine.engine import Engine
from pingvas.engine.errors import Canceled, EngineError
from pingvas.engine.requests import LOADING_MODEL, StepReport
from pingvas.worker.running.engine_queue import Guest, Inbox

log = logging.getLogger(__name__)


@dataclass
class Tally:
    """What an engine has done so far. `busy_seconds` is the time worked on pictures, loading not among it."""

    batches: int = 0
    pictures: int = 0
    most_at_once: int = 0
    busy_seconds: float = 0.0

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Counts the time within."""
        began = time.monotonic()
        try:
            yield
        finally:
            self.busy_seconds += time.monotonic() - began


class BatchRun:
    """One batch, from the guest that opens it until the last one has left.

    `prepare` loads what a guest needs. `note_bug` is called before anybody is told of a bug in the engine.
    """

    def __init__(
        self,
        engine: Engine,
        inbox: Inbox,
        tally: Tally,
        prepare: Callable[[Guest], None],
        note_bug: Callable[[], None],
    ) -> None:
        self._engine = engine
        self._inbox = inbox
        self._tally = tally
        self._prepare = prepare
        self._note_bug = note_bug
        self._guests: dict[Seat, Guest] = {}

    def run(self, host: Guest) -> None:
        """Raises nothing: a bug in the engine ends everybody's way, and each of them is told of it."""
        coming = [host, *self._inbox.take_for(host, host.seats - 1)]
        try:
            coming = self._wanted(coming)
            if not coming or not self._load(coming):
                return
            batch = self._engine.open_batch()
            self._tally.batches += 1
            while True:
                self._seat(batch, coming)
                coming = []
                if not self._guests:
                    return
                with self._tally.busy():
                    ended = self._engine.step(batch)
                for seat in ended:
                    self._part(seat)
                coming = self._wanted(self._inbox.take_for(host, self._free_seats(host)))
        except Exception as error:
            log.exception("a batch of %d pictures ended by a bug", len(self._guests))
            self._note_bug()
            for guest in [*coming, *self._guests.values()]:
                guest.leave(error)

    def _load(self, coming: list[Guest]) -> bool:
        """False, and everybody told, when what they share cannot be loaded."""
        setup = coming[0].work.setup
        if setup is None or self._engine.has(setup):
            return True
        for guest in coming:
            if guest.work.request is not None:
                guest.on_step(StepReport(0, guest.work.request.steps_to_run, LOADING_MODEL))
        try:
            self._prepare(coming[0])
        except EngineError as error:
            for guest in coming:
                guest.leave(error)
            return False
        return True

    def _wanted(self, coming: list[Guest]) -> list[Guest]:
        """Those of them who were not stopped while they waited."""
        for guest in coming:
            if guest.is_stopped():
                guest.leave(Canceled("The job was stopped before its turn."))
        return [guest for guest in coming if not guest.left.done()]

    def _seat(self, batch: Batch, coming: list[Guest]) -> None:
        for guest in coming:
            if guest.work.request is None:
                raise ValueError("a batch is of pictures")
            try:
                with self._tally.busy():
                    seat = self._engine.join(batch, guest.work.request, guest.on_step, guest.is_stopped)
            except EngineError as error:
                guest.leave(error)
            except Exception as error:  # met before it had a seat: no bug of the others
                log.exception("a picture could not begin")
                self._note_bug()
                guest.leave(error)
            else:
                self._guests[seat] = guest
        self._tally.pictures += len(coming)
        self._tally.most_at_once = max(self._tally.most_at_once, len(self._going()))

    def _part(self, seat: Seat) -> None:
        if seat.outcome is not None:
            self._guests.pop(seat).leave(seat.outcome)

    def _going(self) -> list[Guest]:
        """Those who take part in the steps; a picture that is being decoded needs its seat no more."""
        return [guest for seat, guest in self._guests.items() if seat.decoding is None]

    def _free_seats(self, host: Guest) -> int:
        going = self._going()
        return max(0, min((guest.seats for guest in going), default=host.seats) - len(going))
