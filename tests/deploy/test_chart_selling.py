"""Who sells in a cluster: Lemon Squeezy by settings and secrets, or the sandbox, where it is named."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import typer.main

from pingvas.adapters.sellers.chosen import open_seller
from pingvas.adapters.sellers.sandbox import keys
from pingvas.base.settings import Settings
from pingvas.cli import app as command_line
from tests.deploy.conftest import SECRET, Rendered
from tests.deploy.test_chart_and_code import environment

Render = Callable[..., Rendered]
BY_LEMON_SQUEEZY: dict[str, Any] = {
    "secret": {**SECRET, "lemonSqueezyApiKey": "eyJ0", "lemonSqueezyWebhookSecret": "fresh-one,old-one"},
    "settings": {
        "billing_provider": "lemon_squeezy",
        "lemon_squeezy_store_id": "12345",
        "lemon_squeezy_variants": json.dumps({"pro_monthly": "101", "pack_small": "201"}),
        "lemon_squeezy_test_mode": True,
    },
}
BY_THE_SANDBOX: dict[str, Any] = {
    "secret": {**SECRET, "lemonSqueezyApiKey": "own-key", "lemonSqueezyWebhookSecret": "own-secret"},
    "sandbox": {"enabled": True, "url": "https://sandbox.example.org"},
    "publicUrl": "https://example.org/studio",
}


@pytest.fixture
def settings_of(monkeypatch: pytest.MonkeyPatch) -> Callable[[Rendered, str], Settings]:
    """What the process of a component reads of the environment that it finds."""

    def read(rendered: Rendered, component: str) -> Settings:
        with monkeypatch.context() as here:
            for name, value in environment(rendered, component).items():
                here.setenv(name, value)
            return Settings(_env_file=None)

    return read


@pytest.mark.parametrize("component", ["api", "chores"])
def test_lemon_squeezy_is_set_up_by_settings_and_secrets(
    render_chart: Render, settings_of: Callable[[Rendered, str], Settings], component: str
) -> None:
    settings = settings_of(render_chart(**BY_LEMON_SQUEEZY), component)

    seller = open_seller(settings)

    assert seller is not None
    assert (seller.name, seller.test_mode) == ("lemon-squeezy", True)
    assert settings.webhook_secrets == ("fresh-one", "old-one")


def test_nobody_sells_where_nobody_is_named(
    render_chart: Render, settings_of: Callable[[Rendered, str], Settings]
) -> None:
    rendered = render_chart(publicUrl="https://example.org")

    assert rendered.all("Deployment", "sandbox") == []
    assert settings_of(rendered, "api").seller == "none"


@pytest.mark.parametrize("component", ["api", "chores"])
def test_the_sandbox_sells_where_it_is_named_and_both_know_its_key(
    render_chart: Render, settings_of: Callable[[Rendered, str], Settings], component: str
) -> None:
    # given
    rendered = render_chart(**BY_THE_SANDBOX)
    asking, selling = settings_of(rendered, component), settings_of(rendered, "sandbox")

    # then
    assert (asking.seller, selling.seller) == ("sandbox", "sandbox")
    assert keys.api_key(asking) == keys.api_key(selling) == "own-key"
    assert keys.webhook_secrets(asking) == keys.webhook_secrets(selling) == ("own-secret",)
    # and where it is asked is where it listens
    service = rendered.get("Service", "sandbox")
    port = service["spec"]["ports"][0]["port"]
    assert keys.api_url(asking) == f"http://{service['metadata']['name']}:{port}/v1"
    assert rendered.container("sandbox")["ports"][0]["containerPort"] == selling.sandbox_port
    assert selling.sandbox_url == "https://sandbox.example.org"


def test_what_the_sandbox_tells_goes_to_the_api(render_chart: Render) -> None:
    rendered = render_chart(**BY_THE_SANDBOX)

    command, option, url = rendered.container("sandbox")["args"]
    commands = typer.main.get_command(command_line).commands  # type: ignore[attr-defined]

    assert option in [name for each in commands[command].params for name in each.opts]
    assert url == "http://studio-pingvas-studio:80/studio/api/v1/webhooks/sandbox"
    assert rendered.get("Service", "api")["metadata"]["name"] == "studio-pingvas-studio"


def test_what_was_bought_in_the_sandbox_outlives_its_pod(render_chart: Render) -> None:
    rendered = render_chart(**BY_THE_SANDBOX)
    pod = rendered.get("Deployment", "sandbox")["spec"]["template"]["spec"]

    claim = rendered.get("PersistentVolumeClaim", "sandbox")["metadata"]["name"]
    assert {"name": "sandbox", "persistentVolumeClaim": {"claimName": claim}} in pod["volumes"]
    assert {"name": "sandbox", "mountPath": "/srv/sandbox"} in pod["containers"][0]["volumeMounts"]
    own = render_chart(**BY_THE_SANDBOX | {"sandbox": {**BY_THE_SANDBOX["sandbox"], "existingClaim": "mine"}})
    assert own.all("PersistentVolumeClaim", "sandbox") == []


def test_the_sandbox_is_given_no_database_and_no_secret_key(render_chart: Render) -> None:
    names = {each["name"] for each in render_chart(**BY_THE_SANDBOX).container("sandbox")["env"]}

    assert names.isdisjoint({"PINGVAS_DATABASE_URL", "PINGVAS_STORAGE_URL", "PINGVAS_SECRET_KEY"})


def test_the_sandbox_and_those_who_ask_it_reach_each_other_where_few_may_connect(
    render_chart: Render,
) -> None:
    proxy = {"podSelector": {"matchLabels": {"app": "proxy"}}}
    rendered = render_chart(**BY_THE_SANDBOX, networkPolicy={"from": [proxy]})

    def let_in(component: str) -> list[Any]:
        (rule,) = rendered.get("NetworkPolicy", component)["spec"]["ingress"]
        return [
            each["podSelector"]["matchLabels"].get("app.kubernetes.io/component", "proxy")
            for each in rule["from"]
        ]

    assert (let_in("api"), let_in("sandbox")) == (["proxy", "sandbox"], ["proxy", "api", "chores"])


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"secret": SECRET}, "lemonSqueezyApiKey"),
        ({"secret": {**SECRET, "lemonSqueezyApiKey": "own-key"}}, "lemonSqueezyWebhookSecret"),
        ({"settings": {"billing_provider": "lemon_squeezy"}}, "billing_provider"),
        ({"sandbox": {"enabled": True}}, "url"),
        ({"sandbox": {"enabled": True, "url": "https://sandbox.example.org/shop"}}, "url"),
    ],
)
def test_a_sandbox_that_cannot_work_is_refused_by_name(
    render_chart: Render, values: dict[str, Any], named: str
) -> None:
    error = render_chart(**BY_THE_SANDBOX | values).error

    assert error is not None
    assert named in error
