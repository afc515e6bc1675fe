"""One trace from the request over HTTP to the finished picture in a worker."""

from __future__ import annotations

from uuid import UUID

import httpx
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from pingvas.base.settings import Settings
from pingvas.base.tracing import tracing
from tests.make.accounts import sign_up
from tests.worker.studio import Studio

# What a caller with a trace of its own sends.
TRACE = "0af7651916cd43dd8448eb211c80319c"
CALLER = {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}
ASKED = {
    "job_type": "txt2img",
    "model": "toy",
    "prompt": "a red house",
    "width": 64,
    "height": 64,
    "steps": 3,
}


def trace_of(span: ReadableSpan) -> str:
    assert span.context is not None
    return f"{span.context.trace_id:032x}"


def parents(spans: list[ReadableSpan]) -> dict[str, str | None]:
    """Name of a span → name of the one it is in."""
    names = {span.context.span_id: span.name for span in spans if span.context is not None}
    return {span.name: names.get(span.parent.span_id) if span.parent else None for span in spans}


async def test_a_request_and_its_job_in_another_process_are_one_trace(
    client: httpx.AsyncClient, studio: Studio, settings: Settings
) -> None:
    # given
    of_api, of_worker = InMemorySpanExporter(), InMemorySpanExporter()
    person = await sign_up(client)

    # when a caller that traces asks for a picture, and a worker makes it
    with tracing(settings, "api", exporter=of_api):
        answer = await client.post("/api/v1/jobs", json=ASKED, headers=person.headers | CALLER)
    job_id = UUID(answer.json()["jobs"][0]["id"])
    with tracing(settings, "worker", exporter=of_worker):
        async with studio.worker():
            await studio.becomes(job_id, "completed")

    # then
    finished = (*of_api.get_finished_spans(), *of_worker.get_finished_spans())
    spans = [span for span in finished if trace_of(span) == TRACE]
    assert parents(spans) == {
        "POST /jobs": None,  # in the caller's
        "submit": "POST /jobs",
        "claim": "submit",
        "job": "submit",
        "gather": "job",
        "engine": "job",
        "store": "job",
        "finish": "job",
    }
    by_name = {span.name: span for span in spans}
    assert by_name["POST /jobs"].attributes is not None
    assert by_name["POST /jobs"].attributes["http.response.status_code"] == 202
    assert by_name["job"].attributes is not None
    assert by_name["job"].attributes["job.id"] == str(job_id)
    assert all((span.end_time or 0) >= (span.start_time or 0) > 0 for span in spans)


async def test_a_job_that_cannot_be_done_shows_where_it_failed(
    client: httpx.AsyncClient, studio: Studio, settings: Settings
) -> None:
    # given a model whose files are gone
    exporter = InMemorySpanExporter()
    person = await sign_up(client)
    await studio.execute("UPDATE ai_models SET s3_path = '/nowhere', efs_cache_path = '/nowhere'")

    # when
    with tracing(settings, "all", exporter=exporter):
        answer = await client.post("/api/v1/jobs", json=ASKED, headers=person.headers)
        async with studio.worker():
            await studio.becomes(UUID(answer.json()["jobs"][0]["id"]), "failed")

    # then
    gather = next(span for span in exporter.get_finished_spans() if span.name == "gather")
    assert gather.status.status_code is StatusCode.ERROR
    finish = next(span for span in exporter.get_finished_spans() if span.name == "finish")
    assert finish.attributes == {"outcome": "Failed"}


async def test_without_tracing_a_job_carries_no_trace(client: httpx.AsyncClient, studio: Studio) -> None:
    # given
    person = await sign_up(client)

    # when
    answer = await client.post("/api/v1/jobs", json=ASKED, headers=person.headers | CALLER)

    # then
    job = await studio.job(UUID(answer.json()["jobs"][0]["id"]))
    assert job.traceparent is None
