"""The compose file and the Kubernetes file say what the product, its image and its settings say."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from bot.app import known_settings
from bot.domain.readiness import Trouble
from bot.serving.connections import ConnectionLimits
from bot.serving.listeners import admin_app, public_app
from bot.serving.metrics import METRICS
from bot.settings.settings import Settings
from bot.storage.key_strength import SHORTEST
from bot.storage.keys import DAY, Lifetimes
from bot.worker import RELEASING
from tests.block_yaml import read_yaml
from tests.guides.guide import ROOT

SECRETS = {"REDIS_URL": "rediss://u:p@redis.example.com:6379/0"}
IMAGE = (ROOT / "Dockerfile").read_text(encoding="utf-8")


@pytest.fixture
def compose() -> Any:
    return read_yaml((ROOT / "manifests" / "compose.yaml").read_text(encoding="utf-8"))


@pytest.fixture
def kubernetes() -> dict[str, Any]:
    """The objects by kind."""
    documents = (ROOT / "manifests" / "kubernetes.yaml").read_text(encoding="utf-8").split("\n---\n")
    return {document["kind"]: document for document in map(read_yaml, documents)}


@pytest.fixture
def pod(kubernetes: dict[str, Any]) -> Any:
    return kubernetes["Deployment"]["spec"]["template"]["spec"]


@pytest.fixture
def container(pod: Any) -> Any:
    (container,) = pod["containers"]
    return container


def image(instruction: str) -> str:
    """What an image's instruction says."""
    return str(re.findall(rf"^{instruction} (.+)$", IMAGE, re.MULTILINE)[-1])


def settings_with(environment: dict[str, str], folder: Path) -> Settings:
    """As the process would read them; a name that is no setting fails here."""
    assert set(environment) <= set(known_settings().variables())
    return known_settings().read(environment, folder=folder)


def seconds(text: str) -> int:
    return int(text.removesuffix("s"))


def routes(app: Any) -> set[str]:
    return {resource.canonical for resource in app.router.resources()}


def guide() -> str:
    return (ROOT / "manifests" / "README.md").read_text(encoding="utf-8")


async def ready() -> Sequence[Trouble]:
    return ()


def test_the_compose_file_sets_what_can_be_set(compose: Any, tmp_path: Path) -> None:
    service = compose["services"]["switchboard"]
    settings = settings_with(service["environment"], tmp_path)

    assert settings.redis_url
    assert settings.redis_url.get_secret_value() == "redis://valkey:6379/0"
    assert str(settings.port) == image("EXPOSE")
    assert service["ports"] == [f"127.0.0.1:{settings.port}:{settings.port}"]
    assert seconds(service["stop_grace_period"]) > settings.drain_seconds + RELEASING


def test_the_compose_file_names_what_is_there(compose: Any) -> None:
    folder, services = ROOT / "manifests", compose["services"]

    assert (folder / services["switchboard"]["build"] / "Dockerfile").is_file()
    assert [(folder / path).resolve() for path in services["switchboard"]["env_file"]] == [ROOT / ".env"]
    assert set(services["switchboard"]["depends_on"]) < set(services)
    assert services["valkey"]["volumes"] == [f"{name}:/data" for name in compose["volumes"]]


def test_the_composed_server_throws_nothing_away(compose: Any) -> None:
    command = " ".join(compose["services"]["valkey"]["command"])

    assert command == ("valkey-server --appendonly yes --appendfsync always --maxmemory-policy noeviction")


def test_kubernetes_sets_what_can_be_set(container: Any, pod: Any, tmp_path: Path) -> None:
    environment = {entry["name"]: entry["value"] for entry in container["env"]} | SECRETS
    file = Path(environment["SWITCHBOARD_CONFIG"])
    (tmp_path / file.name).touch()
    settings = settings_with(environment | {"SWITCHBOARD_CONFIG": file.name}, tmp_path)
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}

    assert ports == {"public": settings.port, "admin": settings.admin_port}
    assert (settings.host, settings.admin_host) == ("0.0.0.0", "0.0.0.0")
    assert pod["terminationGracePeriodSeconds"] > settings.drain_seconds + RELEASING
    assert pod["enableServiceLinks"] is False
    assert [mount["mountPath"] for mount in container["volumeMounts"]] == [str(file.parent)]


async def test_the_probes_ask_what_is_answered(container: Any) -> None:
    limits = ConnectionLimits()
    doors = {
        "public": routes(public_app([], limits=limits)),
        "admin": routes(admin_app(ready=ready, metrics=str, limits=limits)),
    }
    for probe in (container["livenessProbe"], container["readinessProbe"]):
        assert probe["httpGet"]["path"] in doors[probe["httpGet"]["port"]]
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"


def test_the_objects_find_each_other(kubernetes: dict[str, Any], pod: Any, container: Any) -> None:
    template = kubernetes["Deployment"]["spec"]["template"]["metadata"]
    labels, notes = template["labels"], template["annotations"]

    assert set(kubernetes) == {"Deployment", "Service", "PodDisruptionBudget"}
    assert kubernetes["Deployment"]["spec"]["selector"]["matchLabels"] == labels
    assert kubernetes["Service"]["spec"]["selector"] == labels
    assert kubernetes["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"] == labels
    assert kubernetes["Service"]["spec"]["ports"][0]["targetPort"] == "public"
    assert {mount["name"] for mount in container["volumeMounts"]} == {each["name"] for each in pod["volumes"]}
    assert notes["prometheus.io/port"] == "3979"
    assert f"--uid {pod['securityContext']['runAsUser']} " in IMAGE


def test_the_guide_makes_the_secret_and_the_map_that_are_wanted(pod: Any, container: Any) -> None:
    secret, config = container["envFrom"][0]["secretRef"]["name"], pod["volumes"][0]["configMap"]["name"]

    assert f"kubectl create secret generic {secret} --from-env-file=.env" in guide()
    assert f"kubectl create configmap {config} --from-file=switchboard.toml" in guide()


def test_every_setting_the_guide_names_exists() -> None:
    named = set(re.findall(r"`((?:HOST|PORT|ADMIN_|REDIS_|SWITCHBOARD_)[A-Z_]*)", guide()))
    injected = {"SWITCHBOARD_SERVICE_HOST"}  # by Kubernetes: named because it is no setting

    assert named > injected
    assert sorted(named - injected - set(known_settings().variables())) == []


def test_every_number_the_guide_watches_is_counted() -> None:
    (watched,) = re.findall(r"^\*\*Metrics\*\* (.*?)\n\n", guide(), re.DOTALL | re.MULTILINE)
    named = set(re.findall(r"`(\w+)(?:\{[^`]*)?`", watched))

    assert named
    assert sorted(named - set(METRICS)) == []


def test_what_the_guide_says_of_seconds_and_days_is_so(tmp_path: Path) -> None:
    drain = settings_with({}, tmp_path).drain_seconds

    assert f"`SWITCHBOARD_DRAIN_SECONDS` ({drain:.0f})" in guide()
    assert RELEASING == 3
    assert "the drain plus three seconds" in guide()
    assert f"{Lifetimes().memory // DAY} days after its last word" in guide()
    assert f"({SHORTEST} characters or more)" in guide()
