"""Lets the engine live without torchvision, and beside one that does not fit its torch.

torchvision is compiled for one build of torch, so a pair that was installed piece by piece often fails on import, and
takes every library down that looks for it. Nothing here needs it: spandrel names three of its functions, for two
architectures that are no upscalers.
"""

from __future__ import annotations

import ctypes
import importlib
import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

NAME = "torchvision"
_NEEDED_BY_SPANDREL = {f"{NAME}.transforms.functional": ("InterpolationMode", "normalize", "rotate")}


def hide_broken_torchvision() -> bool:
    """Make a torchvision that cannot be loaded look as if it were not installed; True when there was one.

    To be called before diffusers, transformers or spandrel are imported. A torchvision that fits is left alone.
    """
    if sys.modules.get(NAME) is not None:
        return False
    found = importlib.util.find_spec(NAME)
    if found is None:
        return False
    # Its compiled part finds torch's libraries only where torch has loaded them.
    importlib.import_module("torch")
    if all(_loads(library) for library in _compiled_parts(found)):
        return False
    # Python's own way to say "not to be imported": both `import` and `find_spec` then find nothing.
    sys.modules[NAME] = None  # type: ignore[assignment]
    return True


def import_spandrel() -> Any:
    """The module `spandrel`, with a torchvision or without. It costs a quarter of a second the first time."""
    if "spandrel" in sys.modules:
        return sys.modules["spandrel"]
    hide_broken_torchvision()
    if importlib.util.find_spec(NAME) is not None:
        return importlib.import_module("spandrel")
    with _placeholders():
        return importlib.import_module("spandrel")


def _compiled_parts(found: ModuleSpec) -> list[Path]:
    folders = [Path(folder) for folder in found.submodule_search_locations or ()]
    return [part for folder in folders for name in ("_C*.so", "_C*.pyd") for part in folder.glob(name)]


def _loads(library: Path) -> bool:
    try:
        ctypes.CDLL(str(library))
    except OSError:
        return False
    return True


@contextmanager
def _placeholders() -> Iterator[None]:
    """Modules that bear the names spandrel asks for while it is imported, and are gone afterwards."""
    before = {name: module for name, module in sys.modules.items() if name.partition(".")[0] == NAME}
    names = [NAME, f"{NAME}.transforms", *_NEEDED_BY_SPANDREL]
    try:
        for name in names:
            module = ModuleType(name)
            module.__spec__ = ModuleSpec(name, None, is_package=True)
            module.__path__ = []
            for wanted in _NEEDED_BY_SPANDREL.get(name, ()):
                setattr(module, wanted, _absent)
            sys.modules[name] = module
        yield
    finally:
        for name in names:
            sys.modules.pop(name, None)
        sys.modules.update(before)


def _absent(*args: object, **kwargs: object) -> Any:
    raise NotImplementedError("this architecture needs torchvision")
