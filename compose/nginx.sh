#!/usr/bin/env bash
# Starts nginx. Its prefix holds the process id and its temporary folders; the root filesystem is read-only.
set -euo pipefail

port=":$HTTPS_PORT"
echo "set \$https_port \"${port/#:443/}\";" > /tmp/https_port.conf
exec nginx -p /tmp/ -c /etc/nginx/nginx.conf -g "daemon off;"
