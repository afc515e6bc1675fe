"""Whether the engine can open a model: asked before one is added, by `models verify` and by `doctor`, all in the same way.

The header is looked at first, which needs no torch; then the model is opened for trial, and torch is imported only for that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pingvas.adapters.model_files import ModelFiles
from pingvas.adapters.model_source import ModelFilesDamaged, read_source
from pingvas.base.errors import Invalid
from pingvas.base.read_session import ReadSession
from pingvas.catalog.describe import model_type_of
from pingvas.catalog.install import list_catalog
from pingvas.catalog.models import bases_of, kind_of, makes_images
from pingvas.catalog.tables import AiModel
from pingvas.engine.checkpoints.detect import detect
from pingvas.engine.errors import EngineError

if TYPE_CHECKING:
    from pingvas.engine.loading.trial import Host

# A part that fits one model of its base fits them all, or nearly; more would only take time.
MOST_HOSTS = 3
OPENING = "opening it"  # stands for a file where all are as added, and the engine cannot open the model
Place = tuple[Path, Mapping[str, Any]]
"""A model on this machine: where it is, and what the catalog says of it."""


def try_model(path: Path, config: Mapping[str, Any], hosts: Sequence[Place] = ()) -> dict[str, Any]:
    """Open the model at `path` for trial; what the header does not tell. Raises Invalid with the reason.

    `hosts` are checkpoints that a part is to be used with.
    """
    from pingvas.engine.loading.trial import Host, try_opening

    bases = bases_of(config)
    base = next(iter(bases)) if len(bases) == 1 else None
    known: list[Host] = [Host(*place) for place in hosts]
    try:
        return try_opening(path, config, hosts=known, base=base)
    except EngineError as error:
        raise Invalid(str(error)) from error


def why_it_cannot_be_opened(
    path: Path, config: Mapping[str, Any], kind: str, hosts: Sequence[Place] = ()
) -> str | None:
    """Why no job can use the model at `path` that the catalog calls a `kind`; None: it can be used."""
    try:
        found = detect(path)
        model_type_of(found, has_components=bool(config.get("components")))
        if found.kind != kind:
            return f"It is a {found.kind} and not a {kind}."
        try_model(path, config, hosts)
    except Invalid as error:
        return error.detail
    except EngineError as error:
        return str(error)
    return None


async def find_hosts(session: ReadSession, files: ModelFiles, part: Mapping[str, Any]) -> list[Place]:
    """Checkpoints of the catalog that are on this machine and that a part with this configuration is made for."""
    wanted = bases_of(part)
    models = [model for model in await list_catalog(session) if model.is_active and makes_images(model)]
    fitting = [model for model in models if wanted & {model.name, *bases_of(model.config)}]
    places = [place for model in fitting if (place := place_here(files, model)) is not None]
    return places[:MOST_HOSTS]


def place_here(files: ModelFiles, model: AiModel) -> Place | None:
    """Where a model of the catalog is on this machine; None when it is fetched only when it is needed."""
    try:
        path = files.find_copy(read_source(model.s3_path, model.config))
    except ModelFilesDamaged:  # its row is not what anybody wrote
        return None
    return None if path is None else (path, model.config)


def is_a_part(model: AiModel) -> bool:
    """Whether a model is used with a checkpoint, and so is tried with one."""
    return kind_of(model) in ("lora", "controlnet", "vae")
