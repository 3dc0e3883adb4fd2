"""docker-compose.yml, checked without an engine: schema, files that it refers to, ports, networks, rights, limits."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import jsonschema
import pytest

from tests.support.process import ROOT
from tests.support.product.compose_file import FILE, Service, example, interpolated, raw, services

SCHEMA = ROOT / "tests/support/schemas/compose-spec.json"
SCALED = ("api", "consumer")
ONCE = ("certificates", "kafka-setup", "mongo-setup", "tokens")


def is_own(service: Service) -> bool:
    """Whether the service's image is built from this tree, be it for this service or another."""
    return service["image"] in {one["image"] for one in services().values() if "build" in one}


every_service = pytest.mark.parametrize("name", raw()["services"])


def test_it_is_valid_by_the_compose_specification() -> None:
    jsonschema.validate(interpolated(), json.loads(SCHEMA.read_text()))


def test_the_schema_refuses_what_is_wrong() -> None:
    document = interpolated()
    document["services"]["api"]["restrat"] = "always"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, json.loads(SCHEMA.read_text()))


def test_compose_itself_accepts_it(tmp_path: Path) -> None:
    found = shutil.which("docker-compose")
    command = [found] if found else ["docker", "compose"]
    if not found and (
        not shutil.which("docker") or subprocess.run([*command, "version"], capture_output=True).returncode
    ):
        pytest.skip("docker compose is not installed; the schema was checked all the same")
    environment = tmp_path / "env"
    environment.write_text("".join(f"{name}={value or 'given'}\n" for name, value in example().items()))
    argv = [*command, "--file", str(FILE), "--env-file", str(environment), "config", "--quiet"]
    ended = subprocess.run(argv, capture_output=True, text=True, env={"PATH": os.environ["PATH"]}, check=False)
    assert ended.returncode == 0, ended.stderr
    assert not ended.stderr, "compose warns"


def test_only_nginx_publishes_a_port_and_only_on_this_host_unless_told() -> None:
    published = {name: service["ports"] for name, service in services().items() if "ports" in service}
    assert published == {"nginx": ["127.0.0.1:8443:8443", "127.0.0.1:8080:8080"]}
    assert not any(service.get("network_mode") == "host" for service in services().values())


@every_service
def test_nothing_hinders_scaling(name: str) -> None:
    service = services()[name]
    assert "container_name" not in service
    assert "hostname" not in service
    if name in SCALED:
        assert "ports" not in service
        assert all(volume["read_only"] for volume in service.get("volumes", [])), "two instances would share it"


def test_networks_let_in_and_out_only_who_must() -> None:
    networks = interpolated()["networks"]
    members = {
        network: {name for name, s in services().items() if network in s.get("networks", [])} for network in networks
    }
    assert members == {
        "edge": {"nginx"},
        "web": {"nginx", "api"},
        "data": {"api", "consumer", "kafka", "kafka-setup", "mongo", "tokens"},
        "outbound": {"api", "consumer"},
    }
    assert {network for network, options in networks.items() if options.get("internal")} == {"web", "data"}
    assert services()["mongo-setup"]["network_mode"] == "service:mongo"
    assert services()["certificates"]["network_mode"] == "none"


