"""What the pages of the studio may load and whom they may call: their own host."""

import base64
import hashlib
import re

import httpx


async def test_the_documentation_calls_its_own_host_and_runs_its_own_script(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.get("/api/docs")

    policy = answer.headers["Content-Security-Policy"]
    scripts = re.findall(r"<script>(.*?)</script>", answer.text, re.DOTALL)
    hashes = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
    assert len(hashes) == 1
    assert f"script-src 'self' 'sha256-{hashes[0]}';" in policy
    assert "connect-src 'self';" in policy


async def test_the_page_calls_its_own_host(client: httpx.AsyncClient) -> None:
    policy = (await client.get("/")).headers["Content-Security-Policy"]

    assert "connect-src 'self';" in policy
