#!/usr/bin/env bash
# Replaces MongoDB's data by those that compose/backup.sh copied: compose/restore.sh FILE
# Consumers go on at the offsets in the copy: they read from Kafka again what came after it, if Kafka still holds that.
set -euo pipefail
cd "$(dirname "$0")/.."
file=${1:?the file that compose/backup.sh wrote, as the only argument}
tar --list --file "$file" ./WiredTiger > /dev/null # ends here, with nothing changed, if the file is no such copy

docker compose stop nginx api consumer mongo
docker compose run --rm --no-deps -T --entrypoint bash mongo -c \
  'find /data/db -mindepth 1 -delete && tar --extract --directory /data/db' < "$file"
docker compose start mongo api consumer nginx
