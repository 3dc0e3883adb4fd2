#!/usr/bin/env bash
# Starts the broker; formats its data folder on first use. The root filesystem is read-only: logs go to the console.
set -euo pipefail

properties=/etc/product-analytics/kafka.properties
export EXTRA_ARGS="-name kafka" # the default adds a file for the garbage collector's log

if [[ ! -e /var/lib/kafka/data/meta.properties ]]; then
  /opt/kafka/bin/kafka-storage.sh format --cluster-id "$(/opt/kafka/bin/kafka-storage.sh random-uuid)" --config "$properties"
fi
exec /opt/kafka/bin/kafka-server-start.sh "$properties"
