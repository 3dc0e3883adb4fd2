#!/usr/bin/env bash
# Starts mongod as a replica set with users. The members of a set know each other by a key file; this set has one
# member, so a key that lives as long as the process will do, and there is none to keep secret.
set -euo pipefail

# Each collection, index and connection is an open file; engines may give containers no more than 1024 to begin with.
ulimit -n "$(ulimit -H -n)"
umask 077
head --bytes 384 /dev/urandom | base64 > /tmp/replica-set.key
exec mongod --replSet rs0 --bind_ip_all --nounixsocket --keyFile /tmp/replica-set.key --dbpath /data/db \
  --wiredTigerCacheSizeGB "$MONGO_CACHE_GB"
