#!/usr/bin/env bash
# Makes the topics that are missing; those that are there stay as they are.
set -euo pipefail

for topic in "$KAFKA_TOPIC" "$DEAD_LETTER_TOPIC"; do
  if [[ -n $topic ]]; then
    /opt/kafka/bin/kafka-topics.sh --bootstrap-server kafka:9092 --create --if-not-exists \
      --topic "$topic" --partitions "$KAFKA_PARTITIONS" --replication-factor 1
  fi
done
