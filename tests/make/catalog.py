"""Models in the catalog, for tests."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.base.ids import new_id
from pingvas.catalog.tables import AiModel

CONFIG: dict[str, Any] = {
    "family": "sd1",
    "defaults": {"width": 256, "height": 256, "steps": 20, "cfg_scale": 4.0, "sampler": "dpmpp_2m"},
    "size": {"multiple": 8, "min": 64, "max": 512},
    "cost": {"fixed_seconds": 1.0, "seconds_per_megapixel_step": 1.0},
}


async def make_model(
    session: AsyncSession,
    *,
    name: str = "toy",
    path: str = "/nowhere",
    required_tiers: tuple[str, ...] = (),
    config: dict[str, Any] | None = None,
) -> AiModel:
    """A checkpoint that anybody may run, unless tiers are named."""
    model = AiModel(
        id=new_id(),
        name=name,
        display_name=name.title(),
        model_type="checkpoint",
        version="1",
        s3_path=path,
        efs_cache_path=path,
        size_bytes=1,
        config=config or CONFIG,
        required_tiers=list(required_tiers),
        is_active=True,
    )
    session.add(model)
    await session.flush()
    return model
