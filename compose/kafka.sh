#!/usr/bin/env bash
# Starts the broker, after formatting its data folder if that is new. The root filesystem is read-only, so logs go to
# the console.
set -euo pipefail

properties=/etc/product-analytics/kafka.properties
export EXTRA_ARGS="-name kafka" # Kafka's default would also write the garbage collector's log to a file

if [[ ! -e /var/lib/kafka/data/meta.properties ]]; then
  /opt/kafka/bin/kafka-storage.sh format --cluster-id "$(/opt/kafka/bin/kafka-storage.sh random-uuid)" --config "$properties"
fi
exec /opt/kafka/bin/kafka-server-start.sh "$properties"
