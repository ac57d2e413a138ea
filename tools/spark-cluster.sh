#!/usr/bin/env bash
# Merges on a real Spark cluster, a master and two workers in processes of their own, against merges on one machine:
# a table of SHA-256 for each kind of merge, then what goes wrong.
#
#   tools/spark-cluster.sh [DIRECTORY]     where models and outputs go, and are deleted; default: a new temporary one
#
# SPARK_HOME           a Spark distribution of the version in merge-spark/pom.xml; default: that of the pyspark package
# PYTHON               with pyspark, and with moto for S3 (pip install "moto[server]"); default: python3
# AMALGAM_S3_JARS      a folder with hadoop-aws and what it needs; without it, or without moto, S3 is left out. To get it (700 MB):
#                      ./mvnw -q -Ps3 -pl merge-spark -am -DskipTests package dependency:copy-dependencies \
#                          -DincludeScope=runtime -DincludeArtifactIds=hadoop-aws,bundle,analyticsaccelerator-s3,wildfly-openssl -DoutputDirectory=FOLDER
# AMALGAM_SPARK_SIZE   parameters of each of the three models (default 100m, at least 40m)
# AMALGAM_SPARK_TIMES  1: only the times of one merge, for AMALGAM_SPARK_SIZE=1100m (default 0)
# AMALGAM_SPARK_ONLY   table, faults or s3: only that
# AMALGAM              the command; default: that of this folder
#
# Needs this first: ./mvnw -q -DskipTests package dependency:copy-dependencies -DincludeScope=runtime -pl merge-spark,merge-cli -am
# Listens on 127.0.0.1 alone. Prints a line for each check and ends with 1 if one failed.
# Stops only processes it has started.
set -u

home=$(cd "$(dirname "$0")/.." && pwd)
size=${AMALGAM_SPARK_SIZE:-100m}
only=${AMALGAM_SPARK_ONLY:-}
. "$home/tools/spark/cluster.sh"
. "$home/tools/spark/recipes.sh"
. "$home/tools/spark/s3.sh"
start_cluster

if [ "${AMALGAM_SPARK_TIMES:-0}" = 1 ]; then
    for method in linear ties; do
        begin=$(seconds)
        alone "$work/$method.yml" "$work/alone" --out-shard-size $shard -j 2
        middle=$(seconds)
        submit "$work/$method.yml" "$work/out" --shard-bytes $shard
        finish
        end=$(seconds)
        tasks=$("$python" -c 'import json, sys; print(sum(p["seconds"] for p in json.load(open(sys.argv[1]))["run"]["parts"]))' "$work/out/amalgam-report.json")
        same "$method, $size parameters" "$work/alone" "$work/out"
        echo "$begin $middle $end $tasks" | awk -v m=$method '{printf "%s: one process of two threads %.1f s, cluster %.1f s (%.2f), its tasks %.1f s in all\n", m, $2-$1, $3-$2, ($3-$2)/($2-$1), $4}'
        rm -rf "$work/alone" "$work/out"
    done
    exit "$failures"
fi

# One kind of merge by one machine, local[2], the cluster, and parts; the first 16 digits of the SHA-256 of each.
row() { # NAME
    local bytes=$(shard_of "$1") hashes=()
    alone "$work/$1.yml" "$work/$1" --out-shard-size "$bytes"
    hashes+=("$(hash_of "$work/$1")")
    submit_to 'local[2]' "$work/$1.yml" "$work/out" --shard-bytes "$bytes"
    finish
    hashes+=("$(hash_of "$work/out")")
    rm -rf "$work/out"
    submit "$work/$1.yml" "$work/out" --shard-bytes "$bytes"
    finish
    hashes+=("$(hash_of "$work/out")")
    rm -rf "$work/out"
    for part in 8 7 6 5 4 3 2 1; do
        alone "$work/$1.yml" "$work/out" --out-shard-size "$bytes" --part $part/8
    done
    "$amalgam" join "$work/out" --quiet >"$work/join.log" 2>&1
    hashes+=("$(hash_of "$work/out")")
    rm -rf "$work/out"
    printf '| %-10s | %.16s | %.16s | %.16s | %.16s |\n' "$1" "${hashes[@]}"
    for hash in "${hashes[@]}"; do
        if [ -z "$hash" ] || [ "$hash" != "${hashes[0]}" ]; then
            say "$1" FAILED "${hashes[*]}; $(reason)"
            break
        fi
    done
}

