#!/usr/bin/env bash
# Runs a command with a Docker engine: engine.sh COMMAND ...
#
# Where one answers (DOCKER_HOST, or the usual socket) it is used. Else, as root, one is made of Debian's packages inside
# .state/containers, without installing them, and runs while the command does: with a socket, networks and a configuration
# of its own, so that nobody else finds it. Of it stay the images, in .state, for the next time. Exit code 69: no engine
# can be had; the reason is the last line.
set -euo pipefail
cd "$(dirname "$0")/../.."

state=$PWD/.state/containers
engine=$state/engine
run=$state/run

unavailable() {
  echo "no Docker engine: $1" >&2
  exit 69
}

if docker info >/dev/null 2>&1; then
  docker compose version >/dev/null 2>&1 || unavailable "one answers, but docker compose (version 2) is not installed"
  exec "$@"
fi
[[ $(id -u) == 0 ]] || unavailable "none answers, and only root can start one"

# The programs, from the same Debian as the stand-in images; runc must fit this machine's own libraries.
if [[ ! -d $engine ]]; then
  echo "fetching a Docker engine"
  tests/compose/base.sh || unavailable "its packages need a Debian, which could not be made"
  for program in runc/runc iptables/iptables ip/iproute2; do
    tests/compose/program.sh "${program%/*}" "${program#*/}" >/dev/null || unavailable "${program%/*} is missing"
  done
  packages=$state/debian/tmp/packages
  mkdir -p "$packages"
  chroot "$state/debian" sh -c 'apt-get -qq update && cd /tmp/packages \
    && apt-get -qq -o APT::Sandbox::User=root download docker.io docker-cli docker-compose docker-buildx containerd tini' >/dev/null \
    || unavailable "apt-get could not fetch it"
  for package in "$packages"/*.deb; do
    dpkg --extract "$package" "$state/engine.incomplete"
  done
  rm -r "$packages"
  mv "$state/engine.incomplete" "$engine"
fi

export PATH="$engine/usr/sbin:$engine/usr/bin:$PATH"
# The way out may take smaller packets than a bridge's default.
device=$(ip route show default | awk '/ dev / { for (i = 1; i < NF; i++) if ($i == "dev") { print $(i + 1); exit } }')
rules=$(iptables-save) || unavailable "this machine's kernel has no packet filter for it"
# A table that nobody has used yet is not in it, and would not be emptied.
[[ $rules == *"*filter"* ]] || rules+=$'\n*filter\n:FORWARD ACCEPT\nCOMMIT'
[[ $rules == *"*nat"* ]] || rules+=$'\n*nat\nCOMMIT'
mkdir -p "$run/config/cli-plugins"
ln -sf "$engine"/usr/libexec/docker/cli-plugins/* "$run/config/cli-plugins"
# Sockets have short names; the folder's may be long.
socket=$(mktemp -d)/docker.sock
export DOCKER_HOST=unix://$socket DOCKER_CONFIG=$run/config

dockerd --host "$DOCKER_HOST" --data-root "$state/data" --exec-root "$(dirname "$socket")/exec" --pidfile "$run/docker.pid" \
  --init-path "$engine/usr/bin/tini-static" --mtu "$(cat "/sys/class/net/${device:-lo}/mtu")" > "$state/engine.log" 2>&1 < /dev/null &
daemon=$!

# Ends the engine, and takes away what it leaves: networks, rules, data.
stop() {
  status=$?
  trap - EXIT
  trap '' INT TERM
  # shellcheck disable=SC2046 # one argument an id
  docker rm --force $(docker ps --all --quiet) >/dev/null 2>&1 || true
  docker volume prune --all --force >/dev/null 2>&1 || true
  docker network prune --force >/dev/null 2>&1 || true
  kill "$daemon" 2>/dev/null || true
  wait "$daemon" || true
  ip link delete docker0 2>/dev/null || true
  iptables-restore <<< "$rules" || true
  rm -rf "$run" "$(dirname "$socket")"
  exit "$status"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

for _ in {1..60}; do
  if docker info >/dev/null 2>&1; then
    "$@"
    exit
  fi
  kill -0 "$daemon" 2>/dev/null || break
  sleep 0.5
done
tail -n 5 "$state/engine.log" >&2
trap 'stop' EXIT
unavailable "dockerd does not start here"
