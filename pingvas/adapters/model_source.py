"""Where a model's files are: on this machine, in the studio's own storage, or in a bucket. Opens it; fetches nothing.

Addresses: a path; `shipped:folder`, below the models folder of whichever machine asks; `storage:models/…`;
`s3://bucket/prefix?endpoint=…&region=…`; `file:///folder`. Keys of a bucket never stand in an address, for the catalog
keeps it: they come from the environment, or are those of the storage.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar

from obstore.store import LocalStore, S3Store

from pingvas.adapters.storage import open_bucket
from pingvas.adapters.storage_location import DiskLocation, S3Location, read_location
from pingvas.base.errors import Conflict, NotFound, Unavailable

OWN_STORAGE = "storage:"
SHIPPED = "shipped:"
REMOTE = (OWN_STORAGE, "s3://", "file://")


class ModelFilesMissing(NotFound):
    """What the catalog names is not there. `job_code` is what a job fails with for it."""

    job_code: ClassVar[str] = "model_not_found"
    default_detail = "The model's files are not where the catalog says."


class ModelFilesDamaged(Conflict):
    """The bytes are not those that were added."""

    job_code: ClassVar[str] = "model_load_failed"
    default_detail = "The model's files are not those that were added."


class ModelFilesUnavailable(Unavailable):
    """The bucket or the folder of fetched models cannot be reached; the same call may work later."""

    job_code: ClassVar[str] = "storage_failed"
    default_detail = "The model's files cannot be fetched right now. Try again in a moment."


@dataclass(frozen=True)
class FileFacts:
    """What a file has to be; no `sha256` while nobody has read it yet."""

    size: int
    sha256: str | None = None


@dataclass(frozen=True)
class ModelSource:
    """A model's address and its files by their path below it; `single`: the address is that of the one file itself."""

    address: str
    files: Mapping[str, FileFacts]
    single: bool = False

    @property
    def size(self) -> int:
        """All files, in bytes."""
        return sum(facts.size for facts in self.files.values())

    @property
    def content_key(self) -> str:
        """The same for the same names and bytes, wherever they come from; a name for a folder."""
        lines = "".join(f"{facts.sha256} {facts.size} {name}\n" for name, facts in sorted(self.files.items()))
        return hashlib.sha256(lines.encode()).hexdigest()[:32]


def read_source(address: str, config: Mapping[str, Any]) -> ModelSource:
    """The source that a catalog row (`s3_path` and `config`) describes. Raises ModelFilesDamaged for odd file names."""
    files = {
        check_name(name): FileFacts(int(facts["size"]), str(facts["sha256"]))
        for name, facts in (config.get("files") or {}).items()
    }
    return ModelSource(address, files, single=config.get("layout") == "file")


def check_name(name: str) -> str:
    """The name itself, when it stays below its folder. Raises ModelFilesDamaged."""
    parts = PurePosixPath(name).parts
    if not parts or name.startswith("/") or ".." in parts or "\\" in name or "\0" in name:
        raise ModelFilesDamaged(f"The catalog names a file {name[:80]!r} outside the model's folder.")
    return name


def is_remote(address: str) -> bool:
    """Whether the files are fetched before they are used, rather than used where they are."""
    return address.startswith(REMOTE)


def place_of(address: str, storage_url: str, models_dir: Path) -> Path | None:
    """Where on this machine the model lies, for those used in place: shipped ones, paths, the studio's own disk."""
    if address.startswith(SHIPPED):
        return models_dir / check_name(address.removeprefix(SHIPPED))
    if not is_remote(address):
        return Path(address)
    if address.startswith(OWN_STORAGE):
        location = read_location(storage_url)
        if isinstance(location, DiskLocation):
            return location.folder / check_name(address.removeprefix(OWN_STORAGE))
    return None


def open_source(address: str, storage_url: str, *, single: bool) -> LocalStore | S3Store:
    """The objects below an address (below its parent where it is one file). Raises ModelFilesUnavailable, ValueError."""
    location = locate(address, storage_url)
    if isinstance(location, DiskLocation):
        folder = location.folder.parent if single else location.folder
        try:
            return LocalStore(folder)
        except Exception as error:
            raise ModelFilesMissing(f"There is no folder {folder}.") from error
    if single:
        location = replace(location, prefix=location.prefix.rpartition("/")[0])
    return open_bucket(location, location.endpoint)


def locate(address: str, storage_url: str) -> DiskLocation | S3Location:
    """What an address names. One in the storage's own bucket that says no more is reached like the storage."""
    if not address.startswith(OWN_STORAGE):
        location = read_location(address)
        own = read_location(storage_url)
        if isinstance(location, S3Location) and isinstance(own, S3Location):
            same = location == S3Location(location.bucket, location.prefix) and location.bucket == own.bucket
            return replace(own, prefix=location.prefix) if same else location
        return location
    below = check_name(address.removeprefix(OWN_STORAGE))
    own = read_location(storage_url)
    if isinstance(own, DiskLocation):
        return DiskLocation(own.folder / below)
    return replace(own, prefix=f"{own.prefix}/{below}".strip("/"))
