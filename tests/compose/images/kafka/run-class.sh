#!/usr/bin/env bash
# Runs a class of Kafka in Java, with the variables that the script of this name in Kafka's distribution reads.
set -euo pipefail

if [[ ${1-} == -name ]]; then # the name of the garbage collector's log, which is not written here
  shift 2
fi
# shellcheck disable=SC2086 # each variable holds several options
exec java ${KAFKA_HEAP_OPTS:--Xmx256M} ${KAFKA_LOG4J_OPTS:--Dlog4j2.configurationFile=/etc/kafka/docker/log4j2.properties} \
  -XX:+UseSerialGC -XX:TieredStopAtLevel=1 ${KAFKA_OPTS-} -cp "/opt/kafka/libs/*" "$@"
