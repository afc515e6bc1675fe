"""Puts the models that ship with the studio into the catalog, and keeps their rows fresh."""

import json
from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.base.ids import new_id

CARD = "studio.json"

# A model that ships is described by its folder alone, so a newer version of the folder replaces what the row says.
# Whether it is switched on, and for whom, belongs to the operator and stays.
_UPSERT = text("""
    INSERT INTO ai_models (id, name, display_name, model_type, version, s3_path, efs_cache_path, size_bytes, config,
                           required_tiers, is_active)
    VALUES (:id, :name, :display_name, :model_type, :version, :path, :path, :size_bytes, CAST(:config AS jsonb),
            '{}', true)
    ON CONFLICT (name) DO UPDATE SET
        display_name = EXCLUDED.display_name, version = EXCLUDED.version, s3_path = EXCLUDED.s3_path,
        efs_cache_path = EXCLUDED.efs_cache_path, size_bytes = EXCLUDED.size_bytes, config = EXCLUDED.config
""")


async def seed_models(session: AsyncSession, models_dir: Path) -> list[str]:
    """Add or refresh every model folder with a `studio.json`; returns their names."""
    names = []
    for card_path in sorted(models_dir.glob(f"*/{CARD}")):
        card: dict[str, Any] = json.loads(card_path.read_text())
        folder = card_path.parent.resolve()
        await session.execute(
            _UPSERT,
            {
                "id": new_id(),
                "name": card["name"],
                "display_name": card["display_name"],
                "model_type": card.get("model_type", "checkpoint"),
                "version": card["version"],
                "path": str(folder),
                "size_bytes": sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()),
                "config": json.dumps(card),
            },
        )
        names.append(card["name"])
    return names
