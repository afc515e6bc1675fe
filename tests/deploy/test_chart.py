"""The chart: rendered by Helm's own code, each object checked against the schemas of Kubernetes and KEDA.

Not checked here: the Prometheus operator's kind (no package carries its schema), and anything that only a
running cluster knows, such as hooks in their order, admission, scheduling, volumes and KEDA itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.deploy.conftest import SECRET, Rendered
from tests.deploy.schemas import WITHOUT_SCHEMA, problems_of

OF_THE_SANDBOX = {
    "lemonSqueezyApiKey": "a key of one's own",
    "lemonSqueezyWebhookSecret": "a secret of one's own",
}
OLDEST, NEWEST = "1.27", "1.37"
EVERYTHING: dict[str, Any] = {
    "settings": {"open_registration": False, "log_level": "debug"},
    "imagePullSecrets": [{"name": "registry"}],
    "extraEnv": [{"name": "AWS_REGION", "value": "eu-central-1"}],
    "extraEnvFrom": [{"secretRef": {"name": "bucket-keys"}}],
    "storage": {"volume": {"enabled": True, "storageClassName": "nfs"}},
    "serviceAccount": {"annotations": {"eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/pictures"}},
    "podAnnotations": {"team": "pictures"},
    "podLabels": {"team": "pictures"},
    "api": {
        "autoscaling": {"enabled": True},
        "nodeSelector": {"pool": "web"},
        "topologySpreadConstraints": [
            {
                "maxSkew": 1,
                "topologyKey": "kubernetes.io/hostname",
                "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": {"matchLabels": {"app.kubernetes.io/component": "api"}},
            }
        ],
    },
    "service": {"type": "LoadBalancer", "annotations": {"internal": "true"}},
    "ingress": {
        "enabled": True,
        "className": "nginx",
        "host": "studio.example.org",
        "tlsSecretName": "certificate",
        "annotations": {"nginx.ingress.kubernetes.io/proxy-body-size": "25m"},
    },
    "worker": {
        "image": {"tag": "cuda"},
        "runtimeClassName": "nvidia",
        "nodeSelector": {"pool": "cards"},
        "affinity": {"nodeAffinity": {}},
        "modelCache": {"enabled": True, "storageClassName": "nfs"},
        "keda": {"enabled": True, "minReplicas": 1, "maxReplicas": 9},
    },
    "metrics": {"enabled": True, "labels": {"release": "prometheus"}},
}
VARIANTS: dict[str, dict[str, Any]] = {
    "as it is": {},
    "everything": EVERYTHING,
    "a secret of one's own": {"secret": {"existingSecret": "mine"}, "migrate": {"enabled": False}},
    "a sandbox that sells": {
        "secret": {**SECRET, **OF_THE_SANDBOX},
        "sandbox": {
            "enabled": True,
            "url": "https://sandbox.example.org",
            "tlsSecretName": "certificate-of-the-sandbox",
            "storageClassName": "fast",
            "nodeSelector": {"pool": "web"},
        },
        "ingress": {"enabled": True, "host": "studio.example.org"},
        "networkPolicy": {"from": [{"podSelector": {"matchLabels": {"app": "proxy"}}}]},
    },
    "no card": {"worker": {"gpu": {"enabled": False}, "tolerations": []}},
    "claims of one's own": {
        "storage": {"volume": {"enabled": True, "existingClaim": "pictures"}},
        "worker": {"modelCache": {"enabled": True, "existingClaim": "models"}},
    },
}

Render = Callable[..., Rendered]


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("kubernetes", [OLDEST, NEWEST])
def test_every_object_is_one_that_kubernetes_takes(
    render_chart: Render, variant: str, kubernetes: str
) -> None:
    rendered = render_chart(**VARIANTS[variant])

    assert rendered.error is None
    checked = [each for each in rendered.objects if each["kind"] not in WITHOUT_SCHEMA]
    assert len(checked) >= 6
    assert {each["metadata"]["name"]: problems_of(each, kubernetes) for each in checked} == {
        each["metadata"]["name"]: [] for each in checked
    }


@pytest.mark.parametrize("variant", VARIANTS)
def test_helm_finds_nothing_to_complain_about(render_chart: Render, variant: str) -> None:
    said = [each["error"] for each in render_chart(**VARIANTS[variant]).lint]

    assert said == ["icon is recommended"]


@pytest.mark.parametrize(
    ("values", "names"),
    [
        ({"replicas": 3}, "replicas"),
        ({"api": {"replica": 3}}, "replica"),
        ({"settings": {"lease_second": 10}}, "lease_second"),
        ({"settings": {"database_url": "postgresql://x"}}, "database_url"),
        ({"secret": {"databaseUrl": "postgresql+asyncpg://x/y"}}, "databaseUrl"),
        ({"secret": {"secretKey": "short"}}, "secretKey"),
        ({"ingress": {"enabled": True}}, "host"),
        ({"worker": {"terminationGracePeriodSeconds": 5}}, "terminationGracePeriodSeconds"),
    ],
)
def test_values_that_make_no_sense_are_refused_by_name(
    render_chart: Render, values: dict[str, Any], names: str
) -> None:
    error = render_chart(**values).error

    assert error is not None
    assert names in error


@pytest.mark.parametrize(
    ("left_out", "hint", "volume"),
    [
        ("databaseUrl", "existingSecret", False),
        ("storageUrl", "s3://", False),
        ("secretKey", "openssl rand", False),
        ("fileUrlKey", "openssl rand", True),
    ],
)
def test_a_secret_that_is_missing_is_told_with_what_to_do(
    render_chart: Render, left_out: str, hint: str, volume: bool
) -> None:
    storage = {"volume": {"enabled": volume}}
    error = render_chart(secret={**_secret(), left_out: ""}, storage=storage).error

    assert error is not None
    assert left_out in error
    assert hint in error


def _secret() -> dict[str, str]:
    return {
        "databaseUrl": "postgresql://db/pingvas",
        "storageUrl": "s3://pictures",
        "secretKey": "0123456789" * 4,
        "fileUrlKey": "0" * 64,
    }


def test_pods_keep_to_the_restricted_security_standard(render_chart: Render) -> None:
    rendered = render_chart(**EVERYTHING)

    pods = [each["spec"]["template"]["spec"] for kind in ("Deployment", "Job") for each in rendered.all(kind)]
    assert len(pods) == 4
    for pod in pods:
        (container,) = pod["containers"]
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert pod["automountServiceAccountToken"] is False
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        # What cannot be written otherwise has a place of its own.
        assert "/tmp" in [mount["mountPath"] for mount in container["volumeMounts"]]


def test_kubernetes_puts_no_variables_of_its_own_beside_ours(render_chart: Render) -> None:
    """A service named `pingvas` would give every pod PINGVAS_PORT=tcp://…, which is our setting's name."""
    rendered = render_chart(fullnameOverride="pingvas")

    assert rendered.get("Service")["metadata"]["name"] == "pingvas"
    for each in (*rendered.all("Deployment"), *rendered.all("Job")):
        assert each["spec"]["template"]["spec"]["enableServiceLinks"] is False


