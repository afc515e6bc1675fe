"""Work beside the denoising: on a card, decoding one picture need not keep the others from their next step."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext
from typing import Any, TypeVar

import torch

T = TypeVar("T")


class SideStream:
    """One thread and, on a card, a stream of its own, for what may overlap with the engine's thread."""

    def __init__(self, device: torch.device) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="decode")
        cuda: Any = torch.cuda
        self._stream: Any = cuda.Stream(device) if device.type == "cuda" else None

    def submit(self, work: Callable[[], T]) -> Future[T]:
        """Begin `work` when all that the calling thread has told the device so far is done."""
        told = None
        if self._stream is not None:
            told = torch.cuda.current_stream().record_event()
        return self._thread.submit(self._run, work, told)

    def _run(self, work: Callable[[], T], told: Any) -> T:
        stream: Any = nullcontext()
        if self._stream is not None:
            self._stream.wait_event(told)
            stream = torch.cuda.stream(self._stream)
        with torch.inference_mode(), stream:
            return work()
