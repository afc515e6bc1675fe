"""`pingvas models verify` and `remove`: what was added is checked again, switched off, and copied."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from harness.catalog import make_model
from harness.toy_sdxl import make_toy_sdxl
from pingvas.adapters.model_files import open_model_files
from pingvas.adapters.model_source import read_source
from pingvas.base.db import Database
from pingvas.base.errors import NotFound
from pingvas.base.settings import Settings
from pingvas.catalog.models import get_model
from pingvas.catalog.tables import AiModel
from pingvas.launch.models_command import ModelToAdd, add, list_models, remove, verify
from tests.make.billing import make_person
from tests.make.generation import submit_jobs
from tests.make.safetensors import SD1_LORA, write_safetensors


@pytest.fixture(scope="module")
def xl(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small SDXL folder that can be opened."""
    return make_toy_sdxl(tmp_path_factory.mktemp("models") / "xl")


def copied(folder: Path, where: Path) -> Path:
    shutil.copytree(folder, where)
    return where


def nobody(done: int, total: int) -> None:
    """Nobody looks on."""


async def row_of(database: Database, name: str) -> AiModel:
    async with database.read() as session:
        return (await session.scalars(select(AiModel).where(AiModel.name == name))).one()


async def test_one_changed_byte_is_found(settings: Settings, tmp_path: Path, xl: Path) -> None:
    # given
    folder = copied(xl, tmp_path / "toy")
    await add(settings, ModelToAdd(str(folder)), nobody)
    before = await verify(settings, "toy")

    # when
    weights = folder / "vae" / "diffusion_pytorch_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x01")
    (folder / "unet" / "config.json").unlink()

    # then
    assert {each.wrong for each in before} == {None}
    assert {each.file: each.wrong for each in await verify(settings, None) if each.wrong} == {
        "vae/diffusion_pytorch_model.safetensors": "has other bytes than those that were added",
        "unet/config.json": "is missing",
    }


async def test_a_model_that_jobs_name_is_only_switched_off(
    settings: Settings, database: Database, tmp_path: Path
) -> None:
    # given
    async with database.transaction() as session:
        person = await make_person(session, credits=50)
        await make_model(session)
    await submit_jobs(database, person)

    # when
    removal = await remove(settings, "toy")

    # then
    assert removal == "switched_off"
    async with database.read() as session:
        with pytest.raises(NotFound):
            await get_model(session, "toy")
    assert not (await list_models(settings))[0].is_active


async def test_a_model_that_ships_is_only_switched_off(
    make_settings: Any, database_url: str, tmp_path: Path
) -> None:
    # given: or the next start would bring it back
    settings = make_settings(database_url=database_url, models_dir=tmp_path)
    write_safetensors(tmp_path / "night" / "night.safetensors", SD1_LORA)
    await add(settings, ModelToAdd(str(tmp_path / "night")), nobody)

    assert await remove(settings, "night") == "switched_off"


async def test_a_model_copied_into_the_storage_lives_without_its_origin(
    settings: Settings, database: Database, tmp_path: Path
) -> None:
    # given
    lora = write_safetensors(tmp_path / "night.safetensors", SD1_LORA)
    await add(settings, ModelToAdd(str(lora), copy_to_storage=True), nobody)
    content = lora.read_bytes()
    lora.unlink()

    # when
    model = await row_of(database, "night")
    source = read_source(model.s3_path, model.config)
    with await open_model_files(settings).ensure(source) as copy:
        # then
        assert copy.path.read_bytes() == content
    assert model.s3_path.startswith("storage:models/night/")
    assert [each.wrong for each in await verify(settings, "night")] == [None]
    await remove(settings, "night")
    assert not copy.path.exists()
