"""The cache of embeddings: what is asked for again is not made again, and it never holds more than it may."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch

from pingvas.engine.text.clip_text import ClipText
from pingvas.engine.text.text_cache import TextCache, TextKey, count_bytes

KEY = TextKey("mini", "clip", "a red house")


def kilobytes(number: int) -> torch.Tensor:
    return torch.zeros(number, 256)


def test_the_same_text_is_encoded_once() -> None:
    cache = TextCache(max_bytes=4096)
    made: list[str] = []

    def encode() -> torch.Tensor:
        made.append("x")
        return kilobytes(1)

    for key in (
        KEY,
        KEY,
        replace(KEY, chunks=2),
        replace(KEY, clip_skip=2),
        replace(KEY, model="other"),
        KEY,
    ):
        cache.fetch(key, encode)

    assert len(made) == 4
    assert cache.bytes == 4096


def test_the_least_recently_used_goes_first() -> None:
    cache = TextCache(max_bytes=3 * 1024)
    kept = {name: cache.fetch(name, lambda: kilobytes(1)) for name in "abc"}
    cache.fetch("a", lambda: kilobytes(1))

    cache.fetch("d", lambda: kilobytes(1))

    assert cache.bytes == 3 * 1024
    assert cache.fetch("a", lambda: kilobytes(1)) is kept["a"]
    assert cache.fetch("c", lambda: kilobytes(1)) is kept["c"]
    assert cache.fetch("b", lambda: kilobytes(1)) is not kept["b"]


def test_what_is_larger_than_the_cache_is_not_kept_and_pushes_nothing_out() -> None:
    cache = TextCache(max_bytes=2048)
    small = cache.fetch("small", lambda: kilobytes(1))

    large = cache.fetch("large", lambda: kilobytes(3))

    assert large.nbytes == 3 * 1024
    assert cache.fetch("small", lambda: kilobytes(1)) is small
    assert cache.bytes == 1024


def test_what_failed_is_not_kept() -> None:
    cache = TextCache(max_bytes=2048)

    with pytest.raises(ZeroDivisionError):
        cache.fetch("a", lambda: 1 / 0)

    assert cache.bytes == 0
    assert cache.fetch("a", lambda: None) is None


def test_cleared_is_empty() -> None:
    cache = TextCache(max_bytes=2048)
    first = cache.fetch("a", lambda: kilobytes(1))

    cache.clear()

    assert cache.bytes == 0
    assert cache.fetch("a", lambda: kilobytes(1)) is not first


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, 0),
        (kilobytes(1).half(), 512),
        (ClipText(kilobytes(2), kilobytes(1)), 3072),
        ({"a": kilobytes(1), "b": (kilobytes(1), None)}, 2048),
    ],
)
def test_bytes_are_those_of_the_tensors(value: Any, expected: int) -> None:
    assert count_bytes(value) == expected


def test_a_value_of_unknown_size_is_refused() -> None:
    with pytest.raises(TypeError, match="no tensors to count in a str"):
        TextCache(max_bytes=10).fetch("a", lambda: "text")
