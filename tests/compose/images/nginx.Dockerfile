# Stands in for nginx:1.30 in tests: the same version, from Debian's next release, since an older nginx cannot look up a
# name again. A mirror's package list may be some days old, so its age is not checked; its signature is.
FROM product-analytics-local/debian
RUN sed 's/trixie/forky/' /etc/apt/sources.list > /etc/apt/sources.list.d/forky.list \
    && apt-get -qq -o Acquire::Check-Valid-Until=false update \
    && apt-get -qq install --yes --no-install-recommends --target-release forky nginx curl >/dev/null \
    && rm -rf /var/lib/apt/lists/* \
    && ln -sf /dev/stdout /var/log/nginx/access.log \
    && ln -sf /dev/stderr /var/log/nginx/error.log
CMD ["nginx", "-g", "daemon off;"]
