"""Packages are installed with the bytes that requirements-hashes.txt names, and with no others."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from pingvas.base.settings import REPOSITORY

PINS = ("requirements.txt", "requirements-dev.txt", "requirements-node.txt")
# Its build is chosen for the machine, so there is no one file of it.
UNHASHED = {"torch"}
HASHES = REPOSITORY / "requirements-hashes.txt"

Install = Callable[[Path, str], subprocess.CompletedProcess[str]]


def pinned(text: str) -> dict[str, str]:
    """Name → version of every line that pins one."""
    return dict(re.findall(r"^([\w.\[\]-]+)==([^\s;\\]+)", text, re.MULTILINE))


def hashed() -> dict[str, tuple[str, list[str]]]:
    """Name → version and hashes of requirements-hashes.txt."""
    block = r"^([\w.-]+)==(\S+)([^\n]*(?:\n +--hash=sha256:[0-9a-f]{64}[^\n]*)*)"
    blocks = re.findall(block, HASHES.read_text(), re.MULTILINE)
    return {name: (version, re.findall(r"sha256:([0-9a-f]{64})", rest)) for name, version, rest in blocks}


def one_spelling(name: str) -> str:
    """Packages go by several spellings of one name."""
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_pin_has_hashes_of_its_version_and_nothing_else_has() -> None:
    pins: dict[str, str] = {}
    for name in PINS:
        pins |= pinned((REPOSITORY / name).read_text())
    wanted = {one_spelling(name.partition("[")[0]): version for name, version in pins.items()}

    found = hashed()

    assert {one_spelling(name): version for name, (version, _) in found.items()} == {
        name: version for name, version in wanted.items() if name not in UNHASHED
    }
    assert [name for name, (_, hashes) in found.items() if not hashes] == []


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    """A package of one module, in a folder that installers look into."""
    path = tmp_path / "wheels" / "toy_package-1.0-py3-none-any.whl"
    path.parent.mkdir()
    info = "toy_package-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("toy_package.py", "COLOUR = 'red'\n")
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: toy-package\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", f"toy_package.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n")
    return path


def run(arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "UV_"))}
    environment |= {"PIP_CONFIG_FILE": os.devnull, "UV_NO_CONFIG": "1"}
    return subprocess.run(arguments, env=environment, capture_output=True, text=True)


def by_pip(wheel: Path, block: str) -> subprocess.CompletedProcess[str]:
    """As `./studio` and the image install uv itself."""
    requirement = wheel.parent / "requirement.txt"
    requirement.write_text(block)
    pip = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--no-index"]
    where = ["--find-links", str(wheel.parent), "--target", str(wheel.parent / "installed")]
    return run([*pip, *where, "--no-deps", "--require-hashes", "-r", str(requirement)])


def by_uv(wheel: Path, block: str) -> subprocess.CompletedProcess[str]:
    """As `./studio` and the image install everything else: the pins, constrained by the hashes."""
    pins, hashes = wheel.parent / "pins.txt", wheel.parent / "hashes.txt"
    pins.write_text("toy-package==1.0\n")
    hashes.write_text(block)
    uv = [
        str(Path(sys.executable).with_name("uv")),
        "pip",
        "install",
        "--offline",
        "--no-index",
        "--no-cache",
    ]
    where = ["--find-links", str(wheel.parent), "--target", str(wheel.parent / "installed")]
    return run([*uv, *where, "-r", str(pins), "-c", str(hashes)])


@pytest.mark.parametrize("install", [by_pip, by_uv])
def test_other_bytes_than_those_that_are_named_are_refused(wheel: Path, install: Install) -> None:
    # given
    right = hashlib.sha256(wheel.read_bytes()).hexdigest()
    block = "toy-package==1.0 \\\n    --hash=sha256:{}\n"
    installed = wheel.parent / "installed" / "toy_package.py"

    # when
    refused = install(wheel, block.format("0" * 64))
    there_after_the_refusal = installed.exists()
    taken = install(wheel, block.format(right))

    # then
    assert refused.returncode != 0
    assert not there_after_the_refusal
    assert "hash" in (refused.stdout + refused.stderr).lower()
    assert taken.returncode == 0, taken.stderr
    assert installed.exists()


@pytest.mark.parametrize("file", ["studio", "deploy/Dockerfile"])
def test_whoever_installs_names_the_hashes(file: str) -> None:
    text = (REPOSITORY / file).read_text()

    assert "--require-hashes" in text
    assert re.search(r'"-c", HASHES|-c requirements-hashes\.txt', text)
