"""Models in the catalog to begin from."""

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
UPSCALER: dict[str, Any] = {
    "family": "upscaler",
    "scale": 4,
    "cost": {"fixed_seconds": 1.0, "seconds_per_output_megapixel": 10.0},
}


async def make_model(
    session: AsyncSession,
    *,
    name: str = "toy",
    path: str = "/nowhere",
    required_tiers: tuple[str, ...] = (),
    config: dict[str, Any] | None = None,
    model_type: str = "checkpoint",
    size_bytes: int = 1,
) -> AiModel:
    """A checkpoint, or a part, that anybody may run, unless tiers are named."""
    model = AiModel(
        id=new_id(),
        name=name,
        display_name=name.title(),
        model_type=model_type,
        version="1",
        s3_path=path,
        efs_cache_path=path,
        size_bytes=size_bytes,
        config=CONFIG if config is None else config,
        required_tiers=list(required_tiers),
        is_active=True,
    )
    session.add(model)
    await session.flush()
    return model


async def make_parts(session: AsyncSession) -> None:
    """What goes with the model `toy`: `sketchy` (LoRA), `edges` (ControlNet), `bright` (VAE), `four` (upscaler, ×4)."""
    for name, model_type in (("sketchy", "lora"), ("edges", "controlnet"), ("bright", "vae")):
        await make_model(session, name=name, model_type=model_type, path=f"/{name}", config={"base": "sd1"})
    await make_model(session, name="four", path="/four", config=UPSCALER)
