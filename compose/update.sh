#!/usr/bin/env bash
# Replaces API instances and consumers by ones of the images that are there now, without a failed request:
#   docker compose build && compose/update.sh
# As many new ones start beside the old ones before these are asked to end; each finishes the requests, or the batch, that it
# has in hand. For that time the host must hold both. Kafka, MongoDB and nginx stay as they are.
set -euo pipefail
cd "$(dirname "$0")/.."

mapfile -t api < <(docker compose ps --quiet api)
mapfile -t consumer < <(docker compose ps --quiet consumer)

# Of the API's image as well; left behind, it would be replaced by the next `up`, and nginx with it.
docker compose up certificates
# With what they depend on, though that runs: without it (--no-deps), compose notes other settings in the new containers than
# an `up` of the whole would, and that `up` replaces them once more.
docker compose up --detach --wait --no-recreate \
  --scale "api=$((2 * ${#api[@]}))" --scale "consumer=$((2 * ${#consumer[@]}))" api consumer
sleep 5 # nginx asks for the instances' addresses every two seconds
docker stop "${api[@]}" "${consumer[@]}"
docker rm "${api[@]}" "${consumer[@]}"
