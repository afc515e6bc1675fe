"""The engine beside no torchvision, a broken one and a sound one."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from pingvas.engine.images.without_torchvision import hide_broken_torchvision, import_spandrel


@pytest.fixture
def torchvision(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An installed torchvision without compiled parts, found before any other; what is imported is put back."""
    before = taken_out("torchvision")
    package = tmp_path / "torchvision"
    package.mkdir()
    (package / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield package
    taken_out("torchvision")
    sys.modules.update(before)


@pytest.fixture
def spandrel_forgotten() -> Iterator[None]:
    """As if spandrel had not been imported yet; afterwards it is again what it was."""
    before = taken_out("spandrel")
    yield
    taken_out("spandrel")
    sys.modules.update(before)


def taken_out(package: str) -> dict[str, ModuleType]:
    names = [name for name in sys.modules if name.partition(".")[0] == package]
    return {name: sys.modules.pop(name) for name in names}


def test_a_torchvision_that_loads_is_left_alone(torchvision: Path) -> None:
    assert not hide_broken_torchvision()

    found = importlib.util.find_spec("torchvision")
    assert found is not None
    assert found.origin == str(torchvision / "__init__.py")


def test_a_torchvision_that_does_not_load_is_as_good_as_absent(torchvision: Path) -> None:
    (torchvision / "_C.so").write_bytes(b"made for another torch")

    assert hide_broken_torchvision()

    assert importlib.util.find_spec("torchvision") is None
    with pytest.raises(ImportError):
        import torchvision as broken  # type: ignore[import-not-found]  # noqa: F401


def test_spandrel_is_imported_beside_a_broken_torchvision_and_leaves_no_trace(
    torchvision: Path, spandrel_forgotten: None
) -> None:
    (torchvision / "__init__.py").write_text("raise RuntimeError('operator does not exist')")
    (torchvision / "_C.so").write_bytes(b"made for another torch")

    spandrel = import_spandrel()

    assert spandrel.ModelLoader is not None
    left = {name: module for name, module in sys.modules.items() if name.startswith("torchvision")}
    assert left == {"torchvision": None}


def test_spandrel_takes_a_sound_torchvision(torchvision: Path, spandrel_forgotten: None) -> None:
    functional = torchvision / "transforms" / "functional.py"
    functional.parent.mkdir()
    (functional.parent / "__init__.py").write_text("")
    functional.write_text("InterpolationMode = rotate = normalize = 'sound'")

    spandrel = import_spandrel()

    assert spandrel.architectures.RestoreFormer.tv_normalize == "sound"


def test_spandrel_is_imported_once() -> None:
    assert import_spandrel() is import_spandrel()
    assert "Compact" in dir(import_spandrel().architectures)
