"""What the sandbox remembers, in one SQLite file: resources with their attributes, events to be sent, and its clock.

Everything is done in one thread, and each call of the sandbox is one transaction.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pingvas.base.clock import now

_TABLES = """
    CREATE TABLE IF NOT EXISTS resources (
        kind TEXT NOT NULL, id TEXT NOT NULL, number INTEGER NOT NULL, attributes TEXT NOT NULL, hidden TEXT NOT NULL,
        PRIMARY KEY (kind, id)
    ) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS resources_newest ON resources (kind, number DESC);
    CREATE TABLE IF NOT EXISTS deliveries (
        id INTEGER PRIMARY KEY, webhook_id TEXT NOT NULL, event_name TEXT NOT NULL, body BLOB NOT NULL,
        attempts INTEGER NOT NULL DEFAULT 0, next_at REAL, answer INTEGER
    );
    CREATE INDEX IF NOT EXISTS deliveries_due ON deliveries (next_at) WHERE next_at IS NOT NULL;
    CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""


@dataclass
class Resource:
    """`hidden` is what the seller knows and does not tell."""

    kind: str
    id: str
    attributes: dict[str, Any]
    hidden: dict[str, Any] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Any:
        return self.attributes[name]

    def time(self, name: str) -> datetime:
        return datetime.fromisoformat(self.attributes[name])


@dataclass(frozen=True)
class Delivery:
    """An event on its way to one webhook. `next_at` in Unix seconds; None: it arrived, or was given up."""

    id: int
    webhook_id: str
    event_name: str
    body: bytes
    attempts: int
    next_at: float | None
    answer: int | None


class Store:
    """The file at `path`, which is made where it is missing."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        self._database = sqlite3.connect(path, isolation_level=None)
        self._database.row_factory = sqlite3.Row
        self._database.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;" + _TABLES)

    def close(self) -> None:
        self._database.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of the block, or nothing of it."""
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")

    # The clock.

    def now(self) -> datetime:
        """The sandbox's time: the real one and what it was moved ahead."""
        return now() + timedelta(seconds=float(self.fact("ahead", "0")))

    def move_to(self, moment: datetime) -> None:
        self.set_fact("ahead", str((moment - now()).total_seconds()))

    # Small facts.

    def fact(self, name: str, otherwise: str) -> str:
        row = self._database.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return otherwise if row is None else str(row["value"])

    def set_fact(self, name: str, value: str) -> None:
        self._database.execute(
            "INSERT INTO facts (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            (name, value),
        )

    def next_number(self) -> int:
        """A number that no resource has had, so that ids of different kinds cannot be taken for each other unnoticed."""
        number = int(self.fact("number", "1000")) + 1
        self.set_fact("number", str(number))
        return number

    # Resources.

    def add(
        self,
        kind: str,
        attributes: dict[str, Any],
        *,
        hidden: dict[str, Any] | None = None,
        id: str | None = None,
    ) -> Resource:
        number = self.next_number()
        made = Resource(kind, id or str(number), attributes, hidden or {})
        self._database.execute(
            "INSERT INTO resources (kind, id, number, attributes, hidden) VALUES (?, ?, ?, ?, ?)",
            (kind, made.id, number, json.dumps(attributes), json.dumps(made.hidden)),
        )
        return made

    def keep(self, resource: Resource) -> None:
        self._database.execute(
            "UPDATE resources SET attributes = ?, hidden = ? WHERE kind = ? AND id = ?",
            (json.dumps(resource.attributes), json.dumps(resource.hidden), resource.kind, resource.id),
        )

    def find(self, kind: str, id: str) -> Resource | None:
        row = self._database.execute(
            "SELECT * FROM resources WHERE kind = ? AND id = ?", (kind, id)
        ).fetchone()
        return None if row is None else _resource(row)

    def all(self, kind: str) -> list[Resource]:
        """The newest first."""
        rows = self._database.execute("SELECT * FROM resources WHERE kind = ? ORDER BY number DESC", (kind,))
        return [_resource(row) for row in rows]

    def remove(self, kind: str, id: str) -> None:
        self._database.execute("DELETE FROM resources WHERE kind = ? AND id = ?", (kind, id))

    # Events on their way.

    def send_later(self, webhook_id: str, event_name: str, body: bytes) -> None:
        self._database.execute(
            "INSERT INTO deliveries (webhook_id, event_name, body, next_at) VALUES (?, ?, ?, 0)",
            (webhook_id, event_name, body),
        )

    def due_deliveries(self, at: float) -> list[Delivery]:
        """In the order in which things happened."""
        rows = self._database.execute("SELECT * FROM deliveries WHERE next_at <= ? ORDER BY id", (at,))
        return [_delivery(row) for row in rows]

    def next_delivery_at(self) -> float | None:
        found: float | None = self._database.execute("SELECT min(next_at) FROM deliveries").fetchone()[0]
        return found

    def forget_deliveries(self, keep: int = 5000) -> None:
        """Those that ended, but for the newest."""
        self._database.execute(
            "DELETE FROM deliveries WHERE next_at IS NULL AND id <= (SELECT max(id) FROM deliveries) - ?",
            (keep,),
        )

    def deliveries(self, most: int = 200) -> list[Delivery]:
        """The newest first."""
        rows = self._database.execute("SELECT * FROM deliveries ORDER BY id DESC LIMIT ?", (most,))
        return [_delivery(row) for row in rows]

    def note_delivery(self, id: int, *, attempts: int, next_at: float | None, answer: int | None) -> bool:
        """Whether there is such a one."""
        done = self._database.execute(
            "UPDATE deliveries SET attempts = ?, next_at = ?, answer = ? WHERE id = ?",
            (attempts, next_at, answer, id),
        )
        return done.rowcount == 1


def written(moment: datetime) -> str:
    """A time as the API writes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _resource(row: sqlite3.Row) -> Resource:
    return Resource(row["kind"], row["id"], json.loads(row["attributes"]), json.loads(row["hidden"]))


def _delivery(row: sqlite3.Row) -> Delivery:
    return Delivery(**dict(row))
