"""Which of the studio's models another program means: by the hash of its file, else by its name."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from pingvas.base.read_session import ReadSession
from pingvas.catalog.describe import UPSCALER
from pingvas.catalog.models import is_unusable
from pingvas.catalog.tables import AiModel

# What other programs shorten a SHA-256 of a file to, and the whole of it. Other hashes are of something else.
_SHORT = 10
_HASH = re.compile(r"[0-9a-f]{10}|[0-9a-f]{64}")
_ENDING = re.compile(r"\.(?:safetensors|sft|ckpt|pt|pth|bin|gguf)\Z", re.IGNORECASE)
_NO_NAME = re.compile(r"[^a-z0-9]+")
_MOST_ROWS = 500


async def resolve_models(
    session: ReadSession, asked: Sequence[tuple[str, str, str | None]]
) -> list[str | None]:
    """For each (type, name, hash) the name of an active model of that type, or None.

    A name is compared without folders, its ending, and signs that are no letters of ASCII or digits.
    """
    if not asked:
        return []
    short = {_short(hash) for _, _, hash in asked} - {None}
    plain = {plain_name(name) for _, name, _ in asked} - {""}
    sha256 = AiModel.config["sha256"].astext
    rows = await session.execute(
        select(AiModel.name, AiModel.display_name, AiModel.model_type, sha256)
        .where(
            AiModel.is_active,
            ~is_unusable(),
            func.coalesce(AiModel.config["family"].astext, "") != UPSCALER,
            or_(
                func.left(sha256, _SHORT).in_(short),
                _plain(AiModel.name).in_(plain),
                _plain(AiModel.display_name).in_(plain),
            ),
        )
        .order_by(AiModel.name)
        .limit(_MOST_ROWS)
    )
    by_hash: dict[tuple[str, str], str] = {}
    by_name: dict[tuple[str, str], str] = {}
    by_label: dict[tuple[str, str], str] = {}
    for name, label, kind, digest in rows:
        by_name.setdefault((kind, plain_name(name)), name)
        by_label.setdefault((kind, plain_name(label)), name)
        if digest:
            by_hash.setdefault((kind, digest), name)
            by_hash.setdefault((kind, digest[:_SHORT]), name)
    return [
        (by_hash.get((kind, hash.lower())) if hash and _short(hash) else None)
        or by_name.get((kind, plain_name(name)))
        or by_label.get((kind, plain_name(name)))
        for kind, name, hash in asked
    ]


def plain_name(name: str) -> str:
    """`SDXL\\\\My Model_v2.safetensors` is `my-model-v2`."""
    file = name.replace("\\", "/").rpartition("/")[2]
    return _NO_NAME.sub("-", _ENDING.sub("", file).lower()).strip("-")


def _plain(column: ColumnElement[str] | InstrumentedAttribute[str]) -> ColumnElement[str]:
    """The same in SQL, of names that have no folder and no ending."""
    plain: ColumnElement[str] = func.trim(
        func.regexp_replace(func.lower(column), "[^a-z0-9]+", "-", "g"), "-"
    )
    return plain


def _short(hash: str | None) -> str | None:
    lower = (hash or "").lower()
    return lower[:_SHORT] if _HASH.fullmatch(lower) else None
