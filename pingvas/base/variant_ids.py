"""Which variant of a seller's store stands for which plan or pack: the setting, a JSON object of names to numbers."""

import json
import re
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

PLAN = re.compile(r"([a-z][a-z0-9-]{0,40})_(monthly|yearly)", re.ASCII)
PACK = re.compile(r"pack_([a-z][a-z0-9-]{0,40})", re.ASCII)


def accept_variant_ids(text: str) -> str:
    """The setting as it stands, if it is one. Raises ValueError with what is wrong."""
    read_variant_ids(text)
    return text


@cache
def read_variant_ids(text: str) -> Mapping[str, str]:
    """Variant ids by name, `pro_monthly` or `pack_small`. Raises ValueError with what is wrong."""
    try:
        told = json.loads(text)
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise ValueError('must be a JSON object as in {"pro_monthly": "12345", "pack_small": "12399"}')
    ids: dict[str, str] = {}
    for name, value in told.items():
        if not PLAN.fullmatch(name) and not PACK.fullmatch(name):
            raise ValueError(f"{name!r} is neither a plan, `pro_monthly`, nor a pack, `pack_small`")
        if isinstance(value, bool) or not isinstance(value, int | str) or not _is_number(str(value)):
            raise ValueError(f"the variant id of {name} must be a number")
        ids[name] = str(int(value))
    if len(set(ids.values())) != len(ids):
        raise ValueError("gives one variant id to two names")
    return MappingProxyType(ids)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 18
