#!/usr/bin/env bash
# Makes a small Debian in .state/containers/debian, once, without any registry: the base of the stand-in images, and
# where a Docker engine's programs come from. Needs root.
set -euo pipefail
cd "$(dirname "$0")/../.."

state=.state/containers
if [[ -d $state/debian ]]; then
  exit
fi
if ! command -v debootstrap >/dev/null; then
  echo "installing debootstrap by apt-get"
  apt-get -qq update
  apt-get -qq install --yes --no-install-recommends debootstrap >/dev/null
fi
echo "making a Debian for the stand-in images"
mkdir -p "$state"
rm -rf "$state/incomplete"
debootstrap --variant=minbase --include=ca-certificates,python3,python3-pip trixie "$state/incomplete" > "$state/debootstrap.log" \
  || { tail -n 20 "$state/debootstrap.log" "$state/incomplete/debootstrap/debootstrap.log" >&2; exit 1; }
# What this machine trusts, so that package indexes can be reached from within as they are from without.
cp --dereference /etc/ssl/certs/ca-certificates.crt "$state/incomplete/etc/ssl/certs/ca-certificates.crt"
rm -f "$state/incomplete"/var/cache/apt/archives/*.deb
mv "$state/incomplete" "$state/debian"
