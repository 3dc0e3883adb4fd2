#!/usr/bin/env bash
# Runs tests with every Python that this project supports and this machine has, each with its own environment in .state.
# Says which Pythons are missing. The arguments are pytest's; without any, the unit tests run.
set -euo pipefail
cd "$(dirname "$0")/.."

failed=0
for version in 3.11 3.12 3.13; do
  # Pythons that pyenv installed are not on the PATH.
  candidates=("$(command -v "python$version" || true)" "${PYENV_ROOT:-$HOME/.pyenv}"/versions/"$version".*/bin/python)
  python=
  for candidate in "${candidates[@]}"; do
    if [[ -n $candidate ]] && "$candidate" -c "import sys; sys.exit('%d.%d' % sys.version_info[:2] != '$version')" 2>/dev/null; then
      python=$candidate
      break
    fi
  done
  if [[ -z $python ]]; then
    echo "Python $version: not tested, this machine has none"
    continue
  fi
  echo "Python $version: $python"
  environment=.state/matrix/$version
  if ! { [[ -e $environment/installed ]] && cmp -s requirements/dev.txt "$environment/installed"; }; then
    rm -rf "$environment"
    stack/environment.sh "$python" "$environment" || { failed=1; continue; }
    cp requirements/dev.txt "$environment/installed"
  fi
  "$environment/bin/python" -m pytest -p no:cacheprovider "${@:-tests/unit}" || failed=1
done
exit "$failed"
