"""What is kept loaded, and what has to go when there is too little room."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from harness.toy_models import CONFIG, make_toy_model
from pingvas.engine.engine import Engine
from pingvas.engine.errors import OutOfMemory
from pingvas.engine.memory.model_cache import CacheEntry, ModelCache
from pingvas.engine.requests import Setup

CARD, MEMORY = torch.device("meta"), torch.device("cpu")


class Thing:
    """Something with weights that can be moved."""

    def __init__(self) -> None:
        self.device = CARD

    def move(self, device: torch.device) -> None:
        self.device = device


def put(model_cache: ModelCache, name: str, size: int) -> Thing:
    thing = Thing()
    model_cache.make_room(size)
    model_cache.put(name, CacheEntry(thing, size, thing.move, CARD))
    return thing


def test_what_does_not_fit_on_the_card_waits_in_memory_and_comes_back() -> None:
    model_cache = ModelCache(CARD, device_bytes=10, memory_bytes=100)
    first, second = put(model_cache, "first", 6), put(model_cache, "second", 6)
    assert (first.device, second.device) == (MEMORY, CARD)

    assert model_cache.take("first") is first

    assert (first.device, second.device) == (CARD, MEMORY)


def test_the_least_recently_used_goes_first() -> None:
    model_cache = ModelCache(CARD, device_bytes=12, memory_bytes=100)
    first, second = put(model_cache, "first", 6), put(model_cache, "second", 6)
    model_cache.take("first")

    third = put(model_cache, "third", 6)

    assert (first.device, second.device, third.device) == (CARD, MEMORY, CARD)


def test_what_fits_nowhere_is_forgotten() -> None:
    model_cache = ModelCache(CARD, device_bytes=6, memory_bytes=6)
    for name in ("first", "second", "third"):
        put(model_cache, name, 6)

    assert model_cache.keys() == ["second", "third"]
    assert model_cache.take("first") is None


def test_what_was_asked_for_last_stays_however_large_it_is() -> None:
    model_cache = ModelCache(CARD, device_bytes=1, memory_bytes=0)

    thing = put(model_cache, "large", 50)

    assert model_cache.take("large") is thing
    assert thing.device == CARD


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_toy_model(tmp_path_factory.mktemp("models") / "other", seed=3)


def test_a_model_that_is_kept_is_not_read_again(toy_f8: Path, other: Path) -> None:
    roomy, narrow = Engine("cpu", threads=1, memory_bytes=2**30), Engine("cpu", threads=1)
    families: dict[Engine, list[Any]] = {roomy: [], narrow: []}

    for engine, seen in families.items():
        for path in (toy_f8, other, toy_f8):
            engine.prepare(Setup(path, CONFIG))
            seen.append(engine._family)

    assert families[roomy][0] is families[roomy][2]
    assert families[narrow][0] is not families[narrow][2]


def test_another_vae_changes_the_colours_and_the_own_one_comes_back(
    toy_f8: Path, other: Path, ask: Any
) -> None:
    engine = Engine("cpu", threads=1, memory_bytes=2**30)
    engine.prepare(Setup(toy_f8, CONFIG))
    own = engine.run(ask()).image.tobytes()

    engine.prepare(Setup(toy_f8, CONFIG, vae=other))
    with_other = engine.run(ask()).image.tobytes()
    engine.prepare(Setup(toy_f8, CONFIG))

    assert with_other != own
    assert engine.run(ask()).image.tobytes() == own


@pytest.mark.filterwarnings("ignore:`torch.jit.script:DeprecationWarning")  # torch warns of its own code
def test_a_compiled_network_draws_the_same(toy_f8: Path, engine: Engine, ask: Any) -> None:
    compiled = Engine("cpu", threads=1, compile_networks=True)
    with torch.compiler.set_stance("force_eager"):  # what is compiled is torch's business, and takes minutes
        compiled.load(toy_f8, CONFIG)
        image = compiled.run(ask()).image
    assert compiled._family is not None

    assert image.tobytes() == engine.run(ask()).image.tobytes()
    assert compiled._family.network._compiled_call_impl is not None


def test_a_model_that_does_not_fit_is_named_and_others_may_follow(
    toy_f8: Path, ask: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = Engine("cpu", threads=1)

    def no_room(*_: Any, **__: Any) -> None:
        torch.empty(2**60)

    with monkeypatch.context() as patched:
        patched.setattr("pingvas.engine.loading.model_library.open_model", no_room)
        with pytest.raises(OutOfMemory, match=toy_f8.name):
            engine.load(toy_f8, CONFIG)

    engine.load(toy_f8, CONFIG)
    assert engine.run(ask()).image.size == (64, 64)
