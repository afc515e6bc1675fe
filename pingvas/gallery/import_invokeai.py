"""What InvokeAI's own database says of its pictures: when each was made, whether it is starred, and on which board it is.

Read only, and by the columns that are there: the table has grown with each of its versions.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pingvas.base.clock import now
from pingvas.base.errors import Invalid

# Masks and maps of control are tools of its canvas, no pictures that anybody looks for.
_KEPT = ("general", "user", "other")


class NotReadable(Invalid):
    """The database is there and cannot be read."""


@dataclass(frozen=True)
class InvokeImage:
    """A row of its table `images`; `board` None: it is on none."""

    path: Path
    made_at: datetime
    is_starred: bool
    board: str | None


def database_of(folder: Path) -> Path | None:
    """The database of an InvokeAI whose root this is; None: it is none."""
    for place in (folder / "databases" / "invokeai.db", folder / "invokeai.db"):
        if place.is_file():
            return place
    return None


def images_of_invokeai(database: Path) -> Iterator[InvokeImage]:
    """Every picture that it shows in its gallery, the oldest first. Raises NotReadable."""
    root = database.parent.parent if database.parent.name == "databases" else database.parent
    pictures = root / "outputs" / "images"
    # Not immutable: it may be running, and then the latest rows lie in the log beside the file.
    address = f"{database.resolve().as_uri()}?mode=ro"
    try:
        with closing(sqlite3.connect(address, uri=True)) as connection:
            there = {str(row[1]) for row in connection.execute("PRAGMA table_info(images)")}
            if not there:
                raise NotReadable(f"{database} is no database of InvokeAI.")
            for name, folder, made_at, starred, board in connection.execute(_query(there)):
                path = (pictures / (folder or "") / name).resolve()
                if path.is_relative_to(pictures.resolve()):
                    yield InvokeImage(path, _moment(made_at), bool(starred), board)
    except sqlite3.Error as error:
        raise NotReadable(f"{database} cannot be read: {error}.") from error


def _query(there: set[str]) -> str:
    def column(name: str, otherwise: str) -> str:
        return f"i.{name}" if name in there else otherwise

    hidden = {"is_intermediate": "NOT COALESCE(i.is_intermediate, 0)", "deleted_at": "i.deleted_at IS NULL"}
    shown = [f"i.image_category IN {_KEPT!r}", *(hidden[name] for name in hidden if name in there)]
    return f"""
        SELECT i.image_name, {column("image_subfolder", "''")}, i.created_at, {column("starred", "0")}, b.board_name
          FROM images AS i
          LEFT JOIN board_images AS on_board ON on_board.image_name = i.image_name
          LEFT JOIN boards AS b ON b.board_id = on_board.board_id
         WHERE {" AND ".join(shown)}
         ORDER BY i.created_at, i.image_name
    """  # noqa: S608 - our own words


def _moment(said: object) -> datetime:
    """Its times are UTC without saying so."""
    try:
        return datetime.fromisoformat(str(said)).replace(tzinfo=UTC)
    except ValueError:
        return now()
