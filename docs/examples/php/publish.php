<?php
// Publishes a sale by the extension rdkafka. KAFKA_BOOTSTRAP_SERVERS names the brokers,
// KAFKA_TOPIC the topic.

require __DIR__ . '/events.php';

$conf = new RdKafka\Conf();
$conf->set('bootstrap.servers', getenv('KAFKA_BOOTSTRAP_SERVERS'));
$conf->set('enable.idempotence', 'true'); // the client's own retries make no second message
$producer = new RdKafka\Producer($conf);
$topic = $producer->newTopic(getenv('KAFKA_TOPIC') ?: 'analytics');
$topic->produce(
    RD_KAFKA_PARTITION_UA,
    0,
    sold(3, 'Chair', 10, '1000.50', new DateTimeImmutable(), 'order-4711-line-2'),
    '3' // the product: all its events are in one partition then, in order
);
if ($producer->flush(30000) !== RD_KAFKA_RESP_ERR_NO_ERROR) {
    exit("not published\n");
}
