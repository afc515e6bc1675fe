"""Tags in a prompt: `<lora:name:0.8>` and what its relatives in other programs look like.

A tag is understood, or refused by name; it is never words for the model. `\\<` is a plain sign, and so is a `<` that
opens no tag: "a < b", "<3", HTML.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pingvas.engine.errors import PromptNotUnderstood

MAX_WEIGHT = 10.0
"""Weights of words and of LoRAs are kept within plus and minus this."""
NUMBER = r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)"

_MAX_NAME = 200
_PLAIN = "Write \\< for a plain sign."
_FORM = "write <lora:name:0.8>"
_WHOLE_NUMBER = re.compile(NUMBER)
# In the order in which they are tried. A tag ends at the next `>`; what follows its head is read by `_read`.
_MARK = re.compile(
    r"\\."
    r"|(?P<head>(?:<|&lt;)\s*(?P<kind>[A-Za-z]\w{1,30})\s*(?:\[[^\[\]<>\n]{0,100}\]\s*)?:(?!//))"
    r"|(?P<odd>(?:<|&lt;|＜)\s*(?:lora|lyco|hypernet)\b[^<>\n]{0,100}>?)"
    r"|(?P<embedding>(?<!\w)embedding:[^\s,:()<>]{1,200})"
    r"|(?P<call>\b(?:with|use)Lora\s*\([^()\n]{0,100}\)?)",
    re.DOTALL | re.IGNORECASE | re.ASCII,
)
_INSIDE = re.compile(r"[^<>]*>")
_ESCAPED_INSIDE = re.compile(r"[^<>&]*&gt;")
_TIGHT = re.compile(r"<\w+(?:\[.*\])?:")
_NAMED = re.compile(r"([A-Za-z_]\w*)\s*=\s*(.*)", re.DOTALL | re.ASCII)
_LORAS = ("lora", "lyco")
_NO_EMBEDDINGS = "embeddings (textual inversion) are not used in this studio"
_REASONS = {
    "hypernet": "hypernetworks are not used in this studio",
    "hypernetwork": "hypernetworks are not used in this studio",
    "embedding": _NO_EMBEDDINGS,
    "embed": _NO_EMBEDDINGS,
    "ti": _NO_EMBEDDINGS,
    "textual_inversion": _NO_EMBEDDINGS,
    "locon": _FORM,
    "loha": _FORM,
    "lokr": _FORM,
    "lycoris": _FORM,
    "dora": _FORM,
    "wildcard": "wildcard files are not read here; write the options out: {a|b}",
    "random": "write {a|b} for one of several",
}
# Words that may stand behind a `<` by chance: tags only when a `>` follows.
_COMMON_WORDS = frozenset({"ti", "dora", "embed", "wildcard", "random"})
# `<mailto:…>` and XML are no tags.
_OF_THE_WEB = frozenset(
    {"mailto", "tel", "urn", "data", "svg", "xlink", "xml", "xs", "xsl", "html", "rdf", "dc"}
)
_BLOCKS = "weights of single blocks are not known here, a LoRA counts as a whole"
_STEPS = "a LoRA counts from the first step to the last here"
_ARGUMENTS = {
    **dict.fromkeys(("lbw", "lbwe", "in", "mid", "out"), _BLOCKS),
    **dict.fromkeys(("start", "stop", "step", "end", "hr", "lctl"), _STEPS),
    "dyn": "the rank of a LoRA cannot be cut here",
}


@dataclass(frozen=True)
class LoraTag:
    """A LoRA that the prompt names, and how strongly it counts."""

    name: str
    weight: float


def bounded(weight: float) -> float:
    """Within plus and minus MAX_WEIGHT."""
    return max(-MAX_WEIGHT, min(MAX_WEIGHT, weight))


def take_loras(text: str) -> tuple[str, tuple[LoraTag, ...]]:
    """The text without its `<lora:name:weight>` tags, and what they said, in the order of their first mention.

    No weight means 1. Of two, for the text encoder and for the network that draws (`te=`, `unet=`), the second counts.
    A name said twice has the sum. Weights are kept within MAX_WEIGHT. Raises PromptNotUnderstood for every other tag.
    """
    weights: dict[str, float] = {}
    kept: list[str] = []
    start = 0
    for mark in _MARK.finditer(text):
        if mark.start() < start:  # inside the tag before
            continue
        if mark["kind"] is None:
            _refuse_relative(mark)
            continue
        inside = (_ESCAPED_INSIDE if mark["head"][0] == "&" else _INSIDE).match(text, mark.end())
        if not _is_tag(mark, text, closed=inside is not None):
            continue
        written = text[mark.start() : inside.end() if inside else mark.end() + 40]
        tag = _read(mark, inside[0] if inside else "", written)
        weights[tag.name] = bounded(weights.get(tag.name, 0.0) + tag.weight)
        kept.append(text[start : mark.start()])
        start = mark.start() + len(written)
    rest = "".join([*kept, text[start:]])
    if weights:
        rest = rest.strip()  # tags stand at an end, with a space beside them
    return rest, tuple(LoraTag(name, weight) for name, weight in weights.items())


def _refuse_relative(mark: re.Match[str]) -> None:
    if mark["embedding"]:
        raise PromptNotUnderstood(mark[0], f"{_NO_EMBEDDINGS}. Write embedding\\: for the plain word.")
    if mark["call"]:
        raise PromptNotUnderstood(mark[0], f"{_FORM} for a LoRA")
    if mark["odd"]:
        raise PromptNotUnderstood(mark[0], f"{_FORM} for a LoRA. {_PLAIN}")


def _is_tag(mark: re.Match[str], text: str, *, closed: bool) -> bool:
    """Whether it is to be understood or refused. A word that nobody knows as a tag needs the whole form of one."""
    kind = mark["kind"].lower()
    if kind in _LORAS or kind in _REASONS:
        return closed or kind not in _COMMON_WORDS
    stands_apart = mark.start() == 0 or not text[mark.start() - 1].isalnum()
    is_tight = _TIGHT.fullmatch(mark["head"]) is not None and not text[mark.end() : mark.end() + 1].isspace()
    return closed and stands_apart and is_tight and kind not in _OF_THE_WEB


def _read(mark: re.Match[str], inside: str, written: str) -> LoraTag:
    """A LoRA's tag. Raises PromptNotUnderstood for any other, and for one that says what cannot be done."""
    kind = mark["kind"].lower()
    if mark["head"][0] == "&":
        raise PromptNotUnderstood(written, f"{_FORM} for a LoRA, with < and > themselves")
    if kind not in _LORAS:
        reason = _REASONS.get(kind, "this is a tag of another program, which is not known here")
        raise PromptNotUnderstood(written, f"{reason}. {_PLAIN}")
    if not inside or "\n" in inside[:-1].strip():
        raise PromptNotUnderstood(written.split("\n")[0], f"the tag is not closed with >. {_PLAIN}")
    if "[" in mark["head"]:
        raise PromptNotUnderstood(written, f"what stands in [] is not known here; {_FORM}")
    name, *arguments = (part.strip() for part in inside[:-1].split(":"))
    if not name:
        raise PromptNotUnderstood(written, f"the tag names no LoRA; {_FORM}")
    if len(name) > _MAX_NAME:
        raise PromptNotUnderstood(written, f"the name of a LoRA has at most {_MAX_NAME} characters")
    return LoraTag(name, _weight(arguments, written))


