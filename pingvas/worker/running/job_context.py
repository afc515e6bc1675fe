"""What the running of a job needs of its worker: settings, database, storage, engine, leases."""

from __future__ import annotations

from dataclasses import dataclass, field

from pingvas.adapters.model_files import ModelFiles
from pingvas.adapters.storage import Storage
from pingvas.base.db import Database
from pingvas.base.settings import Settings
from pingvas.engine.images.credentials import Credentials
from pingvas.worker.running.end_writer import EndWriter
from pingvas.worker.running.engine_thread import EngineThread
from pingvas.worker.running.lease_renewal import LeaseRenewer
from pingvas.worker.running.measurements import Measurements


@dataclass(frozen=True)
class WorkerTimeouts:
    """How long a worker waits, in seconds.

    `drain`: for the running jobs when the worker is told to stop. `abort`: after that, for their step to end.
    `stuck`: for a stopped job to leave the engine, before the engine is taken for stuck.
    `store`: for the storage to come back, with the finished picture in hand. `storage_retry`: before a job handed
    back for want of storage may be tried again.
    """

    drain: float = 20.0
    abort: float = 5.0
    stuck: float = 900.0
    store: float = 600.0
    storage_retry: float = 30.0


@dataclass(frozen=True)
class JobContext:
    """One worker process, as its jobs see it. `memory_bytes` is what its device has for weights and pictures."""

    worker_id: str
    settings: Settings
    database: Database
    storage: Storage
    model_files: ModelFiles
    engine: EngineThread
    leases: LeaseRenewer
    ends: EndWriter
    memory_bytes: int
    timeouts: WorkerTimeouts
    credentials: Credentials | None = None
    measurements: Measurements = field(default_factory=Measurements)
