"""`pingvas models add | list | verify | remove`: the operator's side of the catalog, beside a running studio or alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from pingvas.adapters.model_files import ModelFiles, OnProgress, open_model_files
from pingvas.adapters.model_source import is_remote, place_of, read_source
from pingvas.base import migrate
from pingvas.base.db import Database
from pingvas.base.errors import Invalid, NotFound, Unavailable
from pingvas.base.settings import Settings
from pingvas.base.visible_text import accept_name
from pingvas.billing.plans import plan_names
from pingvas.catalog.contents import Files, hash_file, hash_files, is_model_file
from pingvas.catalog.describe import UPSCALER, describe, model_type_of, where_weights_are
from pingvas.catalog.install import (
    NameTaken,
    NewModel,
    Removal,
    add_model,
    find_by_name,
    get_by_name,
    list_catalog,
    remove_model,
)
from pingvas.catalog.models import bases_of, kind_of
from pingvas.catalog.tables import AiModel
from pingvas.launch.model_to_add import (
    PARTS,
    ModelToAdd,
    checked_name,
    look_at,
    name_from,
    name_of_address,
    read_address,
    read_card,
    read_said,
)
from pingvas.launch.model_trial import (
    OPENING,
    Place,
    find_hosts,
    is_a_part,
    place_here,
    try_model,
    why_it_cannot_be_opened,
)

__all__ = [
    "Checked",
    "ModelToAdd",
    "Removal",
    "Shown",
    "add",
    "list_models",
    "remove",
    "verify",
]

_MAX_DISPLAY_NAME = 200


@dataclass(frozen=True)
class Shown:
    """A model as the list shows it."""

    name: str
    kind: str
    bases: str
    size_bytes: int
    tiers: str
    is_active: bool
    where: str


@dataclass(frozen=True)
class Checked:
    """One file of a model; `wrong` is None when it is what was added."""

    model: str
    file: str
    wrong: str | None


async def add(settings: Settings, new: ModelToAdd, on_progress: OnProgress) -> Shown:
    """Look at the files, open them for trial, record their hashes, and put the model into the catalog.

    Raises Invalid for what is no model or cannot be used, NameTaken, and what fetching and copying raise.
    """
    address = read_address(new.where)
    files = open_model_files(settings)
    async with _catalog(settings) as database:
        await _check_tiers(database, new.tiers)
        if new.name is not None:
            await _expect_free(database, checked_name(new.name))
        if is_remote(address):
            source, copy = await files.collect(address, is_model_file, on_progress)
            try:
                hashes = {
                    name: {"sha256": facts.sha256, "size": facts.size} for name, facts in source.files.items()
                }
                return await _add_at(database, files, new, address, copy.path, hashes)
            except (Invalid, NotFound) as error:
                copy.close()
                await files.forget(source)
                # A fetched copy is named for its content, which says nothing to people.
                said = error.detail.replace(copy.path.name, name_of_address(address))
                raise type(error)(said) from error
            finally:
                copy.close()
        return await _add_at(database, files, new, None, Path(address), None)


async def _add_at(
    database: Database,
    files: ModelFiles,
    new: ModelToAdd,
    address: str | None,
    path: Path,
    hashes: Files | None,
) -> Shown:
    detected = await asyncio.to_thread(look_at, path)
    model_type = model_type_of(detected, has_components=new.components is not None)
    kind = detected.kind
    if new.kind not in (None, kind, model_type if kind != "upscaler" else kind):
        raise Invalid(f"This is a {kind}, not a {new.kind}.")
    card = read_card(path)
    name = checked_name(new.name or card.get("name") or name_from(path))
    said_name = str(new.display_name or card.get("display_name") or name)
    display_name = accept_name(said_name, field="display_name", longest=_MAX_DISPLAY_NAME)
    await _expect_free(database, name)
    path = where_weights_are(path, detected)
    async with database.read() as session:
        said = card | await read_said(session, new, detected, card)
        unhashed = describe(detected, name, {}, said)
        hosts = await find_hosts(session, files, unhashed) if detected.kind in PARTS else []
    # Before the hashes, which take a large file minutes.
    said = await asyncio.to_thread(try_model, path, unhashed, hosts) | said
    if hashes is None:
        hashes = await asyncio.to_thread(hash_files, path)
    config = describe(detected, name, hashes, said)
    uploaded = new.copy_to_storage
    if uploaded:
        address = await files.upload(path, hashes, name, single=config["layout"] == "file")
    row = NewModel(
        name=name,
        display_name=display_name,
        model_type=model_type,
        version=str(card.get("version", "1")),
        address=address or str(path),
        path=None if address else str(path),
        size_bytes=sum(int(facts["size"]) for facts in hashes.values()),
        config=config,
        required_tiers=new.tiers,
    )
    try:
        async with database.transaction() as session:
            return _shown(await add_model(session, row))
    except NameTaken:
        if uploaded:
            await files.delete_uploaded(read_source(row.address, config))
        raise


async def list_models(settings: Settings) -> list[Shown]:
    """Every model of the catalog by name."""
    async with _catalog(settings) as database, database.read() as session:
        return [_shown(model) for model in await list_catalog(session)]


async def verify(settings: Settings, name: str | None) -> list[Checked]:
    """Read every file of one model, or of all, compare it with what was recorded, and open the model for trial.

    A fetched copy with a wrong file in it is removed, so that it is fetched again. Raises NotFound.
    """
    files = open_model_files(settings)
    async with _catalog(settings) as database, database.read() as session:
        models = [await get_by_name(session, name)] if name else await list_catalog(session)
        hosts = {
            model.id: await find_hosts(session, files, model.config) for model in models if is_a_part(model)
        }
    found: list[Checked] = []
    for model in models:
        compared = await _verify(files, model)
        found += compared
        if not any(each.wrong for each in compared):
            found += await _try(files, model, hosts.get(model.id, []))
    return found


async def remove(settings: Settings, name: str) -> Removal:
    """Take a model out of the catalog. Raises NotFound.

    One that jobs name, or that ships with the studio, is switched off instead. Of its files only those go that the
    studio made: the fetched copy, and the copy in its storage.
    """
    files = open_model_files(settings)
    async with _catalog(settings) as database:
        async with database.transaction() as session:
            model = await get_by_name(session, name)
            models_dir = settings.models_dir.resolve()
            place = place_of(model.s3_path, settings.storage_location, models_dir)
            ships = place is not None and place.is_relative_to(models_dir)
            removal = await remove_model(session, model, keep_row=ships)
            source = read_source(model.s3_path, model.config)
        if is_remote(source.address):
            await files.forget(source)
        if removal == "deleted":
            await files.delete_uploaded(source)
    return removal


async def _verify(files: ModelFiles, model: AiModel) -> list[Checked]:
    source = read_source(model.s3_path, model.config)
    if not source.files:
        return [Checked(model.name, model.s3_path, "nobody recorded its files; add it again")]
    copy = files.find_copy(source)
    if copy is None and not is_remote(source.address):
        return [Checked(model.name, source.address, "is missing")]
    if copy is None:
        wrong = await files.look(source)
        return [Checked(model.name, name, wrong.get(name)) for name in source.files]
    found = []
    for name, facts in source.files.items():
        file = copy if source.single else copy / name
        wrong_here = await asyncio.to_thread(_compare, file, facts.size, facts.sha256)
        found.append(Checked(model.name, name, wrong_here))
    fetched = is_remote(source.address) and any(each.wrong for each in found)
    if fetched and await files.forget(source):
        return [
            Checked(each.model, each.file, each.wrong and f"{each.wrong}; fetched again when needed")
            for each in found
        ]
    return found


async def _try(files: ModelFiles, model: AiModel, hosts: list[Place]) -> list[Checked]:
    """A line for a model that is as it was added, and that the engine cannot open all the same."""
    place = place_here(files, model)
    if place is None:
        return []
    why = await asyncio.to_thread(why_it_cannot_be_opened, *place, kind_of(model), hosts)
    return [Checked(model.name, OPENING, f"fails: {why}")] if why else []


def _compare(file: Path, size: int, sha256: str | None) -> str | None:
    try:
        now = file.stat().st_size
        if now != size:
            return f"has {now} bytes instead of {size}"
        return None if hash_file(file) == sha256 else "has other bytes than those that were added"
    except FileNotFoundError:
        return "is missing"
    except OSError as error:
        return f"cannot be read: {error.strerror}"


@asynccontextmanager
async def _catalog(settings: Settings) -> AsyncIterator[Database]:
    assert settings.database_url is not None  # noqa: S101 - the command line found one
    if await migrate.current(settings.database_url) != migrate.head():
        raise Unavailable("The database is not at this version yet; run `pingvas migrate` first.")
    database = Database(settings.database_url, pool_size=2)
    try:
        yield database
    finally:
        await database.dispose()


async def _check_tiers(database: Database, tiers: tuple[str, ...]) -> None:
    if not tiers:
        return
    async with database.read() as session:
        plans = await plan_names(session)
    unknown = [tier for tier in tiers if tier not in plans]
    if unknown:
        raise Invalid(f"There is no plan named {unknown[0]!r}; --tier is one of {', '.join(plans)}.")


async def _expect_free(database: Database, name: str) -> None:
    """Before anything is hashed or copied; adding looks once more. Raises NameTaken."""
    async with database.read() as session:
        found = await find_by_name(session, name)
    if found is not None and found.is_active:
        raise NameTaken(
            f"A model named {name!r} is in the catalog already. Choose another --name, or remove it first."
        )


def _shown(model: AiModel) -> Shown:
    return Shown(
        name=model.name,
        kind=kind_of(model),
        bases="-" if kind_of(model) == UPSCALER else ", ".join(sorted(bases_of(model.config))) or "?",
        size_bytes=model.size_bytes,
        tiers=", ".join(model.required_tiers) or "all",
        is_active=model.is_active,
        where=model.s3_path.partition("?")[0],
    )
