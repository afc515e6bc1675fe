"""CLIP's tokenizer for single files, which bring none along: made of the vocabulary that an installed package carries.

The packages are not imported; one file of theirs is read, and believed only when it has the published contents.
"""

from __future__ import annotations

import gzip
import hashlib
import importlib.util
from functools import lru_cache
from pathlib import Path
from typing import Any

from pingvas.engine.errors import ModelLoadFailed

# Packages in which OpenAI's vocabulary (MIT) stands under its own name.
PACKAGES = ("clip", "open_clip")
FILE = "bpe_simple_vocab_16e6.txt.gz"

# The lines that CLIP uses, of a file with five times as many.
_MERGES = slice(1, 48_895)
_MERGES_SHA256 = "f61f2adf497e6f5357c347aeb4646fabe82f341e946de5bdec5d2858e41bef4a"
START, END = "<|startoftext|>", "<|endoftext|>"
_POSITIONS = 77


def make_tokenizer(pad: str = END) -> Any:
    """A CLIPTokenizer; `pad` stands behind the end of a text. Raises ModelLoadFailed when nothing is found."""
    import transformers

    texts: Any = transformers
    merges = _read_merges()
    return texts.CLIPTokenizer(
        vocab=_number(merges), merges=list(merges), pad_token=pad, model_max_length=_POSITIONS
    )


@lru_cache(maxsize=1)
def _read_merges() -> tuple[tuple[str, str], ...]:
    for package in PACKAGES:
        path = _find(package)
        if path is None:
            continue
        lines = gzip.decompress(path.read_bytes()).decode().split("\n")[_MERGES]
        if hashlib.sha256("\n".join(lines).encode()).hexdigest() == _MERGES_SHA256:
            pairs = (line.split() for line in lines)
            return tuple((left, right) for left, right in pairs)
    raise ModelLoadFailed(
        "A single file brings no tokenizer along, and CLIP's vocabulary is not on this machine: install it with "
        "`pip install openai-clip`, or set `components` in the model's configuration to a diffusers folder of its family."
    )


def _find(package: str) -> Path | None:
    spec = importlib.util.find_spec(package)
    folders = spec.submodule_search_locations if spec is not None else None
    found = (Path(folder) / FILE for folder in folders or ())
    return next((path for path in found if path.is_file()), None)


def _number(merges: tuple[tuple[str, str], ...]) -> dict[str, int]:
    """Every token's number: single bytes, bytes at the end of a word, what merges make, start and end."""
    letters = [chr(code) for code in (*range(33, 127), *range(161, 173), *range(174, 256))]
    # Bytes that are no letters to look at are written as the first code points that no byte has.
    letters += [chr(256 + number) for number in range(256 - len(letters))]
    words = [*letters, *(f"{letter}</w>" for letter in letters), *("".join(pair) for pair in merges)]
    return {word: number for number, word in enumerate([*words, START, END])}
