"""Puts the models that ship with the studio into the catalog, and keeps their rows fresh."""

import asyncio
import json
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.adapters.model_source import SHIPPED
from pingvas.base.errors import Invalid
from pingvas.base.ids import new_id
from pingvas.catalog.contents import CARD, Files, content_hash, hash_files
from pingvas.catalog.describe import UNUSABLE, describe, model_type_of, where_weights_are
from pingvas.catalog.tables import AiModel
from pingvas.engine.checkpoints.detect import detect
from pingvas.engine.errors import EngineError

log = logging.getLogger(__name__)

# A model that ships is described by its folder alone, so a newer version of the folder replaces what the row says.
# Whether it is switched on, and for whom, belongs to the operator and stays.
_UPSERT = text("""
    INSERT INTO ai_models (id, name, display_name, model_type, version, s3_path, efs_cache_path, size_bytes, config,
                           required_tiers, is_active)
    VALUES (:id, :name, :display_name, :model_type, :version, :address, :path, :size_bytes, CAST(:config AS jsonb),
            '{}', true)
    ON CONFLICT (name) DO UPDATE SET
        display_name = EXCLUDED.display_name, model_type = EXCLUDED.model_type, version = EXCLUDED.version,
        s3_path = EXCLUDED.s3_path, efs_cache_path = EXCLUDED.efs_cache_path, size_bytes = EXCLUDED.size_bytes,
        config = EXCLUDED.config
""")


@dataclass(frozen=True)
class _Shipped:
    """A model folder as the catalog will say it."""

    name: str
    display_name: str
    model_type: str
    version: str
    folder: Path
    path: Path
    config: dict[str, Any]

    @property
    def address(self) -> str:
        """The same for every machine that has the studio, wherever each keeps its models folder."""
        return f"{SHIPPED}{(self.folder.name / self.path.relative_to(self.folder.resolve())).as_posix()}"

    @property
    def size_bytes(self) -> int:
        return sum(int(facts["size"]) for facts in self.config["files"].values())


async def seed_models(session: AsyncSession, models_dir: Path) -> list[str]:
    """Add or refresh every model folder with a `studio.json`; returns their names.

    A folder that cannot be opened keeps its place as its card says, with the reason, so that the doctor tells what is
    wrong with it and the rest works: it is offered to nobody.
    """
    rows = await session.execute(select(AiModel.name, AiModel.config["files"]))
    hashed: dict[str, Files | None] = {row.name: row[1] for row in rows}
    shipped = await asyncio.to_thread(_read_all, models_dir, hashed)
    for model in shipped:
        await session.execute(
            _UPSERT,
            {
                "id": new_id(),
                "name": model.name,
                "display_name": model.display_name,
                "model_type": model.model_type,
                "version": model.version,
                "address": model.address,
                "path": str(model.path),
                "size_bytes": model.size_bytes,
                "config": json.dumps(model.config),
            },
        )
    return [model.name for model in shipped]


def _read_all(models_dir: Path, hashed: dict[str, Files | None]) -> list[_Shipped]:
    """Every folder with a card; files whose size and time are those of `hashed` are not read again."""
    return [_read(card_path, hashed) for card_path in sorted(models_dir.glob(f"*/{CARD}"))]


def _read(card_path: Path, hashed: dict[str, Files | None]) -> _Shipped:
    card: dict[str, Any] = json.loads(card_path.read_text("utf-8"))
    folder = card_path.parent.resolve()
    name = card["name"]
    try:
        detected = detect(folder)
        found_type = model_type_of(detected)
        model_type = card.get("model_type") or found_type
        path = where_weights_are(folder, detected)
        config = describe(detected, name, hash_files(path, hashed.get(name)), card)
    except (EngineError, Invalid, ValueError) as error:
        log.warning("the model %s in %s cannot be opened: %s", name, folder, error)
        path, model_type = folder, card.get("model_type", "checkpoint")
        files = hash_files(folder, hashed.get(name))
        config = card | {
            "files": files,
            "sha256": content_hash(files),
            UNUSABLE: getattr(error, "detail", None) or str(error),
        }
    return _Shipped(
        name=name,
        display_name=card.get("display_name", name),
        model_type=model_type,
        version=str(card.get("version", "1")),
        folder=card_path.parent,
        path=path,
        config=config,
    )
