"""`pingvas models add | list | verify | remove`: the operator's side of the catalog, beside a running studio or alone."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.adapters.model_files import ModelFiles, OnProgress, open_model_files
from pingvas.adapters.model_source import REMOTE, is_remote, place_of, read_source
from pingvas.adapters.storage_location import S3Location, read_location
from pingvas.base import migrate
from pingvas.base.db import Database
from pingvas.base.errors import Invalid, NotFound, Unavailable
from pingvas.base.settings import Settings
from pingvas.base.visible_text import accept_name
from pingvas.billing.plans import PRIORITIES
from pingvas.catalog.contents import CARD, Files, hash_file, hash_files, is_model_file
from pingvas.catalog.describe import UPSCALER, describe, model_type_of, where_weights_are
from pingvas.catalog.install import (
    NameTaken,
    NewModel,
    Removal,
    add_model,
    base_by_text_width,
    find_by_name,
    get_by_name,
    known_bases,
    list_catalog,
    remove_model,
)
from pingvas.catalog.models import bases_of, kind_of
from pingvas.catalog.tables import AiModel
from pingvas.engine.checkpoints.detect import detect
from pingvas.engine.checkpoints.detected import FAMILIES, FAMILY_BY_TEXT_WIDTH, Detected
from pingvas.engine.checkpoints.safetensors_header import PICKLES
from pingvas.engine.errors import EngineError

_MAX_DISPLAY_NAME = 200
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_PARTS = ("lora", "controlnet", "vae")


@dataclass(frozen=True)
class Wanted:
    """What to add: a path, or an address in a bucket. None: found from the files, or their card."""

    where: str
    name: str | None = None
    display_name: str | None = None
    kind: str | None = None
    base: str | None = None
    prediction: str | None = None
    components: str | None = None
    refiner: str | None = None
    trigger_words: tuple[str, ...] = ()
    tiers: tuple[str, ...] = ()
    copy_to_storage: bool = False


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


async def add(settings: Settings, wanted: Wanted, on_progress: OnProgress) -> Shown:
    """Look at the files, record their hashes, and put the model into the catalog of `settings.database_url`.

    Raises Invalid for what is no model or cannot be used, NameTaken, and what fetching and copying raise.
    """
    _check_tiers(wanted.tiers)
    address = _read_address(wanted.where)
    files = open_model_files(settings)
    async with _catalog(settings) as database:
        if wanted.name is not None:
            await _expect_free(database, _checked_name(wanted.name))
        if is_remote(address):
            source, copy = await files.collect(address, is_model_file, on_progress)
            try:
                hashes = {
                    name: {"sha256": facts.sha256, "size": facts.size} for name, facts in source.files.items()
                }
                return await _add_at(database, files, wanted, address, copy.path, hashes)
            except (Invalid, NotFound):
                copy.close()
                await files.forget(source)
                raise
            finally:
                copy.close()
        return await _add_at(database, files, wanted, None, Path(address), None)


async def _add_at(
    database: Database,
    files: ModelFiles,
    wanted: Wanted,
    address: str | None,
    path: Path,
    hashes: Files | None,
) -> Shown:
    detected = await asyncio.to_thread(_look_at, path)
    model_type = model_type_of(detected, has_components=wanted.components is not None)
    kind = detected.kind
    if wanted.kind not in (None, kind, model_type if kind != "upscaler" else kind):
        raise Invalid(f"This is a {kind}, not a {wanted.kind}.")
    card = _read_card(path)
    name = _checked_name(wanted.name or card.get("name") or _name_from(path))
    said_name = str(wanted.display_name or card.get("display_name") or name)
    display_name = accept_name(said_name, field="display_name", longest=_MAX_DISPLAY_NAME)
    await _expect_free(database, name)
    path = where_weights_are(path, detected)
    if hashes is None:
        hashes = await asyncio.to_thread(hash_files, path)
    async with database.read() as session:
        said = await _what_is_said(session, wanted, detected, card)
    config = describe(detected, name, hashes, card | said)
    uploaded = wanted.copy_to_storage
    if uploaded:
        address = await files.upload(path, hashes, name, single=config["layout"] == "file")
    new = NewModel(
        name=name,
        display_name=display_name,
        model_type=model_type,
        version=str(card.get("version", "1")),
        address=address or str(path),
        path=None if address else str(path),
        size_bytes=sum(int(facts["size"]) for facts in hashes.values()),
        config=config,
        required_tiers=wanted.tiers,
    )
    try:
        async with database.transaction() as session:
            return _shown(await add_model(session, new))
    except NameTaken:
        if uploaded:
            await files.delete_uploaded(read_source(new.address, config))
        raise


async def list_models(settings: Settings) -> list[Shown]:
    """Every model of the catalog by name."""
    async with _catalog(settings) as database, database.read() as session:
        return [_shown(model) for model in await list_catalog(session)]


async def verify(settings: Settings, name: str | None) -> list[Checked]:
    """Read every file of one model, or of all, and compare it with what was recorded.

    A fetched copy with a wrong file in it is removed, so that it is fetched again. Raises NotFound.
    """
    files = open_model_files(settings)
    async with _catalog(settings) as database, database.read() as session:
        models = [await get_by_name(session, name)] if name else await list_catalog(session)
    found: list[Checked] = []
    for model in models:
        found += await _verify(files, model)
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


def _look_at(path: Path) -> Detected:
    try:
        return detect(path)
    except EngineError as error:
        raise Invalid(str(error)) from error


async def _what_is_said(
    session: AsyncSession, wanted: Wanted, detected: Detected, card: Mapping[str, Any]
) -> dict[str, Any]:
    """What the operator says beside the files. Raises Invalid where the files leave a question."""
    said: dict[str, Any] = {}
    if wanted.trigger_words:
        said["trigger_words"] = list(wanted.trigger_words)
    if wanted.prediction is not None:
        if wanted.prediction not in ("epsilon", "v_prediction", "sample"):
            raise Invalid("--prediction is epsilon, v_prediction or sample.")
        said["prediction_type"] = wanted.prediction
    said |= await asyncio.to_thread(_beside, wanted, detected)
    if wanted.base is not None:
        known = {*FAMILIES, *await known_bases(session)}
        if wanted.base not in known:
            raise Invalid(f"--base is one of {', '.join(sorted(known))}.")
        said["base"] = wanted.base
    elif detected.kind in _PARTS and "base" not in card:
        width = detected.details.get("text_width")
        if width is not None and width not in FAMILY_BY_TEXT_WIDTH:
            base = await base_by_text_width(session, width)
            said |= {"base": base} if base else {}
        elif detected.family is None:
            candidates = detected.details.get("families", FAMILIES)
            raise Invalid(
                f"The file does not tell what this {detected.kind} is made for. Say it with --base: "
                f"{', '.join(candidates)}, or the name of a model."
            )
    return said


def _beside(wanted: Wanted, detected: Detected) -> dict[str, str]:
    """The folders named beside the model, which have to be of its family. Raises Invalid."""
    said: dict[str, str] = {}
    for option, where in (("components", wanted.components), ("refiner", wanted.refiner)):
        if where is None:
            continue
        path = Path(where).expanduser().resolve()
        found = _look_at(path)
        if detected.kind != "checkpoint" or (found.kind, found.family) != ("checkpoint", detected.family):
            is_a = f"a {detected.kind} of {detected.family}"
            raise Invalid(
                f"--{option} is a model of the same family, and this is {is_a}, not {found.family}."
            )
        if (found.variant == "refiner") != (option == "refiner"):
            raise Invalid(
                f"--{option}: {path.name} is {'a' if found.variant == 'refiner' else 'no'} refiner."
            )
        if option == "components" and not found.folder:
            raise Invalid("--components is a diffusers folder.")
        said[option] = str(path)
    return said


def _read_address(where: str) -> str:
    """An absolute path, or an address without keys in it. Raises Invalid."""
    if where.partition("?")[0].lower().endswith(PICKLES):
        raise Invalid(
            f"{where.partition('?')[0].rpartition('/')[2]} is a pickle, which can run any code when opened. "
            "Only safetensors files are taken: convert it first."
        )
    if where.startswith(REMOTE):
        try:
            location = None if where.startswith("storage:") else read_location(where)
        except ValueError as error:
            raise Invalid(str(error).replace("Storage URL", "Address")) from error
        if isinstance(location, S3Location) and location.credentials:
            raise Invalid(
                "Leave the keys out of the address, for the catalog keeps it: set AWS_ACCESS_KEY_ID and "
                "AWS_SECRET_ACCESS_KEY for this command and for the workers."
            )
        return where
    if "://" in where:
        raise Invalid(
            "Only s3:// and file:// addresses are fetched; download other files first and add their path."
        )
    return str(Path(where).expanduser().resolve())


def _read_card(path: Path) -> dict[str, Any]:
    card = path / CARD
    if not card.is_file():
        return {}
    try:
        found = json.loads(card.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise Invalid(f"{card} cannot be read as JSON.") from error
    if not isinstance(found, dict):
        raise Invalid(f"{card} is not a JSON object.")
    return found


def _name_from(path: Path) -> str:
    stem = path.stem if path.is_file() else path.name
    return re.sub(r"[^A-Za-z0-9._-]+", "-", stem).strip("-._").lower() or "model"


def _checked_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise Invalid(f"{name!r} is no name for a model: take letters, digits, '-', '_' and '.'.")
    return name


def _check_tiers(tiers: tuple[str, ...]) -> None:
    unknown = [tier for tier in tiers if tier not in PRIORITIES]
    if unknown:
        raise Invalid(f"There is no plan named {unknown[0]!r}; --tier is one of {', '.join(PRIORITIES)}.")


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
