#!/usr/bin/env bash
# Runs a command with a Docker engine: engine.sh COMMAND ...
#
# An engine that answers, at DOCKER_HOST or at the usual socket, is used. Otherwise root gets an engine made of Debian's
# packages inside .state/containers, without installing them. It runs as long as the command, with its own socket,
# networks and configuration, so that no other program finds it. Its images stay in .state for the next time.
#
# Exit code: the command's; 69 where no engine can be had, with the reason in the last line.
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

# The engine's programs come from the Debian of the stand-in images. runc, iptables and ip must fit this machine's
# libraries, so they come from this machine's packages.
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
# The network device to the outside, which may carry smaller packets than a bridge does by default.
device=$(ip route show default | awk '/ dev / { for (i = 1; i < NF; i++) if ($i == "dev") { print $(i + 1); exit } }')
rules=$(iptables-save) || unavailable "this machine's kernel has no packet filter for it"
# iptables-save leaves out a table that nobody has used yet; restoring the rules would then not empty that table.
[[ $rules == *"*filter"* ]] || rules+=$'\n*filter\n:FORWARD ACCEPT\nCOMMIT'
[[ $rules == *"*nat"* ]] || rules+=$'\n*nat\nCOMMIT'
mkdir -p "$run/config/cli-plugins"
ln -sf "$engine"/usr/libexec/docker/cli-plugins/* "$run/config/cli-plugins"
# A socket's path may have 107 characters; this folder's may have more.
socket=$(mktemp -d)/docker.sock
export DOCKER_HOST=unix://$socket DOCKER_CONFIG=$run/config

dockerd --host "$DOCKER_HOST" --data-root "$state/data" --exec-root "$(dirname "$socket")/exec" --pidfile "$run/docker.pid" \
  --init-path "$engine/usr/bin/tini-static" --mtu "$(cat "/sys/class/net/${device:-lo}/mtu")" > "$state/engine.log" 2>&1 < /dev/null &
daemon=$!

# Ends the engine, and removes what it leaves behind: containers, volumes, networks, packet filter rules.
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
