"""Traces: what a request and its jobs went through, across processes, for an OpenTelemetry collector.

Off unless a collector is named; then no exporter is imported, and a span costs a function call. A job carries its
request's trace in its row (`traceparent`, as W3C Trace Context writes it), so that its worker goes on with it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pingvas import __version__
from pingvas.base.settings import Settings
from pingvas.base.withheld import trace_without_values, without_values

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import Span, Tracer

Attribute = str | int | float | bool

_STANDARD = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
# How long a batch of spans is tried to be sent. A process that ends waits for the last one.
SEND_SECONDS = 3.0
_MODES = {"server": "SERVER", "client": "CLIENT", "producer": "PRODUCER", "consumer": "CONSUMER"}

_provider: TracerProvider | None = None
_tracer: Tracer | None = None


def is_wanted(settings: Settings) -> bool:
    """Whether a collector is named, by our setting or by OpenTelemetry's own variables."""
    return settings.otel_endpoint is not None or any(os.environ.get(name) for name in _STANDARD)


@contextmanager
def tracing(settings: Settings, part: str, *, exporter: SpanExporter | None = None) -> Iterator[None]:
    """Trace this process (`part`: api, worker, chores) while the block lasts, if that is wanted; at its end what is
    left is sent. `exporter` takes the spans at once instead of a collector: for tests."""
    if exporter is None and not is_wanted(settings):
        yield
        return
    global _provider, _tracer
    before = _provider, _tracer
    _provider = _open(settings, part, exporter)
    _tracer = _provider.get_tracer("pingvas", __version__)
    try:
        yield
    finally:
        _provider.shutdown()
        _provider, _tracer = before


@contextmanager
def span(
    name: str, *, parent: str | None = None, mode: str = "internal", **attributes: Attribute | None
) -> Iterator[Span | None]:
    """Do what is in the block as one span of the trace, below the span around it or below `parent` (a traceparent).

    None when tracing is off. Attributes that are None are left out.
    """
    if _tracer is None:
        yield None
        return
    from opentelemetry.trace import SpanKind

    kind = SpanKind[_MODES.get(mode, "INTERNAL")]
    with _tracer.start_as_current_span(
        name,
        context=_context_of(parent),
        kind=kind,
        attributes=_given(attributes),
        # By itself it would write the error's text down, and the values in it.
        record_exception=False,
        set_status_on_exception=False,
    ) as opened:
        try:
            yield opened
        except Exception as error:
            _note_error(opened, error)
            raise


def past_span(
    name: str, *, parent: str | None, began: float, ended: float, **attributes: Attribute | None
) -> None:
    """A span that is over already, from `began` to `ended`, in seconds since the epoch by this machine's clock."""
    if _tracer is None:
        return
    opened = _tracer.start_span(
        name,
        context=_context_of(parent),
        attributes=_given(attributes),
        start_time=int(began * 1e9),
    )
    opened.end(int(ended * 1e9))


def current_traceparent() -> str | None:
    """Where the trace is now, to be carried to another process; None when tracing is off or nothing is traced."""
    if _tracer is None:
        return None
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    carrier: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(carrier)
    return carrier.get("traceparent")


def is_on() -> bool:
    """Whether spans go anywhere in this process."""
    return _tracer is not None


def _note_error(opened: Span, error: Exception) -> None:
    """What failed and where, by OpenTelemetry's names, without the values in it."""
    from opentelemetry.trace import StatusCode

    opened.set_status(StatusCode.ERROR, type(error).__name__)
    opened.add_event(
        "exception",
        {
            "exception.type": f"{type(error).__module__}.{type(error).__qualname__}",
            "exception.message": without_values(str(error)),
            "exception.stacktrace": trace_without_values(error),
        },
    )


def _open(settings: Settings, part: str, exporter: SpanExporter | None) -> TracerProvider:
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor

    facts = {"service.version": __version__, "pingvas.part": part}
    if not os.environ.get("OTEL_SERVICE_NAME"):
        facts["service.name"] = f"pingvas-{part}"
    provider = TracerProvider(resource=Resource.create(facts), shutdown_on_exit=False)
    if exporter is not None:
        provider.add_span_processor(SimpleSpanProcessor(exporter))
    else:
        provider.add_span_processor(BatchSpanProcessor(_collector(settings)))
    return provider


def _collector(settings: Settings) -> SpanExporter:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    address = settings.otel_endpoint and f"{settings.otel_endpoint.rstrip('/')}/v1/traces"
    patience = None if os.environ.get("OTEL_EXPORTER_OTLP_TIMEOUT") else SEND_SECONDS
    return OTLPSpanExporter(
        endpoint=address, timeout=patience
    )  # what is None it reads from the standard variables


def _context_of(parent: str | None) -> Context | None:
    if parent is None:
        return None
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    return TraceContextTextMapPropagator().extract({"traceparent": parent})


def _given(attributes: Mapping[str, Attribute | None]) -> dict[str, Attribute]:
    return {name: value for name, value in attributes.items() if value is not None}
