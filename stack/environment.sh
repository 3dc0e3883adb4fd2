#!/usr/bin/env bash
# Makes a virtual environment with what requirements/dev.txt pins: environment.sh PYTHON FOLDER
# uv, itself checked against its hash, installs it in seconds. What cannot be had is told in one line.
set -euo pipefail
cd "$(dirname "$0")/.."
python=$1
folder=$2

fail() {
  echo "$1" >&2
  exit 1
}

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || fail "Python 3.11 or newer is needed"
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
  { [[ $(id -u) == 0 ]] && apt-get -qq update && apt-get -qq install --yes python3-venv; } >/dev/null 2>&1 \
    || fail "Python cannot make virtual environments; as root: apt-get install python3-venv"
fi
echo "installing what requirements/dev.txt pins into $folder"
"$python" -m venv "$folder"
sed -n '/^uv==/,/[^\\]$/p' requirements/dev.txt > "$folder/uv.txt"
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check --retries 2 --require-hashes --requirement "$folder/uv.txt" \
  2> "$folder/pip.log" || fail "No Python packages can be had, so nothing can run: is a package index reachable from here? \
pip says: $(grep -m 1 ERROR "$folder/pip.log" || tail -n 1 "$folder/pip.log")"
# Compiled now, for whoever may not, or does not want to, write beside the modules later: a start takes twice as long without.
"$folder/bin/uv" pip install --quiet --compile-bytecode --python "$folder/bin/python" --require-hashes --requirement requirements/dev.txt