def test_the_migration_finds_its_secret_before_the_chart_has_made_anything(render_chart: Render) -> None:
    rendered = render_chart()

    job = rendered.get("Job")["metadata"]["annotations"]
    wanted = {
        each["valueFrom"]["secretKeyRef"]["name"]
        for each in rendered.container("migrate")["env"]
        if "secretKeyRef" in each.get("valueFrom", {})
    }
    (secret,) = [each for each in rendered.all("Secret") if each["metadata"]["name"] in wanted]
    hook = secret["metadata"]["annotations"]
    assert job["helm.sh/hook"] == hook["helm.sh/hook"] == "pre-install,pre-upgrade"
    assert int(hook["helm.sh/hook-weight"]) < int(job["helm.sh/hook-weight"])
    assert "hook-succeeded" in hook["helm.sh/hook-delete-policy"]
    assert "serviceAccountName" not in rendered.get("Job")["spec"]["template"]["spec"]


def test_a_secret_of_ones_own_is_the_only_one(render_chart: Render) -> None:
    rendered = render_chart(secret={"existingSecret": "mine"}, worker={"keda": {"enabled": True}})

    assert rendered.all("Secret") == []
    named = {
        each["valueFrom"]["secretKeyRef"]["name"]
        for component in ("api", "worker", "chores", "migrate")
        for each in rendered.container(component)["env"]
        if "valueFrom" in each
    }
    assert named == {"mine"}
    (reference,) = rendered.get("TriggerAuthentication")["spec"]["secretTargetRef"]
    assert reference == {"parameter": "connection", "name": "mine", "key": "database-url"}


def test_whoever_counts_the_pods_counts_alone(render_chart: Render) -> None:
    fixed = render_chart()
    scaled = render_chart(**EVERYTHING)

    assert fixed.get("Deployment", "api")["spec"]["replicas"] == 2
    assert fixed.get("Deployment", "worker")["spec"]["replicas"] == 1
    assert "replicas" not in scaled.get("Deployment", "api")["spec"]
    assert "replicas" not in scaled.get("Deployment", "worker")["spec"]
    for kind, component in (("HorizontalPodAutoscaler", "api"), ("ScaledObject", "worker")):
        assert (
            scaled.get(kind)["spec"]["scaleTargetRef"]["name"]
            == scaled.get("Deployment", component)["metadata"]["name"]
        )


def test_a_new_secret_starts_the_pods_anew_and_other_values_do_not(render_chart: Render) -> None:
    def mark(**values: Any) -> str:
        template = render_chart(**values).get("Deployment", "chores")["spec"]["template"]
        return str(template["metadata"]["annotations"]["checksum/secret"])

    assert mark() == mark(api={"replicas": 5})
    assert mark() != mark(secret=_secret())


