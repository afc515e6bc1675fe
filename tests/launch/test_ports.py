"""Which ports a studio takes: what is set and free, or a sentence that says what to do."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from harness.running_studio import free_port
from pingvas.base import settings as settings_module
from pingvas.launch.ports import PortTaken, metrics_port, page_port, why_taken


@pytest.fixture
def taken() -> Iterator[int]:
    """A port where somebody listens."""
    with socket.create_server(("127.0.0.1", 0)) as squatter:
        yield squatter.getsockname()[1]


def test_ports_that_are_set_and_free_are_taken(make_settings: Any) -> None:
    settings = make_settings(port=free_port(), metrics_port=free_port())

    assert page_port(settings) == settings.port
    assert metrics_port(settings) == settings.metrics_port


@pytest.mark.parametrize("setting", ["port", "metrics_port"])
def test_a_port_that_is_set_and_taken_is_told_with_the_setting_that_names_it(
    make_settings: Any, taken: int, setting: str
) -> None:
    choose = page_port if setting == "port" else metrics_port

    with pytest.raises(PortTaken, match=rf"Port {taken} is taken.*PINGVAS_{setting.upper()}={taken + 1} "):
        choose(make_settings(**{setting: taken}))


def test_where_no_port_of_metrics_is_set_and_the_usual_one_is_taken_another_is_chosen(
    make_settings: Any, taken: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings_module, "METRICS_PORT", taken)

    chosen = metrics_port(make_settings())

    assert chosen not in (0, taken)
    assert why_taken("127.0.0.1", chosen) is None


def test_the_usual_port_is_left_to_the_page_where_the_page_has_it(
    make_settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = free_port()
    monkeypatch.setattr(settings_module, "METRICS_PORT", usual)

    assert metrics_port(make_settings()) == usual
    assert metrics_port(make_settings(port=usual)) != usual


def test_one_port_cannot_be_both(make_settings: Any) -> None:
    port = free_port()

    with pytest.raises(PortTaken, match=f"are both {port}"):
        metrics_port(make_settings(port=port, metrics_port=port))


def test_no_port_of_metrics_is_0(make_settings: Any) -> None:
    assert metrics_port(make_settings(metrics_port=0)) == 0


def test_an_address_of_another_machine_is_told_with_the_setting(make_settings: Any) -> None:
    with pytest.raises(PortTaken, match=r"Cannot listen on 192\.0\.2\.1:.*PINGVAS_METRICS_PORT"):
        metrics_port(make_settings(metrics_host="192.0.2.1", metrics_port=free_port()))
