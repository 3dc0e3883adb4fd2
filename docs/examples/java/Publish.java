import java.math.BigDecimal;
import java.time.OffsetDateTime;
import java.util.Map;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;

/** Publishes a sale by Kafka's own client. KAFKA_BOOTSTRAP_SERVERS names the brokers, KAFKA_TOPIC the topic. */
public final class Publish {
  public static void main(String[] arguments) throws Exception {
    // StringSerializer sends the JSON as it is. A schema registry's serializer would put 00 and a schema's id before it.
    Map<String, Object> settings = Map.of(
        "bootstrap.servers", System.getenv("KAFKA_BOOTSTRAP_SERVERS"),
        "enable.idempotence", true, // the client's own retries make no second message
        "key.serializer", StringSerializer.class,
        "value.serializer", StringSerializer.class);
    try (KafkaProducer<String, String> producer = new KafkaProducer<>(settings)) {
      String sale = Events.sold(3, "Chair", 10, new BigDecimal("1000.50"), OffsetDateTime.now(), "order-4711-line-2");
      String topic = System.getenv().getOrDefault("KAFKA_TOPIC", "analytics");
      // The key is the product: all its events are in one partition then, in order.
      var stored = producer.send(new ProducerRecord<>(topic, "3", sale)).get();
      System.out.println(stored.partition() + "@" + stored.offset());
    }
  }
}
