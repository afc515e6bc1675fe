"""The part of a file that `Range` asks for, where `If-Range` lets it (RFC 9110, 13.1.5 and 14.2)."""

import re
from dataclasses import dataclass

from fastapi import Request, Response, status

_RANGE = re.compile(r"bytes=(\d{1,18})-(\d{0,18})", re.ASCII)


@dataclass(frozen=True)
class Part:
    """The bytes from `first` to `last`, both of them sent, and the status that says so."""

    first: int
    last: int
    size: int
    code: int

    @property
    def is_whole(self) -> bool:
        return self.code == status.HTTP_200_OK

    @property
    def headers(self) -> dict[str, str]:
        """What the answer says of its length and place."""
        told = {"Accept-Ranges": "bytes", "Content-Length": str(max(0, self.last - self.first + 1))}
        if not self.is_whole:
            told["Content-Range"] = f"bytes {self.first}-{self.last}/{self.size}"
        return told

    @property
    def refusal(self) -> Response | None:
        """The answer where nothing of the file is behind that place."""
        if self.code != status.HTTP_416_RANGE_NOT_SATISFIABLE:
            return None
        headers = {"Accept-Ranges": "bytes", "Content-Range": f"bytes */{self.size}"}
        return Response(status_code=self.code, headers=headers)


def asked_part(request: Request, tag: str | None, size: int) -> Part:
    """What is no single range with a beginning is answered with everything, as the standard allows."""
    whole = Part(0, size - 1, size, status.HTTP_200_OK)
    asked = _RANGE.fullmatch(request.headers.get("range", ""))
    if_range = request.headers.get("if-range")
    if asked is None or (if_range is not None and if_range != tag):
        return whole
    first, last = int(asked[1]), min(int(asked[2] or size - 1), size - 1)
    if asked[2] and int(asked[2]) < first:
        return whole
    if first >= size:
        return Part(0, -1, size, status.HTTP_416_RANGE_NOT_SATISFIABLE)
    return Part(first, last, size, status.HTTP_206_PARTIAL_CONTENT)
