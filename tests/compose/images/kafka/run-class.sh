#!/usr/bin/env bash
# What every command of Kafka's distribution ends in, by the same variables: runs a class of Kafka in Java.
set -euo pipefail

if [[ ${1-} == -name ]]; then # names the log of the garbage collector, which is not written here
  shift 2
fi
# shellcheck disable=SC2086 # each variable holds several options
exec java ${KAFKA_HEAP_OPTS:--Xmx256M} ${KAFKA_LOG4J_OPTS:--Dlog4j2.configurationFile=/etc/kafka/docker/log4j2.properties} \
  -XX:+UseSerialGC -XX:TieredStopAtLevel=1 ${KAFKA_OPTS-} -cp "/opt/kafka/libs/*" "$@"
