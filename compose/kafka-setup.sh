#!/usr/bin/env bash
# Creates the topics that are missing. Topics that exist are not changed.
set -euo pipefail

for topic in "$KAFKA_TOPIC" "$DEAD_LETTER_TOPIC"; do
  if [[ -n $topic ]]; then
    /opt/kafka/bin/kafka-topics.sh --bootstrap-server kafka:9092 --create --if-not-exists \
      --topic "$topic" --partitions "$KAFKA_PARTITIONS" --replication-factor 1
  fi
done
