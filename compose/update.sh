#!/usr/bin/env bash
# Replaces API instances and consumers by ones of the images that are there now, without a failed request:
#   docker compose build && compose/update.sh
# New API instances serve beside the old ones before these are asked to end. Consumers change places one after another;
# each finishes its batch, and the others take its partitions. Kafka, MongoDB and nginx stay as they are.
set -euo pipefail
cd "$(dirname "$0")/.."

mapfile -t old < <(docker compose ps --quiet api)
docker compose up --detach --wait --no-deps --no-recreate --scale "api=$((2 * ${#old[@]}))" api
sleep 5 # nginx asks for the instances' addresses every two seconds
for instance in "${old[@]}"; do
  docker stop "$instance"
  docker rm "$instance"
done

mapfile -t old < <(docker compose ps --quiet consumer)
for instance in "${old[@]}"; do
  docker stop "$instance"
  docker rm "$instance"
  docker compose up --detach --wait --no-deps --no-recreate --scale "consumer=${#old[@]}" consumer
done
