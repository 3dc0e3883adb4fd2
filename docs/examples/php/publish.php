<?php
// Publishes a sale by the extension rdkafka, and ends with 1 where Kafka does not have it. KAFKA_BOOTSTRAP_SERVERS names
// the brokers, KAFKA_TOPIC the topic.

require __DIR__ . '/events.php';

$conf = new RdKafka\Conf();
$conf->set('bootstrap.servers', getenv('KAFKA_BOOTSTRAP_SERVERS'));
$conf->set('enable.idempotence', 'true'); // the client's own retries make no second message
$conf->set('partitioner', 'murmur2_random'); // the same as in Java and JavaScript; librdkafka's own is another
$failures = [];
$conf->setDrMsgCb(function (RdKafka\Producer $producer, RdKafka\Message $message) use (&$failures): void {
    if ($message->err !== RD_KAFKA_RESP_ERR_NO_ERROR) { // flush() does not say so: it is content once this was called
        $failures[] = rd_kafka_err2str($message->err);
    }
});
$producer = new RdKafka\Producer($conf);
$topic = $producer->newTopic(getenv('KAFKA_TOPIC') ?: 'analytics');
$topic->produce(
    RD_KAFKA_PARTITION_UA,
    0,
    sold(3, 'Chair', 10, '1000.50', new DateTimeImmutable(), 'order-4711-line-2'),
    '3' // the product: all its events are in one partition then, in order
);
$flushed = $producer->flush(30000);
if ($flushed !== RD_KAFKA_RESP_ERR_NO_ERROR) {
    $failures[] = rd_kafka_err2str($flushed); // messages are still waiting
}
if ($failures) {
    fwrite(STDERR, 'not published: ' . implode(', ', $failures) . "\n");
    exit(1); // exit("text") would end with status 0
}
