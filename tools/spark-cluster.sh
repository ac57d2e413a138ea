#!/usr/bin/env bash
# Merges on a real Spark cluster, a master and two workers in processes of their own, against merges on one machine.
#
#   tools/spark-cluster.sh [DIRECTORY]     where models and outputs go, and are deleted; default: a new temporary one
#
# SPARK_HOME           a Spark 4 distribution; default: that of the pyspark package of 'python3' (pip install pyspark==4.0.1)
# AMALGAM_SPARK_SIZE   parameters of each of the three models (default 100m, at least 40m)
# AMALGAM_SPARK_TIMES  1: only the times of one merge, for AMALGAM_SPARK_SIZE=1100m (default 0)
#
# AMALGAM              the command; default: that of this folder
#
# Needs this first: ./mvnw -q -DskipTests package dependency:copy-dependencies -DincludeScope=runtime -pl merge-spark,merge-cli -am
# Listens on 127.0.0.1 alone. Prints a line for each check and ends with 1 if one failed.
# Stops only processes it has started.
set -u

home=$(cd "$(dirname "$0")/.." && pwd)
size=${AMALGAM_SPARK_SIZE:-100m}
spark=${SPARK_HOME:-$(python3 -c 'import os, pyspark; print(os.path.dirname(pyspark.__file__))')} || exit 1
work=$(mktemp -d "${1:-${TMPDIR:-/tmp}}/amalgam-spark.XXXXXX") || exit 1
amalgam=${AMALGAM:-$home/amalgam}
port=17077
driver=
daemons=()
failures=0
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

say() {
    printf '%-44s %-8s %s\n' "$1" "$2" "$3"
    [ "$2" != FAILED ] || failures=$((failures + 1))
}

daemon() {
    "$spark/bin/spark-class" "$@" >>"$work/daemons.log" 2>&1 &
    daemons+=($!)
}

# Begins a merge by the cluster: RECIPE OUT ARGS...; the process is in $driver.
submit() {
    "$spark/bin/spark-submit" --master "spark://127.0.0.1:$port" --class io.amalgam.spark.SparkMergeMain \
        --driver-memory 512m --executor-memory 768m --executor-cores 1 --total-executor-cores 2 \
        --conf spark.ui.enabled=false --conf spark.driver.host=127.0.0.1 --conf spark.driver.bindAddress=127.0.0.1 \
        --conf spark.executor.extraJavaOptions=--add-modules=jdk.incubator.vector \
        --conf spark.task.maxFailures=4 --conf spark.excludeOnFailure.enabled=false ${extra:-} \
        --jars "$jars" "$main" "$@" >"$work/driver.log" 2>&1 &
    driver=$!
}

finish() {
    wait "$driver" 2>/dev/null
    code=$?
    driver=
}

alone() {
    "$amalgam" merge "$@" --quiet >"$work/alone.log" 2>&1
}

