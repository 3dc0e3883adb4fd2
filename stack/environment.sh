#!/usr/bin/env bash
# Makes a virtual environment that holds what requirements/dev.txt pins: environment.sh PYTHON FOLDER
# pip installs uv alone, and checks its hash; uv then installs everything else in seconds. Where something cannot be
# had, the script ends with 1 and one line that names it.
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
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check --retries 2 --require-hashes \
  --requirement "$folder/uv.txt" 2> "$folder/pip.log" \
  || fail "No Python packages can be had, so nothing can run: is a package index reachable from here? \
pip says: $(grep -m 1 ERROR "$folder/pip.log" || tail -n 1 "$folder/pip.log")"
# The modules are compiled now: a user who may not write beside them later would start every process twice as slowly.
"$folder/bin/uv" pip install --quiet --compile-bytecode --python "$folder/bin/python" --require-hashes \
  --requirement requirements/dev.txt
