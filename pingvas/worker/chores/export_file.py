"""Makes the file with everything about a person: a zip with lines of JSON, the pictures themselves, and a page to look at them.

It is written to a temporary file and then stored, so that no picture is in memory for longer than it takes to copy it.
"""

import asyncio
import html
import json
import logging
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

from pingvas.accounts.leaving.exports import ExportToMake, finish_export, take_export
from pingvas.adapters.storage import ObjectMissing, Storage
from pingvas.base.db import Database
from pingvas.base.settings import Settings
from pingvas.worker.chores.export_tables import EXPORTED, ExportedTable, rows_of

log = logging.getLogger(__name__)

_README = """Everything that the studio holds on you, as of the moment you asked for it.

account/     who you are here, your devices, the ways you sign in, what you were written
credits/     your plans and every line of the ledger
jobs/        what you asked for
images/      your pictures, and images.jsonl with how each was made
workflows/   your workflows with all their versions
models/      your own models
index.html   your pictures to look at: open it in a browser

Files that end in .jsonl have one JSON object on each line, which any program that knows JSON reads.

스튜디오가 회원님에 관해 가지고 있는 모든 것이며, 요청하신 때를 기준으로 합니다.

account/     회원 정보, 기기, 로그인 방법, 보내 드린 메일
credits/     요금제와 크레딧 장부의 모든 줄
jobs/        요청하신 작업
images/      그림들, 그리고 어떻게 만들었는지 적은 images.jsonl
workflows/   워크플로와 그 모든 버전
models/      직접 만든 모델
index.html   그림을 보는 페이지: 브라우저로 여세요

.jsonl 파일은 한 줄에 JSON 객체 하나가 있으며, JSON을 아는 프로그램이면 읽을 수 있습니다.
"""
_PAGE_HEAD = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Pictures</title>
<meta name="viewport" content="width=device-width"><style>
body { margin: 2rem; font: 16px/1.5 system-ui, sans-serif; background: #fff; color: #1c1c22 }
main { display: grid; grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)); gap: 1.5rem }
figure { margin: 0 } img { width: 100%; border-radius: 8px } figcaption { font-size: .875rem }
</style><main>
"""


@dataclass
class _Writing:
    """A zip under way. Compressing and the disk are waited for beside the event loop."""

    archive: ZipFile
    shown: list[str] = field(default_factory=list)

    async def put(self, path: str, data: bytes | str, *, packed: bool = True) -> None:
        method = ZIP_DEFLATED if packed else ZIP_STORED
        await asyncio.to_thread(self.archive.writestr, path, data, method)


async def make_exports(database: Database, storage: Storage, settings: Settings) -> int:
    """Make every export that waits, one after the other; how many. Raises what storage and database raise: the next turn begins
    that one anew."""
    made = 0
    while True:
        async with database.transaction() as session:
            export = await take_export(session)
        if export is None:
            return made
        size = await _make(database, storage, settings, export)
        async with database.transaction() as session:
            await finish_export(session, settings, export, file_size=size)
        made += 1


async def _make(database: Database, storage: Storage, settings: Settings, export: ExportToMake) -> int:
    folder = settings.data_dir.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder, prefix="export-", suffix=".zip") as temporary:
        path = Path(temporary.name)
        with ZipFile(path, "w") as archive:
            await _write(_Writing(archive), database, storage, export)
        await storage.put_file(export.storage_key, path, "application/zip")
        return path.stat().st_size


async def _write(writing: _Writing, database: Database, storage: Storage, export: ExportToMake) -> None:
    await writing.put("README.txt", _README)
    for table in EXPORTED:
        lines: list[str] = []
        async for row in rows_of(database, table, export.user_id):
            stored_at = row.pop("s3_key", None) or row.get("s3_path")
            if stored_at is not None:
                await _put_object(writing, storage, table, row, stored_at)
            lines.append(json.dumps(row, ensure_ascii=False))
        if lines:
            await writing.put(table.path, "\n".join(lines) + "\n")
    if writing.shown:
        await writing.put("index.html", _PAGE_HEAD + "\n".join(writing.shown) + "\n</main></html>\n")


async def _put_object(
    writing: _Writing, storage: Storage, table: ExportedTable, row: dict[str, Any], key: str
) -> None:
    path = row.get("file") or f"{table.table}/{Path(key).name}"
    try:
        data = await storage.get(key)
    except ObjectMissing:
        row["missing"] = True
        log.error("an export lacks %s, which its row names", key)
        return
    await writing.put(path, data, packed=False)
    if table.table == "images":
        prompt = (row.get("generation_params") or {}).get("prompt") or ""
        writing.shown.append(
            f'<figure><a href="{html.escape(path)}"><img loading="lazy" src="{html.escape(path)}" alt=""></a>'
            f"<figcaption>{html.escape(str(prompt))}</figcaption></figure>"
        )
