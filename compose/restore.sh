#!/usr/bin/env bash
# Puts MongoDB's data back as `compose/backup.sh` copied them, in place of those that are there: compose/restore.sh FILE
# Consumers go on at the offsets in the copy: what came after is read from Kafka again, if Kafka still holds it.
set -euo pipefail
cd "$(dirname "$0")/.."
file=${1:?the file that compose/backup.sh wrote, as the only argument}
tar --list --file "$file" ./WiredTiger > /dev/null # else nothing is touched

docker compose stop nginx api consumer mongo
docker compose run --rm --no-deps -T --entrypoint bash mongo -c \
  'find /data/db -mindepth 1 -delete && tar --extract --directory /data/db' < "$file"
docker compose start mongo api consumer nginx
