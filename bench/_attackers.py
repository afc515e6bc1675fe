"""The attacks that `bench/attacks.py` measures under, each by a process of its own: `python -m bench._attackers NAME URL`.

They come from 127.0.0.2, so that budgets of an address are theirs alone, and go on until they are ended. The token of a free
account stands in ATTACKER_TOKEN. Only the public interface is used.
"""

from __future__ import annotations

import asyncio
import io
import json
import os
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from urllib.parse import urlsplit

import aiohttp
from PIL import Image
from PIL.PngImagePlugin import PngInfo

FROM = "127.0.0.2"
_BOUNDARY = "attack"
_PAUSE = 0.05  # after a refusal: the attacker's own process is not to be what is measured


class Attacker:
    """Where the studio is and who asks."""

    def __init__(self, url: str, token: str) -> None:
        parts = urlsplit(url)
        assert parts.hostname is not None
        assert parts.port is not None
        self.url, self.host, self.port, self.token = url, parts.hostname, parts.port, token
        self.headers = {"Authorization": f"Bearer {token}"}

    async def raw(self, first: bytes, drip: bytes, *, seconds: float = 1.0) -> None:
        """One connection that says so much and then drips, opened again when it is closed."""
        while True:
            with suppress(OSError):
                reader, writer = await asyncio.open_connection(self.host, self.port, local_addr=(FROM, 0))
                try:
                    writer.write(first)
                    while not reader.at_eof():
                        await writer.drain()
                        with suppress(TimeoutError):
                            await asyncio.wait_for(reader.read(65_536), seconds)
                        writer.write(drip)
                finally:
                    writer.close()
            await asyncio.sleep(_PAUSE)

    async def ask(self, clients: int, once: Callable[[aiohttp.ClientSession], Awaitable[int]]) -> None:
        """So many clients that ask again and again."""
        connector = aiohttp.TCPConnector(local_addr=(FROM, 0), limit=0)
        timeout = aiohttp.ClientTimeout(total=120)
        async with aiohttp.ClientSession(self.url, connector=connector, timeout=timeout) as http:

            async def again() -> None:
                while True:
                    status = 0
                    with suppress(aiohttp.ClientError, OSError, TimeoutError):
                        status = await once(http)
                    if status in (0, 429, 503):
                        await asyncio.sleep(_PAUSE)

            await asyncio.gather(*(again() for _ in range(clients)))

    async def upload(self, clients: int, content: bytes, kind: str) -> None:
        """The same picture again and again."""

        async def once(http: aiohttp.ClientSession) -> int:
            form = aiohttp.FormData()
            form.add_field("file", content, filename=f"a.{kind}", content_type=f"image/{kind}")
            async with http.post("/api/v1/images", data=form, headers=self.headers) as answer:
                await answer.read()
                return answer.status

        await self.ask(clients, once)

    async def post(self, clients: int, path: str, body: object, **headers: str) -> None:
        """The same JSON again and again."""
        content = json.dumps(body).encode()
        sent = {**self.headers, "Content-Type": "application/json", **headers}

        async def once(http: aiohttp.ClientSession) -> int:
            async with http.post(path, data=content, headers=sent) as answer:
                await answer.read()
                return answer.status

        await self.ask(clients, once)


async def slow_headers(by: Attacker) -> None:
    """300 connections whose headers never end."""
    first = f"GET /api/v1/me HTTP/1.1\r\nHost: {by.host}\r\n".encode()
    await asyncio.gather(*(by.raw(first, b"X-A: b\r\n") for _ in range(300)))


async def withheld_bodies(by: Attacker) -> None:
    """40 uploads of 20 MB without a token, whose last byte does not come."""
    part = f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'.encode()
    head = (
        f"POST /api/v1/images HTTP/1.1\r\nHost: {by.host}\r\nContent-Length: 20000000\r\n"
        f"Content-Type: multipart/form-data; boundary={_BOUNDARY}\r\n\r\n"
    ).encode()
    await asyncio.gather(*(by.raw(head + part + b"x" * 19_000_000, b"") for _ in range(40)))


