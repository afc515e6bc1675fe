"""PostgreSQL for other hosts: `python -m tests.hosts.database_server FOLDER ADDRESS SOCKETS`, until it is ended.

It prints its address as others reach it. People of the network may connect with the password.
"""

from __future__ import annotations

import signal
import sys
import threading
from pathlib import Path

from pingvas.launch import embedded_postgres

_WHO_MAY = "local all all scram-sha-256\nhost all all 10.77.0.0/24 scram-sha-256\n"


def main(folder: Path, address: str, sockets: Path) -> None:
    who_may = folder / "pg_hba.conf"
    who_may.write_text(_WHO_MAY)
    options = [f"listen_addresses={address}", f"unix_socket_directories={sockets}", f"hba_file={who_may}"]
    server = embedded_postgres.start(folder, options)
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    print(server.url().replace("127.0.0.1", address), flush=True)  # noqa: T201
    try:
        ended.wait()
    finally:
        server.stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
