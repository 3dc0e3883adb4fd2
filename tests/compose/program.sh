#!/usr/bin/env bash
# Where a program is, installed by apt-get where it is not: program.sh COMMAND PACKAGE. Needs what `make deps` makes.
set -euo pipefail
cd "$(dirname "$0")/../.."

exec .venv/bin/python -c '
import sys
from stack import errors, packages
try:
    print(packages.require(*sys.argv[1:], lambda said: None))
except errors.PartMissing as missing:
    sys.exit(str(missing))
' "$@"
