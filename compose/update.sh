#!/usr/bin/env bash
# Replaces the API instances and consumers by containers of the newly built images, without a failed request:
#   docker compose build && compose/update.sh
# First as many new containers start beside the old ones. Then the old ones are asked to end, and each finishes the
# requests or the batch that it has in hand. Meanwhile the host must have room for both. Kafka, MongoDB and nginx keep
# running.
set -euo pipefail
cd "$(dirname "$0")/.."

mapfile -t api < <(docker compose ps --quiet api)
mapfile -t consumer < <(docker compose ps --quiet consumer)

# This service has the API's image too. If it kept the old image, the next `up` would replace it, and nginx with it.
docker compose up certificates
# Without --no-deps, although what they depend on runs already: with it, compose would store other settings in the new
# containers than a full `up` does, and the next full `up` would replace them once more.
docker compose up --detach --wait --no-recreate \
  --scale "api=$((2 * ${#api[@]}))" --scale "consumer=$((2 * ${#consumer[@]}))" api consumer
sleep 5 # nginx looks up the instances' addresses every two seconds
docker stop "${api[@]}" "${consumer[@]}"
docker rm "${api[@]}" "${consumer[@]}"
