"""The cache of models: loaded models and their parts, on the device or in ordinary memory, least recently used out first.

A part that is asked for is moved to the device; what does not fit beside it goes back into memory, and what does not
fit there is forgotten, to be read from disk again.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

import torch


@dataclass
class CacheEntry:
    """Something loaded: `move` puts it on a device, `size_bytes` is what its weights take there."""

    thing: Any
    size_bytes: int
    move: Callable[[torch.device], None]
    device: torch.device


class ModelCache:
    """Keeps what was loaded within two budgets of bytes. None: no limit. What was asked for last always stays."""

    def __init__(self, device: torch.device, *, device_bytes: int | None, memory_bytes: int | None) -> None:
        self._device = device
        self._memory = torch.device("cpu")
        self._device_bytes = device_bytes
        self._memory_bytes = memory_bytes
        self._entries: OrderedDict[Hashable, CacheEntry] = OrderedDict()

    def __contains__(self, key: Hashable) -> bool:
        return key in self._entries

    def keys(self) -> list[Hashable]:
        """What is here, least recently used first."""
        return list(self._entries)

    def take(self, key: Hashable) -> Any | None:
        """What stands under `key`, on the device and used last from now on; None when it is not here."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        self._entries.move_to_end(key)
        if entry.device != self._device:
            self.make_room(entry.size_bytes, keep={key})
            entry.move(self._device)
            entry.device = self._device
        return entry.thing

    def put(self, key: Hashable, entry: CacheEntry) -> None:
        """Add something just loaded; what it displaces goes."""
        self._entries[key] = entry
        self._entries.move_to_end(key)
        self.make_room(0, keep={key})

    def make_room(self, size_bytes: int, keep: set[Hashable] | None = None) -> bool:
        """Move or forget others until `size_bytes` more fit on the device, and the budgets hold; whether any had to."""
        keep = keep or set()
        before = [(key, entry.device) for key, entry in self._entries.items()]
        for key, entry in list(self._entries.items()):
            if self._device_bytes is None or self._used(self._device) + size_bytes <= self._device_bytes:
                break
            if key in keep or entry.device != self._device:
                continue
            if self._device == self._memory:
                del self._entries[key]
            else:
                entry.move(self._memory)
                entry.device = self._memory
        for key, entry in list(self._entries.items()):
            if self._memory_bytes is None or self._used(self._memory) <= self._memory_bytes:
                break
            if key not in keep and entry.device == self._memory:
                del self._entries[key]
        return before != [(key, entry.device) for key, entry in self._entries.items()]

    def forget(self, key: Hashable | None = None) -> None:
        """Forget one thing, or everything."""
        if key is None:
            self._entries.clear()
        else:
            self._entries.pop(key, None)

    def _used(self, device: torch.device) -> int:
        return sum(entry.size_bytes for entry in self._entries.values() if entry.device == device)
