#!/usr/bin/env bash
# Makes a small Debian in .state/containers/debian, once, without any registry: the base of the stand-in images, and
# where a Docker engine's programs come from. Needs root.
set -euo pipefail
cd "$(dirname "$0")/../.."

state=.state/containers
if [[ -d $state/debian ]]; then
  exit
fi
mmdebstrap=$(tests/compose/program.sh mmdebstrap mmdebstrap)
echo "making a Debian for the stand-in images"
mkdir -p "$state"
rm -rf "$state/incomplete"
# Its settings of dpkg stay in it, and so hold for the images: what can be made again need not be safe from a power cut,
# and nobody reads there.
"$mmdebstrap" --variant=minbase --include=ca-certificates,python3,python3-pip \
  --dpkgopt=force-unsafe-io --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
  trixie "$state/incomplete" 2> "$state/mmdebstrap.log" \
  || { tail -n 20 "$state/mmdebstrap.log" >&2; exit 1; }
# What this machine trusts, so that package indexes can be reached from within as they are from without.
cp --dereference /etc/ssl/certs/ca-certificates.crt "$state/incomplete/etc/ssl/certs/ca-certificates.crt"
mv "$state/incomplete" "$state/debian"
