#!/usr/bin/env bash
# Starts mongod as a replica set with users. The members of a set recognise each other by a key file. This set has only
# one member, so a new key for each start will do, and there is no key to keep secret.
set -euo pipefail

# Each collection, index and connection is an open file. A container may start with a limit of 1024 open files; this
# raises it to the most that the engine allows.
ulimit -n "$(ulimit -H -n)"
umask 077
head --bytes 384 /dev/urandom | base64 > /tmp/replica-set.key
exec mongod --replSet rs0 --bind_ip_all --nounixsocket --keyFile /tmp/replica-set.key --dbpath /data/db \
  --wiredTigerCacheSizeGB "$MONGO_CACHE_GB"
