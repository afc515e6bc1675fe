"""A real OpenID provider in Google's place: the npm package `oidc-provider`, started for a test process."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from harness.node import find_node

HERE = Path(__file__).parent / "oidc"
CLIENT_ID, CLIENT_SECRET = "the-studio.apps.example.com", "GOCSPX-a-secret-of-the-tests-and-a-long-one"


@dataclass(frozen=True)
class OpenIdProvider:
    """Where it is. Its accounts are made by telling their claims."""

    issuer: str

    async def has_account(self, subject: str, **claims: Any) -> None:
        async with httpx.AsyncClient() as client:
            answer = await client.put(f"{self.issuer}/accounts/{subject}", json=claims)
            answer.raise_for_status()

    @property
    def settings(self) -> Mapping[str, Any]:
        """What a studio needs to know of it."""
        return {
            "google_issuer": self.issuer,
            "google_client_id": CLIENT_ID,
            "google_client_secret": CLIENT_SECRET,
        }


@contextmanager
def running_provider(*redirect_uris: str) -> Iterator[OpenIdProvider]:
    """The provider, which sends browsers back to these addresses alone."""
    assert (HERE / "node_modules" / "oidc-provider").is_dir(), (
        "it is not installed; ./studio test installs it"
    )
    told = {"clientId": CLIENT_ID, "clientSecret": CLIENT_SECRET, "redirectUris": redirect_uris}
    process = subprocess.Popen(
        [find_node(), str(HERE / "provider.js"), json.dumps(told)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield OpenIdProvider(json.loads(process.stdout.readline())["issuer"])
    finally:
        process.stdin.close()
        process.stdout.close()
        process.wait(timeout=60)
