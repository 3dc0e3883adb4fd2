#!/usr/bin/env bash
# Starts nginx. Its prefix holds the process id and its temporary folders; the root filesystem is read-only.
set -euo pipefail

port=":$HTTPS_PORT"
echo "set \$https_port \"${port/#:443/}\";" > /tmp/https_port.conf

# The lines of a map: each of the comma-separated entries of $1 gives $2.
set -o noglob
entries() {
  local entry
  for entry in ${1//,/ }; do
    echo "  \"$entry\" $2;"
  done
}

names=
for name in ${TLS_NAMES//,/ }; do
  if [[ $name == *:* ]]; then name="[$name]"; fi # an IPv6 address, as it stands in a URL
  names+=$name,
done
if [[ $CORS_ORIGINS == "*" ]]; then
  origins='  ~. "*";'
else
  origins=$(entries "$CORS_ORIGINS" "\$http_origin")
fi
cat > /tmp/names.conf <<END
map \$host \$own_host {
  hostnames;
  default "";
$(entries "$names" "\$host")
}
map \$http_origin \$allowed_origin {
  default "";
$origins
}
END

exec nginx -p /tmp/ -c /etc/nginx/nginx.conf -g "daemon off;"
