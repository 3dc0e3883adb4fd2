#!/usr/bin/env bash
# As the public image's: options alone are mongod's; root becomes the server's user.
set -euo pipefail

if [[ ${1:0:1} == - ]]; then
  set -- mongod "$@"
fi
if [[ $1 == mongod && $(id -u) == 0 ]]; then
  exec setpriv --reuid mongodb --regid mongodb --init-groups "$@"
fi
exec "$@"
