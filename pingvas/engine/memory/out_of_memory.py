"""What is done when the device is full: free what is not needed, need less, try once more, then give up by name."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TypeVar

import torch

from pingvas.engine.errors import OutOfMemory

T = TypeVar("T")


@dataclass(frozen=True)
class MemoryFallback:
    """`free` gives unused memory back. Within `less` the model needs less, at the cost of time and exactness."""

    free: Callable[[], None]
    less: Callable[[], AbstractContextManager[None]]


def is_out_of_memory(error: BaseException) -> bool:
    """torch says it by a type on a card and by words on a CPU."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return "DefaultCPUAllocator" in str(error) or "not enough memory" in str(error)


def with_memory_fallback(work: Callable[[], T], fallback: MemoryFallback, what: str) -> T:
    """Do `work`; when memory runs out, once more with less. Raises OutOfMemory, naming `what` was too much."""
    try:
        return work()
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
    # Outside the handler, where the traceback no longer holds the tensors that filled the memory.
    fallback.free()
    try:
        with fallback.less():
            return work()
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
    fallback.free()
    raise OutOfMemory(
        f"There is too little memory on this device for {what}. Try a smaller size or fewer parts."
    )