def test_everything_a_selector_looks_for_is_on_the_pods(render_chart: Render) -> None:
    rendered = render_chart(**EVERYTHING)

    pods = [each["spec"]["template"]["metadata"]["labels"] for each in rendered.all("Deployment")]
    for kind in ("Service", "PodDisruptionBudget", "PodMonitor"):
        for each in rendered.all(kind):
            selector = each["spec"]["selector"]
            wanted = selector.get("matchLabels", selector).items()
            found = [labels for labels in pods if wanted <= labels.items()]
            assert len(found) == 1, each["metadata"]["name"]


def test_no_proxy_is_believed_that_nobody_named_and_nobody_may_connect_to_a_worker(
    render_chart: Render,
) -> None:
    rendered = render_chart()

    trusted = {each["name"]: each.get("value") for each in rendered.container("api")["env"]}
    assert trusted["FORWARDED_ALLOW_IPS"] == ""
    assert render_chart(api={"forwardedAllowIps": "*"}).error is not None
    for component in ("worker", "chores"):
        assert "ingress" not in rendered.get("NetworkPolicy", component)["spec"]
    assert rendered.get("NetworkPolicy", "api")["spec"]["ingress"] == [{"ports": [{"port": "http"}]}]


OF_THE_CHORES = {"smtp-url", "lemon-squeezy-api-key", "lemon-squeezy-webhook-secret"}
OF_A_WORKER = {"content-credentials-key"}
OF_THE_API = {
    *OF_THE_CHORES,
    "secret-key",
    "previous-secret-key",
    "google-client-secret",
    "discord-client-secret",
}


@pytest.mark.parametrize("secret", [_secret(), {"existingSecret": "mine"}])
@pytest.mark.parametrize(
    ("volume", "keys"),
    [
        (False, {"api": OF_THE_API, "worker": OF_A_WORKER, "chores": OF_THE_CHORES, "migrate": set()}),
        (
            True,
            {
                "api": {*OF_THE_API, "file-url-key"},
                "worker": {*OF_A_WORKER, "file-url-key"},
                "chores": OF_THE_CHORES,
                "migrate": set(),
            },
        ),
    ],
)
def test_only_the_api_is_given_the_secret_and_a_worker_the_key_it_needs(
    render_chart: Render, secret: dict[str, str], volume: bool, keys: dict[str, set[str]]
) -> None:
    rendered = render_chart(secret=secret, storage={"volume": {"enabled": volume}})

    given = {
        component: {
            each["valueFrom"]["secretKeyRef"]["key"]
            for each in rendered.container(component)["env"]
            if "valueFrom" in each
        }
        - {"database-url", "storage-url", "redis-url"}
        for component in keys
    }

    assert given == keys


def test_metrics_are_on_no_service_and_reach_those_alone_who_are_named(render_chart: Render) -> None:
    prometheus = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}
    rendered = render_chart(metrics={"enabled": True}, networkPolicy={"metricsFrom": [prometheus]})

    assert [each["name"] for each in rendered.get("Service")["spec"]["ports"]] == ["http"]
    for component in ("api", "worker", "chores"):
        (rule,) = [
            each
            for each in rendered.get("NetworkPolicy", component)["spec"]["ingress"]
            if each["ports"] == [{"port": "metrics"}]
        ]
        assert rule["from"] == [prometheus]
        (endpoint,) = rendered.get("PodMonitor", component)["spec"]["podMetricsEndpoints"]
        assert (endpoint["port"], endpoint["path"]) == ("metrics", "/metrics")


@pytest.mark.parametrize(
    "secret", [{**_secret(), "ownerDatabaseUrl": "postgresql://owner@db/pingvas"}, {"existingSecret": "mine"}]
)
def test_with_two_roles_only_the_migration_and_the_chores_go_by_the_owners(
    render_chart: Render, secret: dict[str, str]
) -> None:
    rendered = render_chart(secret=secret, migrate={"grantTo": "serving"})

    keys = {
        component: {each["name"]: each.get("valueFrom") for each in rendered.container(component)["env"]}[
            "PINGVAS_DATABASE_URL"
        ]["secretKeyRef"]["key"]
        for component in ("api", "worker", "chores", "migrate")
    }
    assert keys == {
        "api": "database-url",
        "worker": "database-url",
        "chores": "owner-database-url",
        "migrate": "owner-database-url",
    }
    assert rendered.container("migrate")["args"] == ["migrate", "--grant-to", "serving"]
    if "databaseUrl" in secret:
        assert all("owner-database-url" in each["stringData"] for each in rendered.all("Secret"))


def test_two_roles_without_the_owners_address_are_refused(render_chart: Render) -> None:
    error = render_chart(secret=_secret(), migrate={"grantTo": "serving"}).error

    assert error is not None
    assert "ownerDatabaseUrl" in error


@pytest.mark.parametrize(("url", "path"), [("", "/"), ("https://example.org/studio", "/studio")])
def test_an_ingress_leads_to_the_path_that_the_studio_lies_below(
    render_chart: Render, url: str, path: str
) -> None:
    rendered = render_chart(ingress={"enabled": True, "host": "example.org"}, publicUrl=url)

    (rule,) = rendered.get("Ingress")["spec"]["rules"]

    assert [each["path"] for each in rule["http"]["paths"]] == [path]
