"""The containers: their users, rights and limits, who can reach them, their health checks, how they stop."""

import json
import os
import signal
import subprocess
import tarfile
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import psutil
import pytest

from stack.waiting import wait_until
from tests.support.product.docker import addresses, docker, health, inspect
from tests.support.product.project import PREFIX, SERVERS, Project

PORTS = {"api": 8000, "consumer": 9100, "kafka": 9092, "mongo": 27017}
STOP_SECONDS = 10
UNHEALTHY_SECONDS = 60

every_service = pytest.mark.parametrize("service", SERVERS)
CONNECT = """
import socket, sys
for address in sys.argv[2:]:
    with socket.socket() as probe:
        probe.settimeout(1)
        print(address, probe.connect_ex((address, int(sys.argv[1]))) == 0)
"""


def processes(container: str) -> list[psutil.Process]:
    """The container's processes, as this machine sees them; its first process comes first."""
    first = psutil.Process(inspect(container)["State"]["Pid"])
    return [first, *first.children(recursive=True)]


@every_service
def test_it_runs_without_privileges_on_a_file_system_it_cannot_change(project: Project, service: str) -> None:
    container = project.one(service)
    assert all(0 not in process.uids() for process in processes(container))
    status = Path(f"/proc/{processes(container)[-1].pid}/status").read_text()
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert (int(fields["CapEff"], 16), int(fields["CapBnd"], 16), fields["NoNewPrivs"]) == (0, 0, "1")
    for folder in ("/", "/etc", "/usr", "/app"):
        ended = subprocess.run(
            ["docker", "exec", "--user", "0", container, "touch", f"{folder}/written"], capture_output=True, check=False
        )
        assert ended.returncode != 0, f"{folder} can be written to"


@every_service
def test_its_resources_and_its_log_are_bounded(project: Project, service: str) -> None:
    host = inspect(project.one(service))["HostConfig"]
    assert 0 < host["Memory"] <= 2 * 1024**3
    assert 0 < host["NanoCpus"] <= 2 * 10**9
    assert 0 < host["PidsLimit"] <= 512
    assert host["LogConfig"] == {"Type": "local", "Config": {"max-file": "5", "max-size": "10m"}}


def test_only_the_load_balancer_is_published_and_only_on_this_host(project: Project) -> None:
    for service in SERVERS:
        for container in project.containers(service):
            published = {
                (port["HostIp"], port["HostPort"])
                for bindings in inspect(container)["NetworkSettings"]["Ports"].values()
                for port in bindings or []
            }
            own = {("127.0.0.1", str(port)) for port in project.ports}
            assert published == (own if service == "nginx" else set())


@pytest.mark.parametrize("service", PORTS)
def test_it_cannot_be_reached_from_another_network(project: Project, service: str) -> None:
    """A container outside the project stands for another machine: neither is on the project's networks."""
    targets = addresses(project.one(service))
    image = inspect(project.one("api"))["Image"]
    outside = docker("run", "--rm", image, "python", "-c", CONNECT, str(PORTS[service]), *targets)
    assert [line.split()[1] for line in outside.splitlines()] == ["False"] * len(targets)
    inside = project.compose(
        *("exec", "-T", "consumer" if service != "api" else "api", "python", "-c", CONNECT),
        *(str(PORTS[service]), *targets),
    )
    assert "True" in inside, "the probe could not have reached it from within either"


def layered(image: str, folder: Path) -> set[str]:
    """Every file below /app in any layer of the image, also files that a later layer hides or removes."""
    docker("save", "--output", str(folder / "image.tar"), image)
    with tarfile.open(folder / "image.tar") as saved:
        saved.extractall(folder, filter="data")
    (manifest,) = json.loads((folder / "manifest.json").read_text())
    found: set[str] = set()
    for layer in manifest["Layers"]:
        with tarfile.open(folder / layer) as files:
            found |= {file.name for file in files if file.isfile() and file.name.startswith("app/")}
    return found


@pytest.mark.parametrize("service", ["api", "consumer"])
def test_its_image_holds_no_secret_and_little_else(
    project: Project, service: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    image = f"{PREFIX}/{service}"
    described = docker("history", "--no-trunc", "--format", "{{.CreatedBy}}", image) + str(inspect(image)["Config"])
    assert not [secret for secret in project.secrets if secret in described]
    files = layered(image, tmp_path)
    assert files
    assert all(file.endswith((".py", ".txt")) for file in files), files
    size = inspect(image)["Size"] / 1e6
    own = size - inspect(os.environ.get("PYTHON_IMAGE") or f"{PREFIX}/python")["Size"] / 1e6
    with capsys.disabled():
        print(f"\n{image}: {size:.0f} MB, {own:.0f} MB of it above the Python base")  # noqa: T201
    assert own < 150


def test_health_checks_tell_the_truth(project: Project) -> None:
    """A frozen process accepts connections and does nothing: as bad as a dead process, and the check must say so."""
    containers = {service: project.one(service) for service in SERVERS}
    assert checks_of(containers.values()) == [0] * len(SERVERS)
    frozen = [process for container in containers.values() for process in processes(container)[1:]]
    for process in frozen:
        process.send_signal(signal.SIGSTOP)
    try:
        assert 0 not in checks_of(containers.values())
        for service in ("api", "consumer", "nginx"):
            wait_until(f"{service} to be unhealthy", partial(is_unhealthy, containers[service]), UNHEALTHY_SECONDS)
    finally:
        for process in frozen:
            process.send_signal(signal.SIGCONT)
    for service in SERVERS:
        project.wait_healthy(service, len(project.containers(service)))


def is_unhealthy(container: str) -> bool:
    """Whether the engine has found the container unhealthy."""
    return health(container) == "unhealthy"


def checks_of(containers: Iterable[str]) -> list[int]:
    """The results of `check_of` for several containers, run at the same time."""
    with ThreadPoolExecutor() as threads:
        return list(threads.map(check_of, containers))


def check_of(container: str) -> int:
    """Run the container's health check once, as the engine does. Returns its exit code, -1 after its timeout."""
    check = inspect(container)["Config"]["Healthcheck"]
    kind, *command = check["Test"]
    argv = command if kind == "CMD" else ["/bin/sh", "-c", *command]
    seconds = check["Timeout"] / 1e9
    try:
        return subprocess.run(["docker", "exec", container, *argv], capture_output=True, timeout=seconds).returncode
    except subprocess.TimeoutExpired:
        return -1


def test_each_stops_when_it_is_asked_to(project: Project) -> None:
    for service in reversed(SERVERS):
        container = project.one(service)
        started = time.monotonic()
        docker("stop", container)
        assert time.monotonic() - started < STOP_SECONDS, service
        # Java ends by the code of SIGTERM (143). 137 would mean that the engine had to kill the container.
        assert inspect(container)["State"]["ExitCode"] in (0, 143 if service == "kafka" else 0), service
