"""Calls to `/auth` that several tests make, and what a refusal must look like."""

from typing import Any

import httpx

AUTH = "/api/v1/auth"
ME = "/api/v1/me"


def problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The problem document of an answer, having checked that it is a whole one."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    told: dict[str, Any] = answer.json()
    assert {"type", "title", "status", "detail", "instance", "code"} <= set(told)
    assert (told["status"], told["code"]) == (status, code)
    assert "set-cookie" not in answer.headers
    return told


async def refresh(client: httpx.AsyncClient, token: str | None, **more: Any) -> httpx.Response:
    return await client.post(f"{AUTH}/refresh", json={"refresh_token": token}, **more)


async def acts(client: httpx.AsyncClient, access_token: str) -> bool:
    answer = await client.get(ME, headers={"Authorization": f"Bearer {access_token}"})
    assert answer.status_code in (200, 401)
    return answer.status_code == 200
