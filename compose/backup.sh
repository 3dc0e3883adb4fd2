#!/usr/bin/env bash
# Copies MongoDB's data, as they are at one moment, into a file: compose/backup.sh FILE
# Meanwhile the API answers; consumers wait, and go on where they were. The copy holds everything, the tokens too.
set -euo pipefail
cd "$(dirname "$0")/.."
file=${1:?the file to write, as the only argument}

administer() {
  # shellcheck disable=SC2016 # the password is known inside the container, and in no command line outside
  docker compose run --rm --no-deps -T --entrypoint bash mongo-setup -c \
    'mongosh --nodb --quiet --norc --eval "
      const admin = connect(\"mongodb://127.0.0.1/?directConnection=true\").getSiblingDB(\"admin\");
      admin.auth(\"root\", process.env.MONGO_ROOT_PASSWORD);
      $0"' "$1"
}

trap 'administer "while (admin.fsyncUnlock().lockCount > 0) {}" > /dev/null' EXIT
administer 'admin.fsyncLock()' > /dev/null
# Under the lock MongoDB leaves alone what a copy needs, and all the same adds to its journal and makes checkpoints: that a
# file changed, with which tar ends by 1, is no error here. Measurements and the running server's lock are no part of the data.
docker compose exec -T mongo bash -o pipefail -c \
  'cd /data/db && find . -type f ! -path "./diagnostic.data/*" ! -name mongod.lock -print0 |
    { tar --create --warning=no-file-changed --null --files-from - || [ $? = 1 ]; }' > "$file.incomplete"
mv "$file.incomplete" "$file"
