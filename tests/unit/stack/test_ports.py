"""Ports: the error about a taken port names the port, the part that wanted it and the setting that chooses it."""

import socket
from collections.abc import Iterator

import pytest

from stack import ports
from stack.errors import StackError
from stack.ports import WantedPort
from stack.settings import StackSettings


@pytest.fixture
def taken() -> Iterator[int]:
    """A port on which something listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_free_ports_pass() -> None:
    ports.check(WantedPort(port, "MongoDB", "STACK_MONGO_PORT") for port in ports.pick(3))


def test_ports_that_are_picked_have_their_successors_free_and_to_themselves() -> None:
    picked = ports.pick(5, 3)
    everything = {port + offset for port in picked for offset in range(3)}
    assert len(everything) == 15
    assert all(map(ports.is_free, everything))


def test_a_taken_port_names_part_and_setting(taken: int) -> None:
    with pytest.raises(StackError) as error:
        ports.check([WantedPort(taken, "MongoDB", "STACK_MONGO_PORT")])
    assert str(error.value).split("; ") == [
        f"port {taken}, wanted by MongoDB, is taken or not allowed",
        "choose another with STACK_MONGO_PORT",
    ]


def test_every_taken_port_is_named(taken: int) -> None:
    (free,) = ports.pick(1)
    with pytest.raises(StackError) as error:
        ports.check([WantedPort(taken, "nginx", "A"), WantedPort(free, "Kafka", "B"), WantedPort(free, "API 1", "C")])
    assert str(error.value).splitlines() == [
        f"port {taken}, wanted by nginx, is taken or not allowed; choose another with A",
        f"port {free} is wanted by Kafka and by API 1; choose another with C",
    ]


def test_a_port_whose_server_has_stopped_is_free(taken: int) -> None:
    """The kernel remembers the connections of a stopped server for a minute; a new server can listen all the same."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)), server.accept()[0] as accepted:
            accepted.shutdown(socket.SHUT_RDWR)
    assert ports.is_free(port)
    assert not ports.is_free(taken)


def test_every_instance_claims_a_port() -> None:
    wanted = StackSettings(api_port=20_000, metrics_port=21_000).wanted_ports(api=2, consumer=3)
    assert {one.port for one in wanted if one.setting == "STACK_API_PORT"} == {20_000, 20_001}
    assert {one.port for one in wanted if one.setting == "STACK_METRICS_PORT"} == {21_000, 21_001, 21_002}


def test_the_defaults_do_not_meet() -> None:
    wanted = [one.port for one in StackSettings().wanted_ports(api=50, consumer=50)]
    assert len(wanted) == len(set(wanted))


def test_without_nginx_its_port_is_not_claimed() -> None:
    settings = StackSettings(nginx="off", http_port=8080)
    assert 8080 not in {one.port for one in settings.wanted_ports(1, 1)}