@every_service
def test_it_can_do_no_more_than_it_must(name: str) -> None:
    service = services()[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "cap_add" not in service
    assert "privileged" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "/tmp" in service["tmpfs"]  # noqa: S108
    assert not any("docker.sock" in str(volume) for volume in service.get("volumes", []))
    if not is_own(service) and not name.startswith("kafka"):  # Kafka's image sets its user itself
        assert re.fullmatch(r"[1-9][0-9]*:[1-9][0-9]*", service["user"])


@every_service
def test_it_is_bounded(name: str) -> None:
    service = services()[name]
    assert service["deploy"]["resources"]["limits"].keys() == {"cpus", "memory", "pids"}
    assert service["logging"]["options"].keys() == {"max-size", "max-file"}


@every_service
def test_it_starts_again_stops_in_order_and_tells_its_health(name: str) -> None:
    service = services()[name]
    if name in ONCE:
        assert service["restart"] == "no"
        return
    assert service["restart"] == "unless-stopped"
    assert service["init"] is True
    assert re.fullmatch(r"[1-9][0-9]*s", service["stop_grace_period"])
    check = service["healthcheck"]
    assert {"interval", "timeout", "retries", "start_period"} <= check.keys()
    if "build" in service:
        assert "HEALTHCHECK" in (ROOT / service["build"]["dockerfile"]).read_text()
    else:
        assert check["test"][0] in ("CMD", "CMD-SHELL")


def test_each_waits_for_what_it_needs() -> None:
    waits = {
        name: {other: wait["condition"] for other, wait in service.get("depends_on", {}).items()}
        for name, service in services().items()
    }
    done, healthy = "service_completed_successfully", "service_healthy"
    assert waits == {
        "nginx": {"api": healthy, "certificates": done},
        "certificates": {},
        "tokens": {"mongo-setup": done},
        "api": {"mongo-setup": done},
        "consumer": {"mongo-setup": done, "kafka-setup": done},
        "kafka": {},
        "kafka-setup": {"kafka": healthy},
        "mongo": {},
        "mongo-setup": {"mongo": "service_started"},
    }


@every_service
def test_images_are_variables_with_pinned_defaults(name: str) -> None:
    assert re.fullmatch(r"\$\{[A-Z]+_IMAGE:-[^}]+\}", raw()["services"][name]["image"])
    service = services()[name]
    if "build" in service:
        assert service["build"]["args"] == {"PYTHON_IMAGE": "python:3.13-slim"}
        assert (ROOT / service["build"]["dockerfile"]).is_file()
    elif not is_own(service):
        assert re.fullmatch(r"[a-z/]+:[0-9]+(\.[0-9]+)+", service["image"])


def test_an_image_is_built_for_one_service_alone() -> None:
    """Each build gives an image with a new id, and `up` restarts containers whose image is not the one of the tag."""
    built = [service["image"] for service in services().values() if "build" in service]
    assert len(built) == len(set(built)) == 2


@every_service
def test_every_file_that_is_mounted_exists_and_cannot_be_written(name: str) -> None:
    for volume in services()[name].get("volumes", []):
        if volume["type"] == "bind":
            assert volume["read_only"] is True
            assert (ROOT / volume["source"]).exists(), volume["source"]
        else:
            assert volume["source"] in interpolated()["volumes"]


def test_the_authority_s_key_is_where_no_server_sees_it() -> None:
    mounted = {
        name
        for name, service in services().items()
        for volume in service.get("volumes", [])
        if volume["source"] == "authority"
    }
    assert mounted == {"certificates"}
    (served,) = (each for each in services()["nginx"]["volumes"] if each["target"] == "/etc/nginx/certificates")
    assert served == {
        "type": "volume",
        "source": "certificates",
        "target": "/etc/nginx/certificates",
        "read_only": True,
    }


@every_service
def test_commands_name_files_that_are_mounted(name: str) -> None:
    service = services()[name]
    targets = {volume["target"] for volume in service.get("volumes", [])}
    words = " ".join(
        [*service.get("entrypoint", []), *service.get("command", []), *service.get("environment", {}).values()]
    )
    named = set(re.findall(r"/etc/(?:product-analytics|nginx)/[\w./-]+", words))
    assert named <= targets
    for volume in service.get("volumes", []):
        if volume["type"] == "bind" and volume["source"].endswith(".sh"):
            script = (ROOT / volume["source"]).read_text()
            assert set(re.findall(r"/etc/product-analytics/[\w./-]+", script)) <= targets


@pytest.mark.parametrize("script", sorted((ROOT / "compose").glob("*.sh")), ids=lambda path: path.name)
def test_scripts_are_valid_and_stop_at_the_first_error(script: Path) -> None:
    subprocess.run(["bash", "-n", str(script)], check=True)
    assert "\nset -euo pipefail\n" in script.read_text()
