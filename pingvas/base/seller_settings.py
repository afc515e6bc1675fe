"""The settings of a seller that are more than a word: which variant of its store stands for which plan or pack, a JSON object of names
to numbers, and the secrets of its webhooks."""

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


def accept_webhook_secrets(secrets: str) -> str:
    """Raises ValueError for what cannot be the secret of a webhook, or two."""
    given = [secret.strip() for secret in secrets.split(",")]
    if len(given) > 2 or any(len(secret) < 6 for secret in given):
        raise ValueError("must be a secret of 6 characters or more, or two with a comma between")
    return secrets
