"""`python -m consumer`: wiring only. Settings become objects, signals stop them, and the way it ends is an exit code.

0   SIGTERM or SIGINT ended it, within ten seconds. The batch in flight was committed or, where MongoDB did not take it
    in time, is left to be read again.
3   It halted: going on would be wrong, and a restart does not help. The last line of the log says what to do.
70  An unforeseen error ended it. A restart is safe: nothing is lost or counted twice.
78  A setting is missing or wrong.
"""

import os
import socket
import sys
import uuid
from concurrent.futures import ThreadPoolExecutor

from confluent_kafka import Consumer

from consumer.batches.batch import Batch, Rules
from consumer.dead_letters.copier import DeadLetterCopier
from consumer.dead_letters.hidden_headers import HeaderLookup
from consumer.name_keys import NameKeys
from consumer.partitions.assignment import Assignment
from consumer.partitions.brokers import Brokers, consumer_config
from consumer.partitions.claimer import Claimer
from consumer.partitions.claims import PartitionClaims
from consumer.partitions.progress import Progress
from consumer.pipeline import BatchPipeline
from consumer.process import failpoints
from consumer.process.clocks import Clocks, utc_now
from consumer.process.kafka_errors import KafkaErrorLog
from consumer.process.outage import OutageBackoff
from consumer.process.runtime import tune_python
from consumer.process.stopping import Stopping
from consumer.reporter import StatusReporter
from consumer.retention import Retention
from consumer.storage.committer import Committer
from consumer.worker import Worker
from shared import logs, metrics, reporting
from shared.errors import ConfigurationError, Halt
from shared.mongo import connect
from shared.settings import ConsumerSettings

EXIT_HALTED = 3
EXIT_UNFORESEEN = 70
EXIT_CONFIGURATION = 78

log = logs.logger(__name__)


def run(settings: ConsumerSettings, stopping: Stopping) -> int:
    """Read until SIGTERM or SIGINT comes, or going on would be wrong. Returns the exit code."""
    group, topic = settings.group_id, settings.kafka_topic
    owner = f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
    database = connect(settings, app_name="consumer")
    kafka_errors, progress, backoff = (
        KafkaErrorLog(),
        Progress(topic, settings.fetch_memory_kib * 1024),
        OutageBackoff(),
    )
    kafka = Consumer(
        consumer_config(settings, client_id=owner),
        error_cb=kafka_errors.log,
        stats_cb=progress.on_statistics,
    )
    clocks, brokers = Clocks(database, utc_now), Brokers(settings, owner)
    database_thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="database")
    assignment = Assignment(kafka, topic, database_thread)
    reporter = StatusReporter(
        database, clocks, kafka, assignment, progress, database_thread, group=group, topic=topic, clock=utc_now
    )
    copier = DeadLetterCopier(database, settings, assignment.leased, utc_now) if settings.dead_letter_topic else None
    lookup = None if copier else HeaderLookup(database, settings)  # the copier looks before it copies
    retention = Retention(database, clocks, settings.event_retention_days, utc_now, owner)
    name_keys = NameKeys(database)

    def committed(batch: Batch) -> None:
        reporter.committed(batch)
        if copier and batch.rejected:
            copier.wake()
        if lookup and batch.rejected:
            lookup.note(batch.rejected)

    committer = Committer(database, group, topic, clocks, brokers.ask_topic_id, committed)
    claims = PartitionClaims(database, brokers, group, topic, owner, committer.session_id)
    id_days = settings.event_id_days
    claimer = Claimer(database, clocks, claims, assignment, backoff, database_thread, id_days)
    rules = Rules(
        topic, settings.event_retention_days, bool(settings.dead_letter_topic), settings.event_id_header, id_days
    )
    pipeline = BatchPipeline(committer, rules, database_thread, settings.batch_max_events)
    worker = Worker(kafka, assignment, claimer, pipeline, reporter, kafka_errors)

    def stop() -> None:
        committer.stop_retrying()
        worker.stop()

    stopping.on_signal(stop)
    retention.start()
    name_keys.start()
    if lookup:
        lookup.start()
    if copier:
        copier.start()
    log.info("consumer started", owner=owner, group=group, topic=topic, brokers=settings.kafka_bootstrap_servers)
    exit_code = 0
    try:
        worker.run()
    except Exception as error:
        exit_code = _failed(error)
    stopping.arm(exit_code)
    committer.stop_retrying()
    pipeline.wait(stopping.patience())
    assignment.give_up()
    kafka.close()
    database_thread.shutdown(wait=False, cancel_futures=True)
    retention.stop()
    name_keys.stop()
    if lookup:
        lookup.stop()
    if copier:
        copier.stop(1.0)
    reporter.finish()
    log.info("consumer stopped")
    return exit_code


def _failed(error: Exception) -> int:
    """Log why the process ends. Returns the exit code."""
    reporting.notify(error)
    if isinstance(error, Halt):
        log.critical("consumer halted", kind=type(error).__name__, reason=str(error))
        return EXIT_HALTED
    log.error("consumer failed; nothing is lost, start it again", exc_info=error)
    return EXIT_UNFORESEEN


def main() -> int:
    """Load the settings and run. Returns the exit code."""
    stopping = Stopping()
    try:
        settings = ConsumerSettings.load()
        logs.configure(settings.log_format, settings.log_level, "consumer")
        if settings.metrics_port:
            metrics.serve(settings.metrics_host, settings.metrics_port)
        reporting.configure(settings, "consumer")
        failpoints.arm()
        tune_python()
        return run(settings, stopping)
    except ConfigurationError as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_CONFIGURATION
    except Exception as error:
        return _failed(error)


if __name__ == "__main__":
    sys.exit(main())