async def pixel_bombs(by: Attacker) -> None:
    """12 clients send a lossless WebP of 8192 × 8192 in one colour."""
    await by.upload(12, _saved(Image.new("RGB", (8192, 8192)), "WEBP", lossless=True), "webp")


async def many_passes(by: Attacker) -> None:
    """Four clients send a progressive JPEG whose last scan comes 180 times more."""
    whole = _saved(Image.effect_noise((2048, 2048), 4), "JPEG", progressive=True, quality=30)
    scan = whole[whole.rindex(b"\xff\xda") : -2]
    await by.upload(4, whole[:-2] + scan * min(180, 4_000_000 // len(scan)) + whole[-2:], "jpeg")


async def infotext_growth(by: Attacker) -> None:
    """Four clients send a small PNG whose `parameters` make a backtracking reader backtrack."""
    info = PngInfo()
    info.add_text("parameters", "a house\n" + "        aa:" * 727)
    await by.upload(4, _saved(Image.new("RGB", (64, 64)), "PNG", pnginfo=info), "png")


async def socket_attachments(by: Attacker) -> None:
    """Four sockets announce attachments without an end and send them."""

    async def once(http: aiohttp.ClientSession) -> int:
        async with http.ws_connect("/ws/?EIO=4&transport=websocket") as socket:
            await socket.send_str("40" + json.dumps({"token": by.token}))
            await socket.receive()
            await socket.receive()
            await socket.send_str('4599999999999-["job:cancel",{"_placeholder":true,"num":0}]')
            while not socket.closed:
                await socket.send_bytes(b"x" * 16_000)
                await asyncio.sleep(0.001)
        return 0

    await by.ask(4, once)


async def password_guessing(by: Attacker) -> None:
    """130 clients guess the password of the person who is measured."""
    await by.post(130, "/api/v1/auth/login", {"email": "measured@example.com", "password": "a wrong guess"})


async def held_answers(by: Attacker) -> None:
    """1,500 clients of one account wait for the answers to their jobs."""
    body = {"job_type": "txt2img", "model": "pingvas-mini", "prompt": "a house"}
    await by.post(1_500, "/api/v1/jobs", body, Prefer="wait=60")


async def unknown_keys(by: Attacker) -> None:
    """Four clients send a body with 60,000 keys that nobody knows."""
    await by.post(4, "/api/v1/jobs", {f"k{number}": 0 for number in range(60_000)})


async def readyz_flood(by: Attacker) -> None:
    """32 clients ask whether the studio is ready."""

    async def once(http: aiohttp.ClientSession) -> int:
        async with http.get("/readyz") as answer:
            await answer.read()
            return answer.status

    await by.ask(32, once)


async def submit_and_cancel(by: Attacker) -> None:
    """Four clients submit a job and cancel it."""
    body = {"job_type": "txt2img", "model": "pingvas-mini", "prompt": "a house"}

    async def once(http: aiohttp.ClientSession) -> int:
        async with http.post("/api/v1/jobs", json=body, headers=by.headers) as answer:
            said = await answer.json()
            if answer.status != 202:
                return answer.status
        for job in said.get("jobs", [said]):
            async with http.post(f"/api/v1/jobs/{job['id']}/cancel", headers=by.headers) as answer:
                await answer.read()
        return answer.status

    await by.ask(4, once)


def _saved(image: Image.Image, format_: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, format_, **options)
    return file.getvalue()


ATTACKS: dict[str, Callable[[Attacker], Awaitable[None]]] = {
    attack.__name__: attack
    for attack in (
        slow_headers,
        withheld_bodies,
        pixel_bombs,
        many_passes,
        infotext_growth,
        socket_attachments,
        password_guessing,
        held_answers,
        unknown_keys,
        readyz_flood,
        submit_and_cancel,
    )
}


async def _attack(name: str, url: str) -> None:
    await ATTACKS[name](Attacker(url, os.environ["ATTACKER_TOKEN"]))


if __name__ == "__main__":
    os.nice(19)
    asyncio.run(_attack(sys.argv[1], sys.argv[2]))
