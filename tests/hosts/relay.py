"""A door into the network: `python -m tests.hosts.relay SOCKET ADDRESS PORT` carries a socket in the file system,
which every namespace sees, to an address that only one does."""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress


async def main(socket: str, address: str, port: int) -> None:
    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there_reader, there_writer = await asyncio.open_connection(address, port)
        except OSError:
            writer.close()
            return
        await asyncio.gather(_copy(reader, there_writer), _copy(there_reader, writer))

    server = await asyncio.start_unix_server(carry, socket)
    print("listening", flush=True)  # noqa: T201
    await server.serve_forever()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
