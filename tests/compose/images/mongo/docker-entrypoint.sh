#!/usr/bin/env bash
# As in the public image: options without a command are mongod's, and mongod does not run as root.
set -euo pipefail

if [[ ${1:0:1} == - ]]; then
  set -- mongod "$@"
fi
if [[ $1 == mongod && $(id -u) == 0 ]]; then
  exec setpriv --reuid mongodb --regid mongodb --init-groups "$@"
fi
exec "$@"
