#!/usr/bin/env bash
# Prints where a program is, after installing its package by apt-get if it is missing: program.sh COMMAND PACKAGE
# Needs the environment that `make deps` makes.
set -euo pipefail
cd "$(dirname "$0")/../.."

exec .venv/bin/python -c '
import sys
from stack import errors
from stack.install import packages
try:
    print(packages.require(*sys.argv[1:], lambda said: None))
except errors.PartMissing as missing:
    sys.exit(str(missing))
' "$@"
