#!/usr/bin/env bash
# Starts nginx, after writing the two files that depend on variables. Its prefix is /tmp, which holds these files, the
# process id and the temporary folders: the root filesystem is read-only.
set -euo pipefail

port=":$HTTPS_PORT"
echo "set \$https_port \"${port/#:443/}\";" > /tmp/https_port.conf

# Prints the lines of an nginx map: each of the comma-separated entries in $1 has the value $2.
set -o noglob
entries() {
  local entry
  for entry in ${1//,/ }; do
    echo "  \"$entry\" $2;"
  done
}

names=
for name in ${TLS_NAMES//,/ }; do
  if [[ $name == *:* ]]; then name="[$name]"; fi # an IPv6 address has brackets in a URL
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
