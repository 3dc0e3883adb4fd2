#!/usr/bin/env bash
# Makes a small Debian in .state/containers/debian, without any registry, unless it is there already. It is the base of
# the stand-in images, and a Docker engine's programs are fetched in it. Needs root.
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
# These settings of dpkg stay in the Debian, and so hold for the images built on it. Nothing is synced to disk, since all
# of it can be made again after a power cut; documentation and translations are left out, since nobody reads them there.
"$mmdebstrap" --variant=minbase --include=ca-certificates,python3,python3-pip \
  --dpkgopt=force-unsafe-io --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
  trixie "$state/incomplete" 2> "$state/mmdebstrap.log" \
  || { tail -n 20 "$state/mmdebstrap.log" >&2; exit 1; }
# The certificates that this machine trusts, so that package indexes are reached from within as from this machine.
cp --dereference /etc/ssl/certs/ca-certificates.crt "$state/incomplete/etc/ssl/certs/ca-certificates.crt"
mv "$state/incomplete" "$state/debian"
