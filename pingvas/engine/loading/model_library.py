"""The library: opens models and their parts, keeps those used lately, and says by name when there is no room for one."""

from __future__ import annotations

import gc
from collections.abc import Callable, Hashable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import torch

from pingvas.engine.checkpoints.safetensors_header import safetensors_in
from pingvas.engine.errors import OutOfMemory
from pingvas.engine.families.family import Family
from pingvas.engine.images.depth import DepthModel, open_depth_model
from pingvas.engine.images.upscale import Upscaler, open_upscaler
from pingvas.engine.loading.autoencoders import expect_fitting, open_vae
from pingvas.engine.loading.load import open_model, size_of
from pingvas.engine.memory.model_cache import CacheEntry, ModelCache
from pingvas.engine.memory.out_of_memory import is_out_of_memory
from pingvas.engine.sampling.control import open_control

T = TypeVar("T")


class Library:
    """Whatever was loaded, on one device. `compile_networks` hands a family's network to torch.compile."""

    def __init__(
        self, device: torch.device, model_cache: ModelCache, *, compile_networks: bool = False
    ) -> None:
        self.device = device
        self._shelf = model_cache
        self._compile = compile_networks

    def family(self, path: Path, config: Mapping[str, Any]) -> Family:
        """The model at `path`. Raises ModelNotFound, ModelLoadFailed, OutOfMemory."""

        def open_it() -> Family:
            family = open_model(path, self.device, config)
            family.own_vae = family.vae
            if self._compile:
                family.network.compile(dynamic=True)
            return family

        return self._have(_key_of(path, config), path, open_it, lambda family: family.move)

    def has_family(self, path: Path, config: Mapping[str, Any]) -> bool:
        """Whether the model at `path` needs not be read from disk."""
        return _key_of(path, config) in self._shelf

    def vae(self, path: Path, family: Family) -> Any:
        """The VAE at `path`, for this family. Raises ModelNotFound, ModelLoadFailed, InvalidParameters, OutOfMemory."""
        # A file without a configuration takes the family's, scaling and all.
        key = ("vae", path, family.name, family.own_vae.dtype)
        vae = self._have(key, path, lambda: open_vae(path, family), lambda found: found.to)
        expect_fitting(vae, family, path.stem)
        return vae

    def control(self, path: Path, family: Family) -> Any:
        """The ControlNet at `path`. Raises ModelNotFound, ModelLoadFailed, InvalidParameters, OutOfMemory."""
        key = ("control", path, family.dtype, family.name)
        return self._have(key, path, lambda: open_control(path, family), lambda found: found.to)

    def upscaler(self, path: Path) -> Upscaler:
        """The upscaler at `path`: a safetensors file, or a folder with one. Raises ModelNotFound, ModelLoadFailed."""
        file = next(iter(safetensors_in(path)), path) if path.is_dir() else path
        return self._have(file, file, lambda: open_upscaler(file, self.device), lambda found: found.to)

    def depth(self, path: Path) -> DepthModel:
        """The depth model in folder `path`. Raises ModelNotFound, ModelLoadFailed, OutOfMemory."""
        key = ("depth", path)
        return self._have(
            key, path, lambda: open_depth_model(path, self.device), lambda found: found.network.to
        )

    def free(self) -> None:
        """Give back memory that nothing uses."""
        gc.collect()
        if self.device.type == "cuda":
            torch.cuda.empty_cache()

    def _have(
        self,
        key: Hashable,
        path: Path,
        open_it: Callable[[], T],
        mover: Callable[[T], Callable[[torch.device], Any]],
    ) -> T:
        found: T | None = self._shelf.take(key)
        if found is not None:
            return found
        if self._shelf.make_room(size_of(path)):
            self.free()
        try:
            found = open_it()
        except (MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
        # Outside the handler, where the traceback no longer holds the tensors that filled the memory.
        if found is None:
            self._shelf.forget()
            self.free()
            raise OutOfMemory(f"There is too little memory on this device for {path.name}.")
        self._shelf.put(key, CacheEntry(found, _weights_of(found), mover(found), self.device))
        return found


def _key_of(path: Path, config: Mapping[str, Any]) -> Hashable:
    return (path, str(config.get("components")), str(config.get("refiner")))


def _weights_of(found: Any) -> int:
    """Bytes of the weights of something loaded: a family, a module, or what holds one."""
    if isinstance(found, Upscaler):
        return found.bytes
    parts = found.parts() if isinstance(found, Family) else [getattr(found, "network", found)]
    return sum(weights.nbytes for part in parts for weights in part.parameters())
