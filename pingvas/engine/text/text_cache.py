"""Embeddings of prompts that were encoded lately, kept within a number of bytes. For the engine's thread alone."""

from __future__ import annotations

import dataclasses
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from typing import Any, TypeVar

import torch

T = TypeVar("T")


@dataclasses.dataclass(frozen=True)
class TextKey:
    """All that an embedding depends on. `model` says which weights, with the LoRAs and their strengths; `kind` which
    of the model's encoders and what is read from it.
    """

    model: Hashable
    kind: str
    text: str
    clip_skip: int = 1
    chunks: int | None = None


class TextCache:
    """Least recently used goes first. What it gives out is shared: nobody may write into those tensors."""

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self.bytes = 0
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()

    def fetch(self, key: Hashable, make: Callable[[], T]) -> T:
        """What is kept under `key`, or what `make` returns, kept from now on if it fits at all."""
        if key in self._kept:
            self._kept.move_to_end(key)
            found: T = self._kept[key]
            return found
        made = make()
        size = count_bytes(made)
        if size <= self.max_bytes:
            self._kept[key] = made
            self.bytes += size
            while self.bytes > self.max_bytes:
                self.bytes -= count_bytes(self._kept.popitem(last=False)[1])
        return made

    def clear(self) -> None:
        """Forget everything: when memory is short, or weights change that no key tells apart."""
        self._kept.clear()
        self.bytes = 0


def count_bytes(value: Any) -> int:
    """Bytes of the tensors in a tensor, a dataclass, a mapping or a sequence of such; None has none."""
    if value is None:
        return 0
    if isinstance(value, torch.Tensor):
        return value.nbytes
    if isinstance(value, Mapping):
        return sum(count_bytes(part) for part in value.values())
    if isinstance(value, (tuple, list)):
        return sum(count_bytes(part) for part in value)
    if dataclasses.is_dataclass(value):
        return sum(count_bytes(getattr(value, part.name)) for part in dataclasses.fields(value))
    raise TypeError(f"there are no tensors to count in a {type(value).__name__}")
