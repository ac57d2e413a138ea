# Merges with models and outputs in a local S3, for tools/spark-cluster.sh, which sources this.
# Needs moto for '$python' and hadoop-aws in the folder AMALGAM_S3_JARS.

s3_port=${AMALGAM_S3_PORT:-17078}
s3_url=http://127.0.0.1:$s3_port

s3() { # PATH CURL-OPTIONS...: a signed request
    local path=$1
    shift
    curl -sf --aws-sigv4 aws:amz:us-east-1:s3 --user key:secret "$@" "$s3_url/$path"
}

# Requests of METHOD after the next AFTER fail, TIMES of them (-1: all); without arguments, none. Says how many failed.
s3_faults() { # [METHOD AFTER TIMES]
    curl -sf -X POST "$s3_url/-fail?method=${1:-}&after=${2:-0}&times=${3:-0}"
}

s3_names() { # PREFIX
    s3 "models?list-type=2&prefix=$1" | grep -o '<Key>[^<]*' | cut -c 6-
}

s3_fetch() { # PREFIX DIRECTORY
    rm -rf "$2"
    mkdir -p "$2"
    for name in $(s3_names "$1/" | grep -v amalgam-parts); do
        s3 "models/$name" -o "$2/${name##*/}"
    done
}

s3_same() { # NAME ONE PREFIX [DETAIL]
    s3_fetch "$3" "$work/fetched"
    same "$1" "$2" "$work/fetched" "${4:-}"
}

s3_no_model() { # NAME PREFIX
    if [ "$code" -eq 0 ] || s3_names "$2/" | grep -q 'index.json$'; then
        say "$1" FAILED "exit $code: $(s3_names "$2/" | tr '\n' ' ')"
    else
        say "$1" ok "no index, exit $code: $(sed -n 's/^amalgam: error: //p' "$work/driver.log" | cut -c 1-60)"
    fi
}

s3_start() {
    "$python" "$home/tools/spark/s3_server.py" "$s3_port" >"$work/s3.log" 2>&1 &
    daemons+=($!)
    await s3_faults >/dev/null
    s3 models -X PUT
    for model in "$base" "$one" "$two"; do
        for file in "$model"/*; do
            s3 "models/in/$(basename "$model")/$(basename "$file")" -T "$file" >/dev/null
        done
    done
    sed "s:$models:s3a\://models/in:" "$work/ties.yml" >"$work/s3.yml"
    local setting
    for setting in "endpoint=$s3_url" path.style.access=true access.key=key secret.key=secret endpoint.region=us-east-1 \
        attempts.maximum=2 retry.limit=2 retry.throttle.limit=2 retry.throttle.interval=100ms retry.interval=100ms; do
        extra="$extra --conf spark.hadoop.fs.s3a.$setting"
    done
    extra="$extra --conf spark.driver.extraClassPath=$AMALGAM_S3_JARS/* --conf spark.executor.extraClassPath=$AMALGAM_S3_JARS/*"
}

s3_uploads() { # OUT COUNT: whether so many parts have been uploaded
    [ "$(s3_names "$1/" | grep -c 'part.json$')" -ge "$2" ]
}

s3_checks() {
    submit_to 'local[2]' "$work/s3.yml" s3a://models/local --shard-bytes $shard
    finish
    s3_same "S3: models and output, local[2]" "$work/ties" local
    submit "$work/s3.yml" s3a://models/cluster --shard-bytes $shard
    finish
    s3_same "S3: models and output, cluster" "$work/ties" cluster

    s3_faults PUT 3 3 >/dev/null
    submit "$work/s3.yml" s3a://models/short --shard-bytes $shard
    finish
    s3_same "S3: it fails for a short time" "$work/ties" short "$(s3_faults) requests answered with 503"

    s3_faults GET 20 -1 >/dev/null
    submit "$work/s3.yml" s3a://models/reading --shard-bytes $shard
    finish
    s3_faults >/dev/null
    s3_no_model "S3: away while models are read" reading

    # Parts are uploaded with their reports; then a mark, moves to the files' places, and the small files with the index last.
    local after files=$(ls "$work"/ties/*.safetensors | wc -l)
    local parts=$((files < 6 ? files : 6))
    for after in $files $((files + parts + 3)) $((2 * files + parts + 3)); do
        s3_faults PUT $after -1 >/dev/null
        submit "$work/s3.yml" s3a://models/away-$after --shard-bytes $shard
        finish
        s3_faults >/dev/null
        s3_no_model "S3: away after $after writes" away-$after
        submit "$work/s3.yml" s3a://models/away-$after --shard-bytes $shard
        finish
        s3_same "S3: submitted again" "$work/ties" away-$after "$(taken_over)"
    done

    submit "$work/s3.yml" s3a://models/killed --shard-bytes $shard
    await s3_uploads killed 2
    kill_driver
    s3_no_model "S3: the driver killed" killed
    sleep 5
    submit "$work/s3.yml" s3a://models/killed --shard-bytes $shard
    finish
    s3_same "S3: submitted again" "$work/ties" killed "$(taken_over)"

    submit "$work/s3.yml" s3a://models/killed --shard-bytes $shard --overwrite
    finish
    s3_same "S3: replaced" "$work/ties" killed
}
