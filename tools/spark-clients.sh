#!/usr/bin/env bash
# Times the average of many small clients: SparkFederated on local[2], and FederatedAverager one after the other.
#
#   tools/spark-clients.sh DIRECTORY [CLIENTS]     default 10000 clients of 100 kB, which are made if they are not there, and stay
#
# SPARK_HOME, PYTHON   as for tools/spark-cluster.sh
#
# Needs this first: ./mvnw -q -DskipTests package dependency:copy-dependencies -DincludeScope=runtime -pl merge-spark -am
# Prints the seconds of three rounds each, then processor seconds and the most memory of the process.
set -eu

home=$(cd "$(dirname "$0")/.." && pwd)
python=${PYTHON:-python3}
spark=${SPARK_HOME:-$("$python" -c 'import os, pyspark; print(os.path.dirname(pyspark.__file__))')}
target=$home/merge-spark/target
path=$target/test-classes:$(ls "$target"/merge-spark-*.jar | grep -v -e sources -e javadoc | head -1)
path=$path:$(ls "$target"/dependency/merge-{core,formats}-*.jar "$target"/dependency/snakeyaml-*.jar | paste -sd:):$spark/jars/*
opens=()
for package in java.lang java.lang.invoke java.lang.reflect java.io java.net java.nio java.util java.util.concurrent \
    java.util.concurrent.atomic sun.nio.ch sun.nio.cs sun.security.action sun.util.calendar; do
    opens+=("--add-opens=java.base/$package=ALL-UNNAMED")
done

for way in spark alone; do
    "$python" -c '
import resource, subprocess, sys
code = subprocess.call(sys.argv[2:])
used = resource.getrusage(resource.RUSAGE_CHILDREN)
unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
print("%s: %.0f s of processors, %.0f MB" % (sys.argv[1], used.ru_utime + used.ru_stime, used.ru_maxrss / unit))
sys.exit(code)' "$way" \
        java -Xmx1g --add-modules=jdk.incubator.vector "${opens[@]}" -cp "$path" \
        io.amalgam.samples.ClientsBench "$1" "${2:-10000}" "$way"
done
