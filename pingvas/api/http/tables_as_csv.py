"""Lists as CSV, for whoever asks for that: `Accept: text/csv`."""

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any

from fastapi import Depends, Header, Response

# Formulas of spreadsheets begin with these: what somebody wrote is never one.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
AS_CSV: dict[int | str, dict[str, Any]] = {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}}
"""For `responses` of a route that answers both."""


async def _wants_csv(accept: Annotated[str | None, Header(include_in_schema=False)] = None) -> bool:
    kinds = [kind.partition(";")[0].strip().lower() for kind in (accept or "").split(",")]
    return "text/csv" in kinds and "application/json" not in kinds


CsvDep = Annotated[bool, Depends(_wants_csv)]


def csv_answer(
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    name: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The rows below the names of their columns; a browser that follows a link keeps it as `name`."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(value) for value in row])
    told = dict(headers or {})
    if name is not None:
        told["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return Response(buffer.getvalue(), media_type="text/csv", headers=told)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