# One hash over all weights, the index, the configuration and the tokenizer of a directory.
hash_of() {
    (cd "$1" 2>/dev/null && cat ./*.safetensors ./*.index.json ./config.json $(ls ./tokenizer.json 2>/dev/null)) 2>/dev/null \
        | if command -v sha256sum >/dev/null; then sha256sum; else shasum -a 256; fi | cut -d ' ' -f 1
}

same() { # NAME ONE OTHER
    local one other
    one=$(hash_of "$2") other=$(hash_of "$3")
    if [ "$one" = "$other" ] && [ -e "$3/config.json" ]; then
        say "$1" same "sha256 $(printf %.16s "$one")"
    else
        say "$1" FAILED "$one and $other; $(grep -m1 -iE 'exception|error' "$work/driver.log")"
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
    for worker in "${daemons[@]:1}"; do
        pgrep -P "$worker" -f CoarseGrainedExecutorBackend
    done
}

await_parts() { # OUT: waits until tasks write
    for _ in $(seq 600); do
        ls "$1"/.amalgam-parts/*/*/.amalgam-partial/*.part >/dev/null 2>&1 && return
        sleep 0.1
    done
}

seconds() { date +%s.%N; }

daemon org.apache.spark.deploy.master.Master --host 127.0.0.1 --port $port --webui-port 0
sleep 3
for _ in 1 2; do
    daemon org.apache.spark.deploy.worker.Worker --host 127.0.0.1 --webui-port 0 --cores 1 --memory 1g "spark://127.0.0.1:$port"
done
sleep 4

"$amalgam" bench --size "$size" --rounds 1 --methods linear --no-mergekit --models "$work/bench" --out "$work/floor" \
    --quiet >/dev/null 2>&1
models=$(dirname "$(dirname "$(find "$work/bench" -name '*.safetensors' | head -1)")")
base=$models/base one=$models/tuned-1 two=$models/tuned-2

recipe() { # METHOD PARAMETERS
    printf 'merge_method: %s\nbase_model: %s\nmodels:\n  - {model: %s, parameters: {weight: 0.6}}\n  - {model: %s, parameters: {weight: 0.3}}\nparameters: {%s}\n' \
        "$1" "$base" "$one" "$two" "$2" >"$work/$1.yml"
}
recipe linear ''
sed -i.bak "/base_model/d" "$work/linear.yml"
recipe ties 'density: 0.5'
recipe dare_ties 'density: 0.5'

shard=$(($(du -sk "$base" | cut -f 1) * 1024 / 12))
if [ "${AMALGAM_SPARK_TIMES:-0}" = 1 ]; then
    for method in linear ties; do
        begin=$(seconds)
        alone "$work/$method.yml" "$work/alone" --out-shard-size $shard -j 2
        middle=$(seconds)
        submit "$work/$method.yml" "$work/out" --shard-bytes $shard
        finish
        end=$(seconds)
        tasks=$(python3 -c 'import json, sys; print(sum(p["seconds"] for p in json.load(open(sys.argv[1]))["run"]["parts"]))' "$work/out/amalgam-report.json")
        same "$method, $size parameters" "$work/alone" "$work/out"
        echo "$begin $middle $end $tasks" | awk -v m=$method '{printf "%s: one process of two threads %.1f s, cluster %.1f s (%.2f), its tasks %.1f s in all\n", m, $2-$1, $3-$2, ($3-$2)/($2-$1), $4}'
        rm -rf "$work/alone" "$work/out"
    done
    exit "$failures"
fi

for method in linear ties dare_ties; do
    alone "$work/$method.yml" "$work/$method" --out-shard-size $shard
    submit "$work/$method.yml" "$work/out" --shard-bytes $shard
    finish
    same "$method" "$work/$method" "$work/out"
    rm -rf "$work/out"
done

out=$work/killed
submit "$work/ties.yml" "$out" --shard-bytes $shard
await_parts "$out"
victim=$(executors | head -1)
[ -z "$victim" ] || kill -9 "$victim"
finish
same "an executor killed" "$work/ties" "$out"
rm -rf "$out"

submit "$work/ties.yml" "$out" --shard-bytes $shard
await_parts "$out"
kill -9 "$(pgrep -P "$driver" java || echo "$driver")" 2>/dev/null
finish
no_model "the driver killed" "$out"
sleep 5
done_before=$(ls -d "$out"/.amalgam-parts/*/*-of-* 2>/dev/null | grep -vc attempt)
submit "$work/ties.yml" "$out" --shard-bytes $shard
finish
same "submitted again ($done_before parts taken over)" "$work/ties" "$out"
rm -rf "$out"

extra="--conf spark.speculation=true --conf spark.speculation.multiplier=1.01 --conf spark.speculation.quantile=0.1 --conf spark.speculation.interval=50ms --conf spark.speculation.minTaskRuntime=1ms"
submit "$work/ties.yml" "$out" --shard-bytes $shard
finish
extra=
twice=$(grep -c 'speculat' "$work/driver.log")
same "two attempts of one task" "$work/ties" "$out"
rm -rf "$out"

parts=$work/parts
for part in 1 2 3 4 5 6 7 8; do
    alone "$work/ties.yml" "$parts" --out-shard-size $shard --part $part/8
done
lost=$(ls -d "$parts"/.amalgam-parts/*/5-of-8)
rm -f "$lost"/*.safetensors
"$amalgam" join "$parts" >"$work/join.log" 2>&1
code=$?
if [ $code -eq 3 ] && grep -q -- '--part 5/8' "$work/join.log"; then
    say "a lost part" refused "join names it and its command"
else
    say "a lost part" FAILED "$(head -1 "$work/join.log")"
fi
no_model "until it is there" "$parts"
alone "$work/ties.yml" "$parts" --out-shard-size $shard --part 5/8
"$amalgam" join "$parts" --quiet >"$work/join.log" 2>&1
same "parts 1 to 8 joined" "$work/ties" "$parts"

exit "$failures"
