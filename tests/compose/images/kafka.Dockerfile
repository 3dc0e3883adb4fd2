# Stands in for apache/kafka in tests: the same version of Kafka, from its Maven artifacts, with the commands, the user,
# the folders and the variables of the public image, as far as compose and the tests use them.
FROM product-analytics-local/debian
RUN apt-get -qq update \
    && apt-get -qq install --yes --no-install-recommends openjdk-21-jre-headless >/dev/null \
    && rm -rf /var/lib/apt/lists/*
COPY libs/ /opt/kafka/libs/
COPY bin/ /opt/kafka/bin/
COPY run log4j2.properties /etc/kafka/docker/
RUN useradd --uid 1000 appuser \
    && mkdir -p /etc/kafka/secrets /mnt/shared/config /var/lib/kafka/data \
    && chown -R appuser:appuser /etc/kafka /mnt/shared /var/lib/kafka
USER appuser
EXPOSE 9092
VOLUME ["/etc/kafka/secrets", "/var/lib/kafka/data", "/mnt/shared/config"]
CMD ["/etc/kafka/docker/run"]
