"""What a model's files hold: a SHA-256 and a size for each, so that a copy can be checked against them."""

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any

# What belongs to a model besides weights: configurations and vocabularies (`spiece.model` is SentencePiece's).
_SUFFIXES = (".safetensors", ".sft", ".json", ".txt", ".model")
CARD = "studio.json"  # what the studio says about a model is not part of it
_CHUNK = 1024 * 1024

Files = dict[str, dict[str, Any]]
"""By path below the model: `{"sha256": hex, "size": bytes}`; `mtime_ns` too where the hash may be kept by it."""


def is_model_file(name: str) -> bool:
    """Whether a file of this name (a path below the model) belongs to a model. Pickles and hidden files do not."""
    parts = PurePosixPath(name).parts
    return (
        name.lower().endswith(_SUFFIXES)
        and parts[-1] != CARD
        and not any(part.startswith(".") for part in parts)
    )


def list_files(path: Path) -> list[Path]:
    """The files of the model at `path` (a file or a folder)."""
    if path.is_file():
        return [path]
    files = (file for file in path.rglob("*") if is_model_file(file.relative_to(path).as_posix()))
    return sorted(file for file in files if file.is_file())


def hash_files(path: Path, known: Mapping[str, Mapping[str, Any]] | None = None) -> Files:
    """Hash the model at `path`; a file with the size and time of its entry in `known` is believed to be the same."""
    files: Files = {}
    for file in list_files(path):
        name = file.name if path.is_file() else file.relative_to(path).as_posix()
        facts = file.stat()
        before = (known or {}).get(name, {})
        unchanged = (before.get("size"), before.get("mtime_ns")) == (facts.st_size, facts.st_mtime_ns)
        digest = before["sha256"] if unchanged else _hash_once(file, facts.st_size, facts.st_mtime_ns)
        files[name] = {"sha256": digest, "size": facts.st_size, "mtime_ns": facts.st_mtime_ns}
    return files


def hash_file(file: Path) -> str:
    """The SHA-256 of a file as it is now, in hex."""
    digest = hashlib.sha256()
    with file.open("rb") as opened:
        while chunk := opened.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def content_hash(files: Mapping[str, Mapping[str, Any]]) -> str:
    """One hash for a whole model: the file's own, or that of the sorted list of names and hashes."""
    if len(files) == 1:
        (only,) = files.values()
        return str(only["sha256"])
    lines = "".join(f"{facts['sha256']}  {name}\n" for name, facts in sorted(files.items()))
    return hashlib.sha256(lines.encode()).hexdigest()


@lru_cache(maxsize=4096)
def _hash_once(file: Path, size: int, mtime_ns: int) -> str:
    return hash_file(file)
