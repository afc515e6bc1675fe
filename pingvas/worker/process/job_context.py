"""What a job finds in the worker that runs it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pingvas.adapters.model_files import ModelFiles
from pingvas.adapters.storage import Storage
from pingvas.base.db import Database
from pingvas.base.settings import Settings
from pingvas.worker.process.measurements import Measurements

if TYPE_CHECKING:
    from pingvas.worker.process.lease_renewal import LeaseKeeper
    from pingvas.worker.running.end_writer import EndWriter
    from pingvas.worker.running.engine_thread import EngineThread


@dataclass(frozen=True)
class Patience:
    """How long a worker waits, in seconds.

    `drain`: for the running jobs when the worker is told to stop. `let_go`: after that, for their step to end.
    `stuck`: for a stopped job to leave the engine, before the engine is taken for stuck.
    `store`: for the storage to come back, with the finished picture in hand. `after_storage`: before a job handed
    back for want of storage may be tried again.
    """

    drain: float = 20.0
    let_go: float = 5.0
    stuck: float = 900.0
    store: float = 600.0
    after_storage: float = 30.0


@dataclass(frozen=True)
class Workplace:
    """One worker process. `memory_bytes` is what its device has for weights and pictures."""

    worker_id: str
    settings: Settings
    database: Database
    storage: Storage
    model_files: ModelFiles
    engine: EngineThread
    leases: LeaseKeeper
    ends: EndWriter
    memory_bytes: int
    patience: Patience
    measurements: Measurements = field(default_factory=Measurements)
