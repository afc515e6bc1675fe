"""Tracing costs nothing while it is off, and goes to the collector that is named."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from pingvas.base.settings import REPOSITORY
from pingvas.base.tracing import current_traceparent, is_on, past_span, span, tracing


@pytest.fixture
def collector() -> Iterator[tuple[str, list[tuple[str, bytes]]]]:
    """The address of a collector, and the requests (path, body) that it was sent."""
    received: list[tuple[str, bytes]] = []

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.append((self.path, body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", received
    server.shutdown()
    server.server_close()
    thread.join()


def test_spans_are_sent_to_the_collector_that_the_settings_name(
    make_settings: Any, collector: tuple[str, list[tuple[str, bytes]]]
) -> None:
    # given
    address, received = collector

    # when
    with tracing(make_settings(otel_endpoint=address), "worker"), span("job", steps=20):
        pass

    # then all were sent before the process goes on to end
    ((path, body),) = received
    sent = ExportTraceServiceRequest.FromString(body).resource_spans[0]
    facts = {fact.key: fact.value.string_value for fact in sent.resource.attributes}
    assert path == "/v1/traces"
    assert facts["service.name"] == "pingvas-worker"
    assert [item.name for item in sent.scope_spans[0].spans] == ["job"]


def test_opentelemetrys_own_variables_name_a_collector_too(
    make_settings: Any, collector: tuple[str, list[tuple[str, bytes]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    # given
    address, received = collector
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", address)

    # when
    with tracing(make_settings(), "api"), span("request"):
        pass

    # then
    assert [path for path, _ in received] == ["/v1/traces"]


def test_a_collector_that_is_away_keeps_nobody_from_ending(
    make_settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with tracing(make_settings(otel_endpoint="http://127.0.0.1:9"), "worker"), span("job"):
        pass

    assert not is_on()


def test_no_exporter_is_imported_while_it_is_off() -> None:
    program = """
import sys, pingvas.api.app, pingvas.worker.chores.process
from pingvas.base.settings import Settings
from pingvas.base.tracing import current_traceparent, past_span, span, tracing
with tracing(Settings(_env_file=None), "api"), span("a") as opened:
    assert opened is None and current_traceparent() is None
    past_span("b", parent=None, began=1.0, ended=2.0)
sys.exit(bool({"opentelemetry.sdk.trace.export", "opentelemetry.exporter", "google.protobuf"} & sys.modules.keys()))
"""
    assert subprocess.run([sys.executable, "-c", program], cwd=REPOSITORY).returncode == 0


def test_a_span_begins_below_the_trace_it_is_given(make_settings: Any) -> None:
    # given
    exporter = InMemorySpanExporter()

    # when
    with tracing(make_settings(), "test", exporter=exporter):
        with span("request"):
            carried = current_traceparent()
        past_span("claim", parent=carried, began=100.0, ended=100.5, waited_seconds=None)
        with span("job", parent=carried), span("engine"):
            pass
        with span("another", parent="not a traceparent"):
            pass

    # then
    spans = {one.name: one for one in exporter.get_finished_spans()}
    traces = {name: one.context.trace_id for name, one in spans.items() if one.context is not None}
    assert traces["request"] == traces["claim"] == traces["job"] == traces["engine"] != traces["another"]
    claim = spans["claim"]
    assert (claim.start_time, claim.end_time, dict(claim.attributes or {})) == (100 * 10**9, 1005 * 10**8, {})
