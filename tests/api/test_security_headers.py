"""What every answer tells browsers, whoever answers: a route, the page, a refusal on the way, a fault of ours."""

from typing import Any

import httpx
import pytest

from pingvas.api.app import create_app
from pingvas.base.settings import Settings
from tests.lifespan import running_app

ALWAYS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}
ADDRESSES = [
    ("GET", "/"),
    ("GET", "/gallery"),
    ("GET", "/theme.js"),
    ("GET", "/api/docs"),
    ("GET", "/api/v1/openapi.json"),
    ("GET", "/api/v1/plans"),
    ("GET", "/api/v1/me"),
    ("POST", "/api/v1/me"),
    ("GET", "/api/v1/nothing"),
    ("GET", "/files/images/nothing.png"),
    ("GET", "/healthz"),
    ("HEAD", "/healthz"),
    ("GET", "/ws/?EIO=4&transport=polling"),
    ("OPTIONS", "/api/v1/plans"),
]


@pytest.mark.parametrize(("method", "path"), ADDRESSES)
async def test_every_answer_has_them(client: httpx.AsyncClient, method: str, path: str) -> None:
    answer = await client.request(method, path)

    assert {name: answer.headers.get_list(name) for name in ALWAYS} == {
        name: [value] for name, value in ALWAYS.items()
    }
    (policy,) = answer.headers.get_list("content-security-policy")
    assert "frame-ancestors 'none'" in policy
    assert "camera=()" in answer.headers["permissions-policy"]
    assert "strict-transport-security" not in answer.headers  # people reach this one without TLS


async def test_a_fault_of_ours_has_them_too(client: httpx.AsyncClient, app: Any) -> None:
    del app.state.looks

    answer = await client.get("/readyz")

    assert answer.status_code == 500
    assert {name: answer.headers[name] for name in ALWAYS} == ALWAYS


async def test_what_is_data_may_load_and_run_nothing(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/v1/plans")

    assert answer.headers["content-security-policy"].startswith("default-src 'none';")
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"


async def test_over_tls_browsers_are_to_come_back_over_tls(
    plans: None, make_settings: Any, database_url: str
) -> None:
    settings: Settings = make_settings(database_url=database_url, public_url="https://studio.example.com")
    async with running_app(create_app(settings)) as app:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="https://studio.example.com") as client:
            answers = [await client.get(path) for path in ("/", "/api/v1/plans", "/api/v1/nothing")]

    assert {answer.headers["strict-transport-security"] for answer in answers} == {"max-age=31536000"}
