"""`python -m consumer`: wiring only. Settings become objects, signals stop them, outcomes become exit codes.

0   stopped by SIGTERM or SIGINT, the batch in flight committed
3   halted: going on would be wrong, and a restart does not help; the last line says what to do
70  an unforeseen error; a restart is safe, nothing is lost or counted twice
78  a setting is missing or wrong
"""

import gc
import os
import signal
import socket
import sys
import uuid
from concurrent.futures import ThreadPoolExecutor

from confluent_kafka import Consumer

from consumer import failpoints
from consumer.assignment import Assignment
from consumer.breaker import Breaker
from consumer.claimer import Claimer
from consumer.claims import Claims
from consumer.complaints import Complaints
from consumer.dead_letters import DeadLetterCopier
from consumer.intake import Intake, utc_now
from consumer.pipeline import Pipeline
from consumer.progress import Progress
from consumer.reporter import Reporter
from consumer.source import Brokers, consumer_config
from consumer.store import Store
from consumer.worker import Worker
from shared import logs, metrics, reporting
from shared.errors import ConfigurationError, Halt
from shared.mongo import connect
from shared.settings import ConsumerSettings

EXIT_HALTED = 3
EXIT_UNFORESEEN = 70
EXIT_CONFIGURATION = 78
STOP_SECONDS = 8.0

log = logs.logger(__name__)


def run(settings: ConsumerSettings) -> None:
    """Read until SIGTERM or SIGINT. Raises Halt when a person has to decide."""
    group, topic = settings.group_id, settings.kafka_topic
    owner = f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
    database = connect(settings, app_name="consumer")
    complaints, progress, breaker = Complaints(), Progress(topic), Breaker()
    kafka = Consumer(
        consumer_config(settings, client_id=owner),
        error_cb=complaints.note,
        stats_cb=progress.on_statistics,
    )
    intake = Intake(topic, settings.event_retention_days, bool(settings.dead_letter_topic), utc_now)
    store = Store(database, group, topic, utc_now)
    database_thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="database")
    assignment = Assignment(kafka, topic, database_thread)
    claims = Claims(database, Brokers(settings, owner), group, topic, owner, store.session_id)
    claimer = Claimer(database, store, claims, assignment, breaker, database_thread)
    pipeline = Pipeline(store, intake, database_thread, settings.batch_max_events)
    reporter = Reporter(
        database, store, kafka, assignment, progress, database_thread, group=group, topic=topic, clock=utc_now
    )
    copier = DeadLetterCopier(database, settings, assignment.leased) if settings.dead_letter_topic else None
    worker = Worker(
        kafka, assignment, claimer, intake, pipeline, reporter, complaints, copier.wake if copier else lambda: None
    )

    def stop(signal_number: int, _: object) -> None:
        log.info("stopping", signal=signal.Signals(signal_number).name)
        store.stop_retrying()
        worker.stop()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    if copier:
        copier.start()
    log.info("consumer started", owner=owner, group=group, topic=topic, brokers=settings.kafka_bootstrap_servers)
    try:
        worker.run()
    finally:
        store.stop_retrying()
        pipeline.wait(STOP_SECONDS)
        kafka.close()
        database_thread.shutdown(wait=False, cancel_futures=True)
        if copier:
            copier.stop(1.0)
    log.info("consumer stopped")


def _collect_seldom() -> None:
    """A batch is tens of thousands of small objects without cycles, which the collector would walk again and again."""
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)


def main() -> int:
    """Returns the exit code."""
    try:
        settings = ConsumerSettings.load()
        logs.configure(settings.log_format, settings.log_level, "consumer")
        if settings.metrics_port:
            metrics.serve(settings.metrics_host, settings.metrics_port)
        reporting.configure(settings, "consumer")
        failpoints.arm()
        _collect_seldom()
        run(settings)
    except ConfigurationError as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_CONFIGURATION
    except Halt as halt:
        reporting.notify(halt)
        log.critical("consumer halted", kind=type(halt).__name__, reason=str(halt))
        return EXIT_HALTED
    except Exception as error:
        reporting.notify(error)
        log.exception("consumer failed; nothing is lost, start it again")
        return EXIT_UNFORESEEN
    return 0


if __name__ == "__main__":
    sys.exit(main())
