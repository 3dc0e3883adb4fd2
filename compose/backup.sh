#!/usr/bin/env bash
# Copies MongoDB's data, as they are at one moment, into a file: compose/backup.sh FILE
# Meanwhile the API answers, and consumers wait; afterwards they go on. The copy holds everything, also tokens' records
# and password hashes.
set -euo pipefail
cd "$(dirname "$0")/.."
file=${1:?the file to write, as the only argument}

administer() {
  # shellcheck disable=SC2016 # the shell in the container fills in the password, so no command line outside has it
  docker compose run --rm --no-deps -T --entrypoint bash mongo-setup -c \
    'mongosh --nodb --quiet --norc --eval "
      const admin = connect(\"mongodb://127.0.0.1/?directConnection=true\").getSiblingDB(\"admin\");
      admin.auth(\"root\", process.env.MONGO_ROOT_PASSWORD);
      $0"' "$1"
}

trap 'administer "while (admin.fsyncUnlock().lockCount > 0) {}" > /dev/null' EXIT
administer 'admin.fsyncLock()' > /dev/null
# Under the lock MongoDB leaves the files alone that a copy needs, but still writes its journal and makes checkpoints. So
# a file may change while tar reads it; tar then ends with 1, which is no error here. Left out are diagnostic.data, which
# holds measurements, and the lock file of the running server.
docker compose exec -T mongo bash -o pipefail -c \
  'cd /data/db && find . -type f ! -path "./diagnostic.data/*" ! -name mongod.lock -print0 |
    { tar --create --warning=no-file-changed --null --files-from - || [ $? = 1 ]; }' > "$file.incomplete"
mv "$file.incomplete" "$file"