if [ -z "$only" ] || [ "$only" = table ]; then
    make_recipes_of_other_kinds
    printf '| %-10s | %-16s | %-16s | %-16s | %-16s |\n|---|---|---|---|---|\n' merge 'one machine' 'local[2]' 'two workers' 'parts 1..8'
    for method in $methods; do
        row "$method"
    done
fi
[ -d "$work/ties" ] || alone "$work/ties.yml" "$work/ties" --out-shard-size $shard

faults() {
    out=$work/killed
    submit "$work/ties.yml" "$out" --shard-bytes $shard
    await writes "$out"
    victim=$(executors | head -1)
    [ -z "$victim" ] || kill -9 "$victim"
    finish
    same "an executor killed (process ${victim:-none})" "$work/ties" "$out"
    rm -rf "$out"

    submit "$work/ties.yml" "$out" --shard-bytes $shard --parts 12
    await some_finished "$out"
    kill_driver
    no_model "the driver killed, $(finished_parts "$out") parts whole" "$out"
    sleep 5
    submit "$work/ties.yml" "$out" --shard-bytes $shard --parts 12
    finish
    same "submitted again" "$work/ties" "$out" "$(taken_over)"
    rm -rf "$out"

    local before=$extra
    extra="$extra --conf spark.speculation=true --conf spark.speculation.multiplier=1.01 --conf spark.speculation.quantile=0.1 --conf spark.speculation.interval=50ms --conf spark.speculation.minTaskRuntime=1ms"
    submit "$work/ties.yml" "$out" --shard-bytes $shard
    finish
    extra=$before
    twice=$(grep -c 'speculatable' "$work/driver.log")
    same "two attempts of a task" "$work/ties" "$out" "$twice tasks speculated"
    rm -rf "$out"

    submit "$work/ties.yml" "$out" --shard-bytes $shard
    other=$driver
    mv "$work/driver.log" "$work/other.log"
    submit_to 'local[1]' "$work/ties.yml" "$out" --shard-bytes $shard
    finish
    first=$code
    driver=$other
    finish
    same "two drivers at once" "$work/ties" "$out" "exit $first and $code"
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
    rm -rf "$parts"

    alone "$work/ties.yml" "$parts" --out-shard-size $shard --part 1/2 &
    one_process=$!
    "$amalgam" merge "$work/ties.yml" "$parts" --out-shard-size $shard --part 1/2 --quiet >"$work/second.log" 2>&1
    code=$?
    wait $one_process
    first=$?
    if [ $((first + code)) -eq 3 ] || [ $((first + code)) -eq 0 ]; then
        say "two processes write one part" ok "exit $first and $code"
    else
        say "two processes write one part" FAILED "exit $first and $code"
    fi
    alone "$work/ties.yml" "$parts" --out-shard-size $shard --part 2/2
    "$amalgam" join "$parts" --quiet >"$work/join.log" 2>&1
    same "and joined" "$work/ties" "$parts"
}
[ -n "$only" ] && [ "$only" != faults ] || faults

if [ -z "$only" ] || [ "$only" = s3 ]; then
    if "$python" -c 'import moto.server' 2>/dev/null && [ -d "${AMALGAM_S3_JARS:-}" ]; then
        s3_start
        s3_checks
    else
        say "S3" "left out" "needs moto for '$python', and AMALGAM_S3_JARS"
    fi
fi
exit "$failures"
