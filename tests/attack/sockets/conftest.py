"""Attacks on sockets need the server, people and clients of the tests of live events."""

from tests.realtime.conftest import address, connect, make_person, publisher, worker_database

__all__ = ["address", "connect", "make_person", "publisher", "worker_database"]
