# Functions of tools/spark-cluster.sh, which sources this: a master and two workers on loopback, jobs, comparisons.
# Expects: home, size. Sets: spark, work, amalgam, port.

spark_version=$(sed -n 's:.*<spark.version>\(.*\)</spark.version>.*:\1:p' "$home/merge-spark/pom.xml")
python=${PYTHON:-python3}
spark=${SPARK_HOME:-$("$python" -c 'import os, pyspark; print(os.path.dirname(pyspark.__file__))' 2>/dev/null)}
if ! ls "$spark"/jars/spark-core_2.13-"$spark_version".jar >/dev/null 2>&1; then
    echo "no Spark $spark_version, for which merge-spark is built: set SPARK_HOME, or pip install pyspark==$spark_version" >&2
    exit 1
fi
work=$(mktemp -d "${1:-${TMPDIR:-/tmp}}/amalgam-spark.XXXXXX") || exit 1
amalgam=${AMALGAM:-$home/amalgam}
port=${AMALGAM_SPARK_PORT:-17077}
driver=
daemons=()
failures=0
extra=
export SPARK_HOME=$spark SPARK_LOCAL_IP=127.0.0.1 SPARK_LOCAL_DIRS=$work/local SPARK_WORKER_DIR=$work/work
export SPARK_DAEMON_MEMORY=256m HF_HUB_OFFLINE=1
libraries=$home/merge-spark/target/dependency
jars=$(ls "$libraries"/merge-{core,formats}-*.jar "$libraries"/snakeyaml-*.jar | paste -sd,)
main=$(ls "$home"/merge-spark/target/merge-spark-*.jar | grep -v -e sources -e javadoc | head -1)

clean_up() {
    [ -z "$driver" ] || kill -9 "$driver" 2>/dev/null
    [ ${#daemons[@]} -eq 0 ] || kill "${daemons[@]}" 2>/dev/null
    wait 2>/dev/null
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

say() { # NAME RESULT DETAIL
    printf '%-44s %-8s %s\n' "$1" "$2" "$3"
    [ "$2" != FAILED ] || failures=$((failures + 1))
}

daemon() {
    "$spark/bin/spark-class" "$@" >>"$work/daemons.log" 2>&1 &
    daemons+=($!)
}

start_cluster() {
    daemon org.apache.spark.deploy.master.Master --host 127.0.0.1 --port "$port" --webui-port 0
    sleep 3
    for _ in 1 2; do
        daemon org.apache.spark.deploy.worker.Worker --host 127.0.0.1 --webui-port 0 --cores 1 --memory 1g "spark://127.0.0.1:$port"
    done
    sleep 4
}

# Begins a merge: MASTER RECIPE OUT ARGS...; the process is in $driver.
submit_to() {
    local master=$1
    shift
    "$spark/bin/spark-submit" --master "$master" --class io.amalgam.spark.SparkMergeMain \
        --driver-memory 768m --executor-memory 768m --executor-cores 1 --total-executor-cores 2 \
        --conf spark.ui.enabled=false --conf spark.driver.host=127.0.0.1 --conf spark.driver.bindAddress=127.0.0.1 \
        --conf spark.driver.extraJavaOptions=--add-modules=jdk.incubator.vector \
        --conf spark.executor.extraJavaOptions=--add-modules=jdk.incubator.vector \
        --conf spark.task.maxFailures=4 --conf spark.excludeOnFailure.enabled=false $extra \
        --jars "$jars" "$main" "$@" >"$work/driver.log" 2>&1 &
    driver=$!
}

# The same on the cluster.
submit() {
    submit_to "spark://127.0.0.1:$port" "$@"
}

finish() { # the job's end; its exit code is in $code
    wait "$driver" 2>/dev/null
    code=$?
    driver=
}

kill_driver() {
    kill -9 "$(pgrep -P "$driver" java || echo "$driver")" 2>/dev/null
    finish
}

alone() {
    "$amalgam" merge "$@" --quiet >"$work/alone.log" 2>&1
}

# One hash over all weights, the index, the configuration and the tokenizer of a directory; nothing if there is no model.
hash_of() {
    [ -e "$1/config.json" ] || return
    (cd "$1" && cat ./*.safetensors $(ls ./*.index.json ./config.json ./tokenizer.json 2>/dev/null)) \
        | if command -v sha256sum >/dev/null; then sha256sum; else shasum -a 256; fi | cut -d ' ' -f 1
}

reason() {
    grep -m1 -E 'amalgam: error|Exception' "$work/driver.log"
}

same() { # NAME ONE OTHER [DETAIL]
    local one other
    one=$(hash_of "$2") other=$(hash_of "$3")
    if [ -n "$one" ] && [ "$one" = "$other" ]; then
        say "$1" same "sha256 $(printf %.16s "$one")${4:+, $4}"
    else
        say "$1" FAILED "$one and $other; $(reason)"
    fi
}

no_model() { # NAME OUT
    if [ -e "$2/config.json" ] || ls "$2"/*.safetensors >/dev/null 2>&1; then
        say "$1" FAILED "$(ls -A "$2")"
    else
        say "$1" ok "nothing in the output looks like a model"
    fi
}

# Processes of executors on this machine that belong to these workers.
executors() {
    for worker in "${daemons[@]:1:2}"; do
        pgrep -P "$worker" -f CoarseGrainedExecutorBackend
    done
}

await() { # COMMAND...: until it succeeds, or for a minute
    for _ in $(seq 600); do
        "$@" && return
        sleep 0.1
    done
}

writes() { # OUT: whether tasks write
    ls "$1"/.amalgam-parts/*/*/.amalgam-partial/*.part >/dev/null 2>&1
}

finished_parts() { # OUT: how many are whole
    ls -d "$1"/.amalgam-parts/*/*-of-* 2>/dev/null | grep -vc attempt
}

some_finished() {
    [ "$(finished_parts "$1")" -ge 2 ]
}

taken_over() {
    sed -n 's/^amalgam: \([0-9]* of [0-9]* parts\) were there.*/\1 taken over/p' "$work/driver.log"
}

seconds() { date +%s.%N; }
