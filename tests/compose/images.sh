#!/usr/bin/env bash
# Builds, without any registry, stand-ins for the public images that docker-compose.yml and the Dockerfiles name, for
# tests only: product-analytics-local/{python,kafka,mongo,nginx}. Stand-ins that exist already are kept. Then it builds
# the two services' images on the first. Needs root and a Docker engine.
set -euo pipefail
cd "$(dirname "$0")/../.."

images=tests/compose/images
state=$PWD/.state/containers

missing() { ! docker image inspect "product-analytics-local/$1" >/dev/null 2>&1; }

# Builds the image $1 from the folder that `context $1` made, then removes the folder.
build() {
  echo "building product-analytics-local/$1"
  docker build --quiet --tag "product-analytics-local/$1" --file "$images/$1.Dockerfile" "$state/$1" >/dev/null
  rm -rf "${state:?}/$1"
}

# Makes the folder from which the image $1 is built, with the files that the repository has for it.
context() {
  rm -rf "$state/$1"
  mkdir -p "$state/$1"
  if [[ -d $images/$1 ]]; then cp -a "$images/$1/." "$state/$1"; fi
}

debian() {
  tests/compose/base.sh
  tar --create --directory "$state/debian" --exclude ./proc --exclude ./sys --exclude ./dev . \
    | docker import - product-analytics-local/debian >/dev/null
}

kafka() {
  context kafka
  local jars version
  jars=$(.venv/bin/python -c 'from stack.parts import kafka_files as k; from stack.settings import StackSettings as s
print(k.jars(s().state / "parts", lambda said: None))')
  version=$(basename "$jars"/kafka_*.jar .jar)
  cp -r "$jars" "$state/kafka/libs"
  cp stack/kafka/log4j2.properties "$state/kafka"
  # The classes of Kafka's commands, which the broker does not need.
  "$(tests/compose/program.sh mvn maven)" --batch-mode --quiet --strict-checksums org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy \
    -Dartifact="org.apache.kafka:kafka-tools:${version#*-}" -DoutputDirectory="$state/kafka/libs" -Dmdep.useBaseVersion=true
  mkdir "$state/kafka/bin"
  mv "$state/kafka/run-class.sh" "$state/kafka/bin/kafka-run-class.sh"
  # each line: the command's name, and what Java runs for it
  while read -r name class; do
    printf '#!/usr/bin/env bash\nexec /opt/kafka/bin/kafka-run-class.sh %s "$@"\n' "$class" > "$state/kafka/bin/kafka-$name.sh"
  done <<-'END'
		server-start ${EXTRA_ARGS-} kafka.Kafka
		storage kafka.tools.StorageTool
		topics org.apache.kafka.tools.TopicCommand
		broker-api-versions org.apache.kafka.tools.BrokerApiVersionsCommand
	END
  chmod +x "$state"/kafka/bin/*
}

mongo() {
  context mongo
  cp "$(.venv/bin/python -c 'from stack.parts.mongo import server_program; print(server_program())')" "$state/mongo/mongod"
  mkdir "$state/mongo/mongosh"
  "$(tests/compose/program.sh npm npm)" install --prefix "$state/mongo/mongosh" --silent --no-audit --no-fund --no-package-lock --omit=optional \
    --ignore-scripts mongosh@2.12.0
}

# Builds a service's image as compose will, which then finds the layers. It is early because it waits for downloads.
service() {
  docker build --quiet --tag "product-analytics-local/$1" --build-arg PYTHON_IMAGE=product-analytics-local/python \
    --file "Dockerfile.$1" . >/dev/null
}

# Makes the folder for the image $1, by the function of that name if there is one, then builds the image.
make_image() {
  if [[ $(type -t "$1") == function ]]; then "$1"; else context "$1"; fi
  build "$1"
}

if missing debian; then debian; fi
if missing python; then make_image python; fi
builds=()
for name in api consumer; do
  service "$name" &
  builds+=($!)
done
for name in nginx kafka mongo; do
  if missing "$name"; then
    make_image "$name" &
    builds+=($!)
  fi
done
for build in "${builds[@]}"; do wait "$build"; done
