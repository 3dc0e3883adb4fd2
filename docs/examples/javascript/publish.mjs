// Publishes a sale by kafkajs. KAFKA_BOOTSTRAP_SERVERS names the brokers, KAFKA_TOPIC the topic.

import { Kafka } from "kafkajs";
import { sold } from "./events.mjs";

const kafka = new Kafka({ clientId: "shop", brokers: process.env.KAFKA_BOOTSTRAP_SERVERS.split(",") });
const producer = kafka.producer({ idempotent: true }); // the client's own retries make no second message
await producer.connect();
const sale = { productId: 3, name: "Chair", units: 10, amount: "1000.50", at: new Date(), eventId: "order-4711-line-2" };
const [stored] = await producer.send({
  topic: process.env.KAFKA_TOPIC ?? "analytics",
  messages: [{ key: "3", value: sold(sale) }], // the key is the product: all its events are in one partition then
});
console.log(`${stored.partition}@${stored.baseOffset}`);
await producer.disconnect();
