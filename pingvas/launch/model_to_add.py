"""What an operator says of a model to add, read and checked: the address, the name, what it is made for, what lies beside it."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pingvas.adapters.model_source import REMOTE
from pingvas.adapters.storage_location import S3Location, read_location
from pingvas.base.errors import Invalid
from pingvas.base.read_session import ReadSession
from pingvas.catalog.contents import CARD
from pingvas.catalog.install import base_by_text_width, known_bases
from pingvas.engine.checkpoints.detect import detect
from pingvas.engine.checkpoints.detect_folder import detect_components
from pingvas.engine.checkpoints.detected import FAMILIES, FAMILY_BY_TEXT_WIDTH, Detected
from pingvas.engine.checkpoints.safetensors_header import PICKLES
from pingvas.engine.errors import EngineError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
PARTS = ("lora", "controlnet", "vae")


@dataclass(frozen=True)
class ModelToAdd:
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


def look_at(path: Path, *, family_alone: bool = False) -> Detected:
    """What is at `path`; `family_alone`: of a diffusers folder that need not be whole. Raises Invalid."""
    try:
        if not family_alone:
            return detect(path)
        if not path.is_dir() or not (path / "model_index.json").is_file():
            raise Invalid("--components is a diffusers folder.")
        return detect_components(path)
    except EngineError as error:
        raise Invalid(str(error)) from error


async def read_said(
    session: ReadSession, new: ModelToAdd, detected: Detected, card: Mapping[str, Any]
) -> dict[str, Any]:
    """What the operator says beside the files. Raises Invalid where the files leave a question."""
    said: dict[str, Any] = {}
    if new.trigger_words:
        said["trigger_words"] = list(new.trigger_words)
    if new.prediction is not None:
        if new.prediction not in ("epsilon", "v_prediction", "sample"):
            raise Invalid("--prediction is epsilon, v_prediction or sample.")
        said["prediction_type"] = new.prediction
    said |= await asyncio.to_thread(_beside, new, detected)
    if new.base is not None:
        known = {*FAMILIES, *await known_bases(session)}
        if new.base not in known:
            raise Invalid(f"--base is one of {', '.join(sorted(known))}.")
        _expect_of_base(new.base, detected)
        said["base"] = new.base
    elif detected.kind in PARTS and "base" not in card:
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


def _expect_of_base(base: str, detected: Detected) -> None:
    """Raises Invalid when the operator says a family that the file speaks against."""
    if base not in FAMILIES or detected.kind not in PARTS:
        return
    told = [detected.family] if detected.family else detected.details.get("families", FAMILIES)
    if base not in told:
        raise Invalid(f"--base is {base}, and the file is made for {' or '.join(map(str, told))}.")


def _beside(new: ModelToAdd, detected: Detected) -> dict[str, str]:
    """The folders named beside the model, which have to be of its family. Raises Invalid."""
    said: dict[str, str] = {}
    for option, where in (("components", new.components), ("refiner", new.refiner)):
        if where is None:
            continue
        path = Path(where).expanduser().resolve()
        found = look_at(path, family_alone=option == "components")
        if detected.kind != "checkpoint" or (found.kind, found.family) != ("checkpoint", detected.family):
            is_a = f"a {detected.kind} of {detected.family}"
            raise Invalid(
                f"--{option} is a model of the same family, and this is {is_a}, not {found.family}."
            )
        if option == "refiner" and found.variant != "refiner":
            raise Invalid(f"--refiner: {path.name} is no refiner.")
        said[option] = str(path)
    return said


def read_address(where: str) -> str:
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


def name_of_address(address: str) -> str:
    """The last part of an address: the file's or the folder's own name."""
    return address.partition("?")[0].rstrip("/").rpartition("/")[2]


def read_card(path: Path) -> dict[str, Any]:
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


def name_from(path: Path) -> str:
    stem = path.stem if path.is_file() else path.name
    return re.sub(r"[^A-Za-z0-9._-]+", "-", stem).strip("-._").lower() or "model"


def checked_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise Invalid(f"{name!r} is no name for a model: take letters, digits, '-', '_' and '.'.")
    return name