def _weight(arguments: list[str], written: str) -> float:
    """How strongly the network that draws is to be changed, which counts for the text encoder too."""
    plain: list[float] = []
    named: dict[str, float] = {}
    for argument in arguments:
        pair = _NAMED.fullmatch(argument)
        if pair is None:
            plain.append(_number(argument, written))
            continue
        key = pair[1].lower()
        if key in named:
            raise PromptNotUnderstood(written, f"{key}= is said twice")
        if key not in ("te", "unet", "in", "mid", "out"):
            reason = _ARGUMENTS.get(key, f"it is not known here; {_FORM}")
            raise PromptNotUnderstood(written, f"{key}=: {reason}")
        named[key] = _number(pair[2], written)
    if len(plain) > 2:
        raise PromptNotUnderstood(written, f"a third number: {_ARGUMENTS['dyn']}")
    blocks = _weight_of_blocks(named, written)
    said = {
        "the second number": plain[1] if len(plain) > 1 else None,
        "unet=": named.get("unet"),
        "in=, mid= and out=": blocks,
    }
    drawing = {how: weight for how, weight in said.items() if weight is not None}
    if len(set(drawing.values())) > 1:
        raise PromptNotUnderstood(written, f"{' and '.join(drawing)} say the same weight differently")
    if drawing:
        return bounded(next(iter(drawing.values())))
    both = {*plain[:1], *([named["te"]] if "te" in named else [])}
    if len(both) > 1:
        raise PromptNotUnderstood(written, "the first number and te= say the same weight differently")
    return bounded(both.pop() if both else 1.0)


def _weight_of_blocks(named: Mapping[str, float], written: str) -> float | None:
    """One weight for the blocks of the way in, the middle and the way out; None when none of them is named."""
    blocks = [named[key] for key in ("in", "mid", "out") if key in named]
    if not blocks:
        return None
    if len(blocks) < 3 or len(set(blocks)) > 1:
        raise PromptNotUnderstood(written, f"in=, mid=, out=: {_BLOCKS}")
    return blocks[0]


def _number(text: str, written: str) -> float:
    if not _WHOLE_NUMBER.fullmatch(text):
        raise PromptNotUnderstood(
            written, f"{text!r} is no number; {_FORM}" if text else f"a number is missing; {_FORM}"
        )
    return float(text)
