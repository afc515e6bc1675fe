"""Bugs put into a running studio: a function that raises what nobody foresaw, once, and then does its work."""

from __future__ import annotations

from typing import Any

import pytest


class Trip:
    """How often a function was called that raised at its first call."""

    def __init__(self) -> None:
        self.calls = 0


def trip_once(monkeypatch: pytest.MonkeyPatch, owner: object, name: str) -> Trip:
    """Let the coroutine function `name` of a module or class raise at its next call."""
    real, trip = getattr(owner, name), Trip()

    async def tripping(*given: Any, **more: Any) -> Any:
        trip.calls += 1
        if trip.calls == 1:
            raise KeyError("a bug that was put here")
        return await real(*given, **more)

    monkeypatch.setattr(owner, name, tripping)
    return trip
