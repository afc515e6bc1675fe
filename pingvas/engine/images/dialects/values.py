"""Values of other programs under our names, where they are ones that the studio knows."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

from pingvas.engine.images.dialects.told import MAX_MODELS, MAX_NAME, ToldLora
from pingvas.engine.samplers import SAMPLERS

MAX_SEED, MAX_STEPS, MAX_SIDE = 2**63 - 1, 10_000, 10**6

_DIGITS = re.compile(r"[0-9]{1,20}")
_FRACTION = re.compile(r"[+-]?(?:[0-9]{1,9}(?:\.[0-9]{0,20})?|\.[0-9]{1,20})")
_SAMPLER_PREFIX = re.compile(r"\A(?:k_|sample_)")
_SAMPLER_SUFFIX = re.compile(r"(?:_gpu|_pp)\Z")
_OTHER_NAMES = {
    "uni_pc": "unipc",
    "euler_ancestral": "euler_a",
    "dpmpp_2s": "dpmpp_2s_a",
    "ddim_v3": "ddim",
}
_PLAIN_SCHEDULES = frozenset({"", "normal", "uniform", "native", "automatic"})


def integer(value: Any, most: int) -> int | None:
    """A whole number from 0 to `most`, written as one or as digits."""
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most else None


def number(value: Any, most: float = 1000) -> float | None:
    """A number between minus and plus `most`, written as one or as digits."""
    if isinstance(value, str) and _FRACTION.fullmatch(value.strip()):
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= most:
        return None
    return float(value) if math.isfinite(value) else None


def text(value: Any) -> str | None:
    """A text that is not empty, as long as a name may be."""
    return value[:MAX_NAME] if isinstance(value, str) and value.strip() else None


def first(found: Mapping[str, Any], names: Iterable[str]) -> Any:
    """The first of these fields that says something."""
    return next((found[name] for name in names if found.get(name) not in (None, "")), None)


def sampler(name: Any, schedule: Any = None) -> tuple[str | None, dict[str, str]]:
    """Our name for a sampler of ComfyUI's and its relatives' kind (`k_euler`, `dpmpp_2m_sde_gpu`), and what keeps a name
    of its own: a sampler that is none of ours, a schedule that ours has not."""
    given, plan = text(name), text(schedule)
    if given is None:
        return None, {}
    short = _SAMPLER_SUFFIX.sub("", _SAMPLER_PREFIX.sub("", given.strip().lower()))
    planned = (plan or "").strip().lower()
    if short.endswith("_karras"):
        short, planned = short.removesuffix("_karras"), "karras"
    elif short.endswith("_k"):
        short, planned = short.removesuffix("_k"), "karras"
    short = _OTHER_NAMES.get(short, short)
    if planned == "karras" and f"{short}_karras" in SAMPLERS:
        return f"{short}_karras", {}
    kept = {} if planned in _PLAIN_SCHEDULES else {"Schedule type": plan or planned}
    return (short, kept) if short in SAMPLERS else (None, {"Sampler": given, **kept})


def lora(name: Any, weight: Any, hash: Any = None) -> ToldLora | None:
    """A LoRA with a name; without a weight that is one, it is 1."""
    named, weighs = text(name), number(weight)
    if named is None:
        return None
    return ToldLora(named.strip(), 1.0 if weighs is None else weighs, hash_of(hash))


def loras(found: Iterable[ToldLora | None]) -> tuple[ToldLora, ...]:
    """Those that there are, each at its first mention."""
    named: dict[str, ToldLora] = {}
    for each in found:
        if each is not None:
            named.setdefault(each.name, each)
        if len(named) >= MAX_MODELS:
            break
    return tuple(named.values())


def hash_of(value: Any) -> str | None:
    """A hash in hexadecimal, small letters, whoever's kind of hash it is."""
    if not isinstance(value, str):
        return None
    plain = value.strip().lower().removeprefix("sha256:").removeprefix("0x")
    return plain if re.fullmatch(r"[0-9a-f]{6,64}", plain) else None


def others(found: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, str]:
    """Settings that keep names of their own: under which, and what the program calls them."""
    told: dict[str, str] = {}
    for theirs, label in names.items():
        value = found.get(theirs)
        if isinstance(value, str) and value.strip():
            told[label] = value
        elif isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
            told[label] = str(value)
    return told
