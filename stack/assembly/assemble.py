"""Makes a plan and its parts from settings: finds or installs programs, replaces missing ones, configures each part."""

from dataclasses import dataclass, replace
from pathlib import Path

from stack.assembly.plan import TOPIC, Plan
from stack.errors import PartMissing
from stack.install import packages
from stack.install.packages import Say
from stack.parts import kafka_files, services
from stack.parts.kafka import Kafka
from stack.parts.mock_kafka import MockKafka
from stack.parts.mongo import Mongo, ensure_runs
from stack.parts.nginx import Nginx
from stack.settings import StackSettings
from stack.supervision.part import Part


@dataclass(frozen=True)
class Assembly:
    """A plan and all of its parts except the driver, ready to start in any order."""

    plan: Plan
    parts: tuple[Part, ...]

    def driver(self, mode: str) -> Part:
        """Return the driver: the process that completes the set-up and then uses the stack, or shows how to use it.

        `mode` is "demo" or "up", and also the part's name. Writes the plan's file, which the driver reads.
        """
        arguments = (f"drive-{mode}", str(self.plan.save()))
        driver = services.python(mode, "stack", *arguments, env=self.plan.environment)
        return replace(driver, env_files=_address_files(self.plan))


def assemble(settings: StackSettings, folder: Path, api: int, consumer: int, say: Say) -> Assembly:
    """Prepare a stack of `api` API instances and `consumer` consumers, whose data lie in `folder`; start nothing.

    Blocks while programs are installed or fetched. `say` shows what is being installed, and which part is replaced.
    Raises PartMissing for a program that can neither be had nor replaced, StackError where a part cannot be prepared.
    """
    folder.mkdir(parents=True, exist_ok=True)
    ensure_runs(say)
    nginx = _nginx(settings, say)
    kafka = _kafka(settings, folder, say)
    url = f"https://127.0.0.1:{settings.https_port}" if nginx else f"http://127.0.0.1:{settings.api_port}"
    kind = "apache" if isinstance(kafka, Kafka) else "mock"
    plan = Plan(settings=settings, folder=folder, api=api, consumer=consumer, kafka=kind, url=url)
    plan.logs.mkdir(parents=True, exist_ok=True)
    services.signing_key(plan.secrets)
    return Assembly(plan, (*_servers(plan, kafka), *_services(plan), *_balancer(plan, nginx)))


def _kafka(settings: StackSettings, folder: Path, say: Say) -> Kafka | MockKafka:
    """Return Apache Kafka where it is wanted and can be had, else the mock broker.

    Raises PartMissing when the settings insist on Apache Kafka.
    """
    mock = MockKafka(home=folder / "kafka")
    if settings.kafka == "mock":
        return mock
    try:
        java, jars = kafka_files.java(say), kafka_files.jars(settings.state / "parts", say)
    except PartMissing as missing:
        if settings.kafka == "apache":
            raise
        say(f"Kafka: librdkafka's mock broker runs instead, in memory and with 4 partitions ({missing})")
        return mock
    return Kafka(
        java=java,
        jars=jars,
        home=folder / "kafka",
        port=settings.kafka_port,
        controller_port=settings.kafka_controller_port,
    )


def _nginx(settings: StackSettings, say: Say) -> Path | None:
    """Return nginx's program, or None where nginx is not wanted or cannot be had."""
    if settings.nginx == "off":
        return None
    try:
        return packages.require("nginx", "nginx", say)
    except PartMissing as missing:
        say(f"nginx: there is no load balancer, clients ask the first API instance ({missing})")
        return None


def _servers(plan: Plan, kafka: Kafka | MockKafka) -> list[Part]:
    mongo = Mongo(home=plan.folder / "mongo", port=plan.settings.mongo_port)
    mongo.prepare()
    kafka.prepare()
    return [mongo.part(), kafka.part() if isinstance(kafka, Kafka) else kafka.part(TOPIC)]


def _services(plan: Plan) -> list[Part]:
    apis = [services.api(number, port, plan.environment) for number, port in enumerate(plan.api_ports, 1)]
    consumers = [services.consumer(number, port, plan.environment) for number, port in enumerate(plan.metrics_ports, 1)]
    return [*apis, *(replace(consumer, env_files=_address_files(plan)) for consumer in consumers)]


def _balancer(plan: Plan, program: Path | None) -> list[Part]:
    if program is None:
        return []
    services.certificate(plan.certificates, plan.secrets / "authority")
    nginx = Nginx(
        program=program,
        home=plan.folder / "nginx",
        port=plan.settings.https_port,
        redirect_port=plan.settings.http_port,
        certificates=plan.certificates,
        api_ports=plan.api_ports,
    )
    nginx.prepare()
    return [nginx.part()]


def _address_files(plan: Plan) -> dict[str, Path]:
    if plan.kafka == "apache":
        return {}
    return {"KAFKA_BOOTSTRAP_SERVERS": MockKafka(home=plan.folder / "kafka").address_file}
