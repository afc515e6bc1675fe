"""What jobs really take, learned as they end: for each model and size, a ratio to the model's own `cost` figures.

`learned` follows every measurement. `quoted` is what prices use; it follows `learned` only when they have come apart,
so that a price asked for twice is the same price. Refuses to learn from what cannot be a measurement.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.catalog.tables import AiModel
from pingvas.generation.job_parameters import JobParameters, UpscaleParameters
from pingvas.generation.pricing.price import base_seconds
from pingvas.generation.tables import ModelSpeed

# The mean looks back over about so many jobs: one that became twice as fast or slow is priced within 15 % after 20, four
# times after 30.
WINDOW = 10
# So many measurements before a price heeds them.
ENOUGH = 5
# From then on one measurement counts as at most so many times too long or too short. Against a settled mean it moves
# that by 7 %, which moves no price.
WILD = 2.0
# A price follows when it is off by more than this.
TOLERANCE = 1.1
# No machine is farther from a model's figures than this; what is, is no measurement.
LARGEST_RATIO = 1e4

_READ = text("""
    SELECT model_id, size_bucket, learned, samples, quoted
      FROM model_speeds
      JOIN unnest(CAST(:model_ids AS uuid[]), CAST(:buckets AS integer[])) AS asked (model_id, size_bucket)
     USING (model_id, size_bucket)
     ORDER BY model_id, size_bucket
       FOR UPDATE OF model_speeds
""")
# Two workers that meet a size for the first time at once: the later one's word stands, and both are about right.
_WRITE = text("""
    INSERT INTO model_speeds (model_id, size_bucket, learned, samples, quoted)
    SELECT new.model_id, new.size_bucket, new.learned, new.samples, new.quoted
      FROM unnest(CAST(:model_ids AS uuid[]), CAST(:buckets AS integer[]), CAST(:learned AS float8[]),
                  CAST(:samples AS float8[]), CAST(:quoted AS float8[]))
           AS new (model_id, size_bucket, learned, samples, quoted)
      JOIN ai_models ON ai_models.id = new.model_id  -- it may be gone since
     ORDER BY new.model_id, new.size_bucket
        ON CONFLICT (model_id, size_bucket) DO UPDATE
       SET learned = excluded.learned, samples = excluded.samples, quoted = excluded.quoted, updated_at = now()
""")

# The ratios that prices use, of one model, by size: {"33": 0.71}. A column for the statement that reads the models, so
# that a price costs no statement more.
QUOTED_BY_SIZE = (
    select(func.jsonb_object_agg(ModelSpeed.size_bucket, ModelSpeed.quoted, type_=JSONB))
    .where(ModelSpeed.model_id == AiModel.id, ModelSpeed.samples >= ENOUGH)
    .scalar_subquery()
    .label("quoted")
)


@dataclass(frozen=True)
class Measurement:
    """One job: how many times as long as by the model's own figures it took."""

    model_id: UUID
    size_bucket: int
    ratio: float


@dataclass(frozen=True)
class Speed:
    """What is known of a model at a size. `samples` is how many jobs `learned` stands for, at most WINDOW."""

    learned: float
    samples: float
    quoted: float


def size_bucket(pixels: int) -> int:
    """Sizes that are learned together: neighbours differ by a factor of √2 in pixels. 256×256 is 32, 1024×1024 is 40."""
    return round(2 * math.log2(max(1, pixels)))


def measure(
    model_id: UUID, model_config: Mapping[str, Any], parameters: JobParameters, gpu_seconds: float
) -> Measurement | None:
    """What a made picture teaches. None: nothing, for two models worked on it, or the figures make no sense."""
    if isinstance(parameters, UpscaleParameters) and parameters.refine:
        return None
    expected = base_seconds(model_config, parameters)
    if not expected > 0 or not gpu_seconds > 0:
        return None
    ratio = gpu_seconds / expected
    if not 1 / LARGEST_RATIO <= ratio <= LARGEST_RATIO:
        return None
    return Measurement(model_id, size_bucket(parameters.width * parameters.height), ratio)


def follow(known: Speed | None, ratio: float) -> Speed:
    """What is known after one more measurement.

    A decayed mean of logarithms: half as long and twice as long are equally far off, and cancel out.
    """
    if known is None:
        return Speed(learned=ratio, samples=1.0, quoted=1.0)
    pull = math.log(ratio / known.learned)
    if known.samples >= ENOUGH:
        # Not before: what came first may itself have been the wild one, and the others must be able to outvote it.
        pull = max(-math.log(WILD), min(math.log(WILD), pull))
    samples = min(known.samples + 1, WINDOW)
    learned = known.learned * math.exp(pull / samples)
    quoted = known.quoted
    if samples >= ENOUGH and not 1 / TOLERANCE <= learned / quoted <= TOLERANCE:
        quoted = learned
    return Speed(learned, samples, quoted)


async def learn(session: AsyncSession, measurements: Sequence[Measurement]) -> None:
    """Take in many measurements, oldest first: one statement reads and locks what is known, one writes it."""
    keys = sorted({(each.model_id, each.size_bucket) for each in measurements})
    if not keys:
        return
    asked = {"model_ids": [key[0] for key in keys], "buckets": [key[1] for key in keys]}
    speeds = {
        (row.model_id, row.size_bucket): Speed(row.learned, row.samples, row.quoted)
        for row in await session.execute(_READ, asked)
    }
    for each in measurements:
        key = (each.model_id, each.size_bucket)
        speeds[key] = follow(speeds.get(key), each.ratio)
    now = [speeds[key] for key in keys]
    figures = {
        "learned": [speed.learned for speed in now],
        "samples": [speed.samples for speed in now],
        "quoted": [speed.quoted for speed in now],
    }
    await session.execute(_WRITE, {**asked, **figures})


def ratio_for(quoted_by_size: Mapping[str, float] | None, parameters: JobParameters) -> float:
    """The ratio that prices a picture: that of its size, else of the nearest size known; 1 for an unknown model."""
    if not quoted_by_size:
        return 1.0
    bucket = size_bucket(parameters.width * parameters.height)
    # Of two that are equally near the larger one: a large picture that costs more than quoted is the greater loss.
    nearest = min(quoted_by_size, key=lambda known: (abs(int(known) - bucket), -int(known)))
    return quoted_by_size[nearest]
